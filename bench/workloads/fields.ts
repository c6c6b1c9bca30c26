/** What is selected of a run: on our graph, and on one that a gateway generates from our OpenAPI documents. */
import type { DatafoldBody, OlostepBody, Run } from '../upstream/runs.ts';

/** The names by which documents select a run. */
export const idsOf = ({ key: { monitorId, runId } }: Run) => ({ monitorId, runId });

/** Five fields of a run of Datafold's. */
export const summary = `id
    phase
    outcome
    startedAt
    state`;

/** All fields that Olostep's response for a run has, but its log. How it ended is on the events page alone, another call. */
export const detail = `id
    phase
    startedAt
    finishedAt
    snapshot
    logGroup`;

/** All fields of an event. */
export const logEvent = `id
        timestamp
        ingestedAt
        stream
        message
        kind
        event`;

/** Five fields, as Datafold has them. */
export const rawSummary = `... on datafold_MonitorRun {
      run_id
      monitor_id
      state
      started_at
      diff_id
    }`;

export const toRawSummary = ({ body: { run_id, monitor_id, state, started_at, diff_id } }: Run<DatafoldBody>) => ({
  ...{ run_id, monitor_id, state },
  ...{ started_at, diff_id },
});

/** All fields, as Olostep has them. */
export const rawDetail = `... on olostep_MonitorRun {
      monitor_id
      run_id
      snapshot
      log_group
      events {
        id
        ts
        ingestion_ts
        stream
        message
        event
      }
    }`;

export const toRawDetail = ({ body }: Run<OlostepBody>): object => body;
