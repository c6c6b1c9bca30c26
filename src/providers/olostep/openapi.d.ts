// Generated from openapi.yaml by `npm run codegen`. Do not edit.
export interface paths {
    "/v1/monitors/{monitor_id}/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Monitor Run
         * @description Returns snapshot metadata and parsed agent log events for a single run.
         */
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
        MonitorRun: {
            monitor_id?: string;
            run_id?: string;
            /** @description Free-form; its content is undocumented. */
            snapshot?: {
                [key: string]: unknown;
            } | null;
            /** @description The name of a CloudWatch log group. */
            log_group?: string | null;
            /** @description Without paging and without a limit of size. */
            events?: components["schemas"]["AgentLogEvent"][];
        };
        AgentLogEvent: {
            id?: string;
            /** @description CloudWatch event timestamp (ms). */
            ts?: number;
            /** @description Taken for milliseconds, like `ts`; [O1] names no unit. */
            ingestion_ts?: number;
            stream?: string;
            message?: string;
            /** @description Parsed log line (for example `work_received`, `node_start`, `run_complete`). */
            event?: {
                [key: string]: unknown;
            };
        };
        ErrorResponse: {
            error?: string;
            /** @description Present on some create/update error responses. */
            monitor_id?: string;
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
                monitor_id: string;
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Run detail. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorRun"];
                };
            };
            /** @description Invalid monitor_id or run_id. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorResponse"];
                };
            };
            /** @description Invalid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Monitor not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
