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
         * @description The snapshots of the monitor [O3]. No page names their order; clients take them for newest first [O8], [O9], [O13]. An event here is the snapshot of one run; what a run logs is an AgentLogEvent.
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
    "/v1/monitors/{monitor_id}/planning": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Monitor Planning
         * @description The workflow specification of the monitor's agent [O4]. Not consumed: `dag`, of which no shape is documented.
         */
        get: operations["getMonitorPlanning"];
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
        /** @description As [O7] and [O10] have it; what is older names its source. Not consumed of older answers, as nothing in ours stands for them: `team_id`, `schedule_id`, `schedule_name` [O5], [O6]. */
        Monitor: {
            id?: string;
            /** @description What `id` was called before [O5]. */
            monitor_id?: string;
            /** @description Always `monitor`. */
            object?: string;
            /** @description In [O5] there may be a `url` instead. */
            query?: string | null;
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
            /** @description What `schedule.frequency` was called before, where it may name a time zone [O5], [O6]. */
            frequency?: string | null;
            /** @description What `schedule.cron` was called before [O5], [O6]. */
            cron_expression?: string | null;
            /** @description The `type` of the one channel that there was before; `email`, `webhook`, `sms` [O5], [O6]. */
            notification_channel?: string | null;
            /** @description The `target` of that channel [O5], [O6]. */
            notification_target?: string | null;
            /** @description What `agent.id` was called before [O5]. */
            agent_id?: string | null;
            /** @description Of a *forward deployed agent*, the one id of an agent in [O6]; in [O13] the id of the agent ends in it. */
            fda_id?: string | null;
            /** @description The page to monitor, beside a `query` or instead of it [O5]. */
            url?: string | null;
            /** @description Unix seconds. Older generations mix these names with the next two, and their forms [O5], [O6]. */
            created?: (number | null) | string;
            /** @description Likewise. */
            updated?: (number | null) | string;
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
            type?: string | null;
            urls?: string[] | null;
            web_query?: string | null;
        } | null;
        MonitorSourcePolicy: {
            include_urls?: string[] | null;
            exclude_urls?: string[] | null;
            include_domains?: string[] | null;
            exclude_domains?: string[] | null;
        } | null;
        MonitorSchedule: {
            frequency?: string | null;
            /** @description Six fields in every documented value, as `0 * * * ? *` [O5], [O6], [O9], [O13]. */
            cron?: string | null;
            /** @description Always `UTC`. */
            timezone?: string | null;
            /** Format: date-time */
            next_run_at?: string | null;
        } | null;
        MonitorNotification: {
            /** @description `changed`, `first_snapshot` [O8]. */
            events?: string[] | null;
            channels?: components["schemas"]["MonitorNotificationChannel"][] | null;
        } | null;
        MonitorNotificationChannel: {
            /** @description `email`, `slack`, `sms` [O8]. */
            type?: string;
            /** @description An e-mail address, the URL of a Slack webhook, which is a secret, or a phone number as E.164 has it [O8]. */
            target?: string;
            events?: string[] | null;
        };
        /** @description Its calls aren't signed [O8]. */
        MonitorWebhook: {
            url?: string;
        } | null;
        /** @description In the reply for a single monitor [O7]; clients expect it in the list too [O8], [O9], and tests have null there [O13]. */
        MonitorLastRun: {
            id?: string;
            /** @description `completed` [O7] and `failed` [O13] are the known words; no page lists them. */
            status?: string;
            change_detected?: boolean;
            /** Format: date-time */
            ran_at?: string | null;
        } | null;
        MonitorAgent: {
            id?: string | null;
        } | null;
        MonitorPlanning: {
            spec?: components["schemas"]["MonitorPlanningSpec"];
        };
        /** @description The stored copy of the page ends within it, so that it may have more members [O4]. */
        MonitorPlanningSpec: ({
            /** @description No format is documented. */
            saved_at?: string | null;
            status?: string | null;
            goal?: string | null;
        } & {
            [key: string]: unknown;
        }) | null;
        MonitorEventPage: {
            data?: components["schemas"]["MonitorEvent"][];
            has_more?: boolean;
            next_cursor?: string | null;
            /** @description Missing on older pages [O5], and null at times [O9], [O13]. */
            total_count?: number | null;
        };
        /** @description The snapshot of one run. */
        MonitorEvent: {
            /** @description Of the event; in tests it is a `run_…` [O9], [O13], and `run_id` is missing in one of them [O9]. */
            id?: string;
            run_id?: string | null;
            /** @description Unix seconds. */
            created?: number | null;
            /**
             * Format: date-time
             * @description In the type of one client alone [O9].
             */
            ran_at?: string | null;
            changed?: boolean | null;
            summary?: string | null;
            /** @description Signed in advance [O13], so that it is enough to read the snapshot, for a time that isn't documented. */
            snapshot_url?: string | null;
        };
        MonitorRun: {
            monitor_id?: string;
            run_id?: string;
            /** @description Metadata of the snapshot; which isn't documented. */
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
    responses: {
        /** @description Credits are used up, where the body has `usage_limit_reached` true [O12] or `code` `credits_exhausted` [O14]; otherwise the API key is invalid [O12], [O14]. */
        PaymentRequired: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description No such route, where the gateway in front says `Invalid key=value pair` with the header `x-amzn-errortype` `IncompleteSignatureException` [O12]; otherwise a feature that the account may not use [O12], [O14]. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The rate limit is exceeded [O14]. Neither the limit nor a header that tells when to come back is documented. */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The service is busy for the moment, with `max_capacity_reached` in the body [O12], [O14]. */
        AtCapacity: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The answer took too long [O14], or the network inside failed, which may pass [O12]. */
        Late: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
    };
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
            402: components["responses"]["PaymentRequired"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            501: components["responses"]["AtCapacity"];
            504: components["responses"]["Late"];
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
            402: components["responses"]["PaymentRequired"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            501: components["responses"]["AtCapacity"];
            504: components["responses"]["Late"];
        };
    };
    listMonitorEvents: {
        parameters: {
            query?: {
                /** @description What more or less than that is answered with isn't documented. */
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
            402: components["responses"]["PaymentRequired"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            501: components["responses"]["AtCapacity"];
            504: components["responses"]["Late"];
        };
    };
    getMonitorPlanning: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                monitor_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Planning artifacts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorPlanning"];
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
            402: components["responses"]["PaymentRequired"];
            403: components["responses"]["Forbidden"];
            /** @description Monitor not found or monitor has no agent yet. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: components["responses"]["TooManyRequests"];
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            501: components["responses"]["AtCapacity"];
            504: components["responses"]["Late"];
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
            402: components["responses"]["PaymentRequired"];
            403: components["responses"]["Forbidden"];
            /** @description Monitor not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: components["responses"]["TooManyRequests"];
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            501: components["responses"]["AtCapacity"];
            504: components["responses"]["Late"];
        };
    };
}
