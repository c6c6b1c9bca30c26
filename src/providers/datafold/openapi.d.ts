// Generated from openapi.yaml by `npm run codegen`. Do not edit.
export interface paths {
    "/api/v1/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Monitors */
        get: operations["listMonitors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get Monitor */
        get: operations["getMonitor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Monitor Runs */
        get: operations["listMonitorRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
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
    "/api/v1/datadiffs/{datadiff_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a data diff */
        get: operations["getDataDiff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datadiffs/{datadiff_id}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a human-readable summary of a DataDiff comparison */
        get: operations["getDataDiffSummary"];
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
         * @description The words known so far; `queued` is from [D2], the others are in [D1]. No document says what any of them means.
         * @enum {string}
         */
        MonitorRunState: "ok" | "alert" | "error" | "learning" | "checking" | "created" | "queued" | "skipped" | "cancelled";
        /** @description A page of a monitor's runs. [D2], [D3] */
        ListRuns: {
            /** @description How many runs there are on all pages. */
            count: number;
            page: number;
            /** @description How many runs a page has. Trusted more than what was requested, as the greatest isn't documented. */
            page_size: number;
            total_pages: number;
            runs: components["schemas"]["ListedRun"][];
        };
        /** @description ApiPublicMonitorRunOut of [D2], [D3]; without `error` and `warnings`. A run may have no `started_at`, and no `state`. */
        ListedRun: {
            run_id: number;
            monitor_id: number;
            /** @description A MonitorRunState; any text is accepted, as in MonitorRun. */
            state?: string | null;
            /** Format: date-time */
            started_at?: string | null;
            diff_id?: number | null;
        };
        /** @description A page of all monitors. [D2] */
        ListMonitors: {
            /** @description How many monitors there are on all pages. */
            count: number;
            page: number;
            page_size: number;
            total_pages: number;
            monitors: components["schemas"]["ListedMonitor"][];
        };
        /** @description A monitor in a list. [D2] */
        ListedMonitor: {
            id: number;
            name: string | null;
            /** @description A MonitorType. Any text is accepted, as lists of words grow. */
            monitor_type: string | null;
            enabled: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            modified_at: string;
            /**
             * Format: date-time
             * @description When the monitor ran last; not which run that was.
             */
            last_run?: string | null;
            /** Format: date-time */
            last_alert?: string | null;
            /** @description A MonitorRunState; any text is accepted, as in MonitorRun. */
            state?: string | null;
            tags?: string[] | null;
            /** @description An e-mail address. Newer specifications alone have it. */
            owner?: string | null;
        };
        /** @description A single monitor. [D2] */
        MonitorFull: {
            id: number;
            name: string | null;
            /** @description A MonitorType. Any text is accepted, as lists of words grow. */
            monitor_type: string | null;
            enabled: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            modified_at: string;
            /**
             * Format: date-time
             * @description When the monitor ran last; not which run that was.
             */
            last_run?: string | null;
            /** Format: date-time */
            last_alert?: string | null;
            /** @description A MonitorRunState; any text is accepted, as in MonitorRun. */
            state?: string | null;
            tags?: string[] | null;
            /** @description An e-mail address. Newer specifications alone have it. */
            owner?: string | null;
            description?: string | null;
            /** @description Told apart by its keys, as an interval has no `type` at its top, and the others may have none. */
            schedule: components["schemas"]["IntervalSchedule"] | components["schemas"]["CrontabSchedule"] | components["schemas"]["NoSchedule"];
            dataset?: components["schemas"]["MonitorDataset"][];
            /** @description Told apart by its `type`. */
            alert?: ((components["schemas"]["DiffAlert"] | components["schemas"]["AutomaticAlert"] | components["schemas"]["AbsoluteAlert"] | components["schemas"]["PercentageAlert"] | null) | null) | components["schemas"]["DiffAlert"] | components["schemas"]["AutomaticAlert"] | components["schemas"]["AbsoluteAlert"] | components["schemas"]["PercentageAlert"] | null;
            /** @description Told apart by their `type`; see EmailNotification for those without. */
            notifications?: (components["schemas"]["EmailNotification"] | components["schemas"]["PagerdutyNotification"] | components["schemas"]["WebhookNotification"] | components["schemas"]["SlackNotification"] | components["schemas"]["TeamsNotification"])[];
        };
        /** @description ApiDataDiffWithProgressState of [D2], as far as it is consumed. Its required members (the datasets, the key columns and the kind) aren't. */
        DataDiff: {
            id?: number | null;
            /** @description A DataDiffStatus. Any text is accepted, as lists of words grow. */
            status?: string | null;
            /** @default false */
            done: boolean | null;
            /** @description A DataDiffResult. Any text is accepted, as lists of words grow. */
            result?: string | null;
            /** Format: date-time */
            finished_at?: string | null;
            diff_stats?: components["schemas"]["DataDiffStats"] | null;
            diff_progress?: components["schemas"]["DataDiffProgress"] | null;
        };
        /**
         * @description JobStatus of [D2]. What the words mean isn't documented.
         * @enum {string}
         */
        DataDiffStatus: "needs_confirmation" | "needs_authentication" | "waiting" | "queued" | "processing" | "done" | "failed" | "cancelled";
        /**
         * @description The words known so far. [D2]
         * @enum {string}
         */
        DataDiffResult: "error" | "bad-pks" | "different" | "missing-pks" | "identical" | "empty";
        /** @description DiffStats of [D2], as far as it is consumed. None of its members has a description, so their units aren't documented. */
        DataDiffStats: {
            match_ratio?: number | null;
            rows_added?: number | null;
            rows_removed?: number | null;
            diff_rows_count?: number | null;
        };
        /** @description DiffProgress of [D2], as far as it is consumed. */
        DataDiffProgress: {
            completed_steps?: number | null;
            total_steps?: number | null;
        };
        /** @description ApiDataDiffSummary of [D2], as far as it is consumed. */
        DataDiffSummary: {
            id: number;
            /** @description A DataDiffStatus; any text is accepted, as in DataDiff. */
            status: string;
            /** @description Human-readable feedback that explains the differences found. */
            feedback?: string | null;
        };
        /**
         * @description The words known so far. [D2]
         * @enum {string}
         */
        MonitorType: "diff" | "metric" | "schema" | "test";
        IntervalSchedule: {
            interval: components["schemas"]["HourlyInterval"] | components["schemas"]["DailyInterval"];
        };
        HourlyInterval: {
            /** @description `hour`. */
            every: string;
            /** @description `hourly`, which is also the default. */
            type?: string;
        };
        DailyInterval: {
            /** @description `day`. */
            every: string;
            /** @description `daily`, which is also the default. */
            type?: string;
            /** @description The hour at which the monitor should trigger (0 to 23). */
            hour?: number | null;
            /** @description The UTC time at which the monitor should trigger, in [D2] of format `time`. */
            utc_at?: string | null;
        };
        CrontabSchedule: {
            cron: string;
            /** @description `crontab`, which is also the default. */
            type?: string;
        };
        /** @description An object without any member is one, too. */
        NoSchedule: {
            /** @description `none`, which is also the default. */
            type?: string;
        };
        MonitorDataset: {
            connection_id: number;
            table?: string | null;
            column?: string | null;
            filter?: string | null;
            metric?: string | null;
            query?: string | null;
        };
        DiffAlert: {
            /** @description `diff`. */
            type: string;
            /** @description Threshold for the number of different rows allowed: as many still pass. In [D2] an integer; any number is accepted. */
            different_rows_count?: number | null;
            /** @description Threshold for the percentage of different rows allowed: as many still pass. In [D2] an integer; any number is accepted. */
            different_rows_percent?: number | null;
            /** @description Alert when the match ratio, from 0 to 1, is below it. Newer specifications alone have it. */
            match_ratio_min?: number | null;
        };
        AutomaticAlert: {
            /** @description `automatic`. */
            type: string;
            /** @description From 0 to 100. */
            sensitivity: number;
        };
        AbsoluteAlert: {
            /** @description `absolute`. */
            type: string;
            min?: number | null;
            max?: number | null;
        };
        PercentageAlert: {
            /** @description `percentage`. */
            type: string;
            /** @description Threshold for the allowable increase in percent. */
            increase?: number | null;
            /** @description Threshold for the allowable decrease in percent. */
            decrease?: number | null;
        };
        /** @description Each kind of notification names its own `type` as the default. One without is therefore an e-mail if it has `recipients`; the others can't be distinguished by their fields. */
        EmailNotification: {
            /** @description `email`, which is also the default. */
            type?: string;
            recipients: string[];
            /** @description `attach_csv`, `notify_first_triggered_only`, `disable_recovery_notifications`, `notify_every_run`; any text is accepted. */
            features?: string[] | null;
        };
        PagerdutyNotification: {
            /** @description `pagerduty`, which is also the default. */
            type?: string;
            integration: number;
            /** @description `attach_csv`, `notify_first_triggered_only`, `disable_recovery_notifications`, `notify_every_run`; any text is accepted. */
            features?: string[] | null;
        };
        WebhookNotification: {
            /** @description `webhook`, which is also the default. */
            type?: string;
            integration: number;
            /** @description `attach_csv`, `notify_first_triggered_only`, `disable_recovery_notifications`, `notify_every_run`; any text is accepted. */
            features?: string[] | null;
        };
        SlackNotification: {
            /** @description `slack`, which is also the default. */
            type?: string;
            integration: number;
            channel: string;
            mentions?: string[];
            /** @description `attach_csv`, `notify_first_triggered_only`, `disable_recovery_notifications`, `notify_every_run`; any text is accepted. */
            features?: string[] | null;
        };
        TeamsNotification: {
            /** @description `teams`, which is also the default. */
            type?: string;
            integration: number;
            channel: string;
            mentions?: string[];
            /** @description `attach_csv`, `notify_first_triggered_only`, `disable_recovery_notifications`, `notify_every_run`; any text is accepted. */
            features?: string[] | null;
        };
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
    listMonitors: {
        parameters: {
            query?: {
                /** @description The page, from 1 on. */
                page?: number;
                /** @description How many monitors a page has. */
                page_size?: number;
                /** @description What the list is ordered by; of [D2]'s words the one that is used. Which order it has without isn't documented. */
                order_by?: "id" | "name" | "last_triggered" | "last_run" | null;
                sort_order?: "asc" | "desc";
                /** @description Comma-separated tags to filter monitors by. Whether a monitor must have all of them or any isn't documented. */
                tags?: string | null;
            };
            header?: never;
            path?: never;
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
                    "application/json": components["schemas"]["ListMonitors"];
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
    getMonitor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The unique identifier of the monitor. */
                id: number;
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
                    "application/json": components["schemas"]["MonitorFull"];
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
    listMonitorRuns: {
        parameters: {
            query?: {
                /** @description The page, from 1 on. */
                page?: number;
                /** @description How many runs a page has. */
                page_size?: number;
                /** @description Include runs with a timestamp >= this value. Which timestamp isn't documented, nor what becomes of runs without a `started_at`. */
                start_time?: string | null;
                /** @description Include runs with a timestamp <= this value. Which timestamp isn't documented, as for `start_time`. */
                end_time?: string | null;
            };
            header?: never;
            path: {
                /** @description The unique identifier of the monitor. */
                id: number;
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
                    "application/json": components["schemas"]["ListRuns"];
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
    getDataDiff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The `diff_id` of a run. */
                datadiff_id: number;
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
                    "application/json": components["schemas"]["DataDiff"];
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
    getDataDiffSummary: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The `diff_id` of a run. */
                datadiff_id: number;
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
                    "application/json": components["schemas"]["DataDiffSummary"];
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
