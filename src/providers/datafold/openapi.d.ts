// Generated from openapi.yaml by `npm run codegen`. Do not edit.
export interface paths {
    "/api/v1/monitors/{id}/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get Monitor Run */
        get: operations["getMonitorRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description ApiPublicMonitorRunResultOut of [D1]. */
        MonitorRun: {
            /** @description Unique identifier for the monitor run result. */
            run_id: number;
            /** @description Unique identifier for the associated monitor. */
            monitor_id: number;
            /** @description Current state of the monitor run result: a MonitorRunState. Any text is accepted, as the list has grown twice (cancelled, then queued). */
            state: string;
            /**
             * Format: date-time
             * @description Timestamp when the monitor run started. Whether it has an offset isn't documented.
             */
            started_at?: string | null;
            /** @description Unique identifier for the associated datadiff. */
            diff_id?: number | null;
            /** @description Error message if the run encountered an error. */
            error?: string | null;
            /** @description List of warning messages generated during the run. */
            warnings: string[];
        };
        /**
         * @description The words known so far; `queued` is from [D2], the others are in [D1].
         * @enum {string}
         */
        MonitorRunState: "ok" | "alert" | "error" | "learning" | "checking" | "created" | "queued" | "skipped" | "cancelled";
        HTTPValidationError: {
            detail?: components["schemas"]["ValidationError"][];
        };
        ValidationError: {
            loc: (string | number)[];
            msg: string;
            type: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getMonitorRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The unique identifier of the monitor associated with the run. */
                id: number;
                /** @description The unique identifier of the run to retrieve. */
                run_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorRun"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
}
