// Generated from openapi.yaml by `npm run codegen`. Do not edit.
export interface paths {
    "/v1/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Monitors
         * @description All monitors of the account, in one reply: neither client sends or reads paging. Known from the clients' code alone [O8], [O9].
         */
        get: operations["listMonitors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{monitor_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Monitor
         * @description One monitor [O7].
         */
        get: operations["getMonitor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{monitor_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Monitor Events
         * @description The snapshots of the monitor [O3], newest first [O8]. An event here is the snapshot of one run; what a run logs is an AgentLogEvent.
         */
        get: operations["listMonitorEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
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
        MonitorList: {
            monitors?: components["schemas"]["Monitor"][];
            count?: number;
        };
        /** @description As [O7] and [O10] have it; what is older names its source. */
        Monitor: {
            id?: string;
            /** @description What `id` was called before [O5]. */
            monitor_id?: string;
            /** @description Always `monitor`. */
            object?: string;
            query?: string;
            /** @description A MonitorStatus. Any text is accepted, as the list has grown before. */
            status?: string;
            /** @description There when `status` is `failed`. */
            error_message?: string | null;
            tracked?: components["schemas"]["MonitorTracked"];
            source_policy?: components["schemas"]["MonitorSourcePolicy"];
            schedule?: components["schemas"]["MonitorSchedule"];
            notification?: components["schemas"]["MonitorNotification"];
            webhook?: components["schemas"]["MonitorWebhook"];
            output_schema?: {
                [key: string]: unknown;
            } | null;
            /** @description At most 50 keys, 500 characters each [O8]. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            last_run?: components["schemas"]["MonitorLastRun"];
            agent?: components["schemas"]["MonitorAgent"];
            /** @description Unix seconds. Older generations mix these names with the next two, and their forms [O5], [O6]. */
            created?: number | string;
            /** @description Likewise. */
            updated?: number | string;
            /** @description What `created` was called before [O5], [O6]. */
            created_at?: number | string;
            /** @description What `updated` was called before [O5], [O6]. */
            updated_at?: number | string;
            /** @description How many snapshots there are. */
            total_count?: number | null;
            /** @description On request only. */
            mermaid_diagram?: string | null;
        };
        /**
         * @description The words known so far [O10].
         * @enum {string}
         */
        MonitorStatus: "provisioning" | "active" | "paused" | "failed" | "deleted";
        /** @description There once the monitor is planned. */
        MonitorTracked: {
            type?: string;
            urls?: string[];
            web_query?: string | null;
        } | null;
        MonitorSourcePolicy: {
            include_urls?: string[];
            exclude_urls?: string[];
            include_domains?: string[];
            exclude_domains?: string[];
        } | null;
        MonitorSchedule: {
            frequency?: string;
            cron?: string;
            /** @description Always `UTC`. */
            timezone?: string;
            /** Format: date-time */
            next_run_at?: string | null;
        } | null;
        MonitorNotification: {
            /** @description `changed`, `first_snapshot` [O8]. */
            events?: string[];
            channels?: components["schemas"]["MonitorNotificationChannel"][];
        } | null;
        MonitorNotificationChannel: {
            /** @description `email`, `slack`, `sms` [O8]. */
            type?: string;
            target?: string;
            events?: string[];
        };
        /** @description Its calls aren't signed [O8]. */
        MonitorWebhook: {
            url?: string;
        } | null;
        /** @description In the reply for a single monitor [O7]; the CLI expects it in the list too [O9]. */
        MonitorLastRun: {
            id?: string;
            /** @description `completed` is the one known word; the list is not documented. */
            status?: string;
            change_detected?: boolean;
            /** Format: date-time */
            ran_at?: string;
        } | null;
        MonitorAgent: {
            id?: string;
        } | null;
        MonitorEventPage: {
            data?: components["schemas"]["MonitorEvent"][];
            has_more?: boolean;
            next_cursor?: string | null;
            total_count?: number;
        };
        /** @description The snapshot of one run. The client types allow null in the last three [O9]. */
        MonitorEvent: {
            /** @description Of the event; in a test of the CLI it is a `run_…`, and `run_id` is missing [O9]. */
            id?: string;
            run_id?: string;
            /** @description Unix seconds. */
            created?: number;
            changed?: boolean | null;
            summary?: string | null;
            snapshot_url?: string | null;
        };
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
    listMonitors: {
        parameters: {
            query?: {
                include_deleted?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitors. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorList"];
                };
            };
            /** @description Invalid API key. */
            401: {
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
    getMonitor: {
        parameters: {
            query?: {
                /** @description Whether `total_count` is worked out, which costs a query; by default it is. */
                include_total_count?: "true" | "false" | "0" | "1";
                /** @description Whether `mermaid_diagram` is in the reply. The hyphen is Olostep's. */
                "include-diagram"?: "true" | "1";
            };
            header?: never;
            path: {
                monitor_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitor. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            /** @description Invalid monitor_id. */
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
    listMonitorEvents: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                monitor_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of snapshots. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorEventPage"];
                };
            };
            /** @description Invalid monitor_id or limit. */
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
