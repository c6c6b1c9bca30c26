/** The runs that the upstream has: invented, and typed by what the providers' OpenAPI documents say. */
import type { MonitorRunKey } from '../../src/generated/types.ts';
import type { components as Datafold } from '../../src/providers/datafold/openapi.d.ts';
import type { components as Olostep } from '../../src/providers/olostep/openapi.d.ts';

export type DatafoldBody = Datafold['schemas']['MonitorRun'];
export type OlostepBody = Olostep['schemas']['MonitorRun'];
type LogEvent = Olostep['schemas']['AgentLogEvent'];

/** A run, and the upstream's response to its request. */
export interface Run<Body = DatafoldBody | OlostepBody> {
  readonly key: MonitorRunKey;
  readonly path: string;
  /** Whether the upstream takes its time over it. */
  readonly isDelayed: boolean;
  readonly body: Body;
}

const start = Date.parse('2026-11-22T08:00:00.125Z');

/** One run of Datafold's. */
export const datafoldRun = toDatafoldRun(7, 42);
/** Fifty, each answered late; two of a monitor, so that a page of its runs would save no call. */
export const delayedRuns = Array.from({ length: 50 }, (_, index) => toDatafoldRun(20 + (index >> 1), index + 1, true));
/** Fifty of one monitor, each answered late. */
export const listedRuns = Array.from({ length: 50 }, (_, index) => toDatafoldRun(9, index + 1, true));
/** A hundred, each answered at once; likewise two of a monitor. */
export const promptRuns = Array.from({ length: 100 }, (_, index) => toDatafoldRun(100 + (index >> 1), index + 1));
/** One run of Olostep's, as they are by and large. */
export const olostepRun = toOlostepRun('run_k3v9c1p7zd', 5);
/** One with a log of a megabyte. */
export const largeRun = toOlostepRun('run_large', 10_000);

/** All of them. */
export const runs: readonly Run[] = [datafoldRun, ...delayedRuns, ...listedRuns, ...promptRuns, olostepRun, largeRun];

/** The page that has the runs of one monitor, as Datafold lists them: newest first, without errors and warnings. */
export const runsPage = {
  path: '/api/v1/monitors/9/runs?page=1&page_size=100',
  isDelayed: true,
  body: {
    ...{ count: listedRuns.length, page: 1, page_size: 100, total_pages: 1 },
    runs: listedRuns.toReversed().map(({ body: { error: _error, warnings: _warnings, ...row } }) => row),
  },
};

function toDatafoldRun(monitorId: number, runId: number, isDelayed = false): Run<DatafoldBody> {
  return {
    key: { provider: 'DATAFOLD', monitorId: `${monitorId}`, runId: `${runId}` },
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    isDelayed,
    body: {
      run_id: runId,
      monitor_id: monitorId,
      state: runId % 2 === 0 ? 'alert' : 'ok',
      started_at: new Date(start + runId * 1_000).toISOString(),
      diff_id: 9_000 + runId,
      error: null,
      warnings: ['Left out the column discount_code: its types differ (varchar, integer).'],
    },
  };
}

function toOlostepRun(runId: string, events: number): Run<OlostepBody> {
  const monitorId = 'monitor_n8q2x4m1ak';
  return {
    key: { provider: 'OLOSTEP', monitorId, runId },
    path: `/v1/monitors/${monitorId}/runs/${runId}`,
    isDelayed: false,
    body: {
      monitor_id: monitorId,
      run_id: runId,
      snapshot: { url: 'https://espresso.example/machines', products: [{ name: 'Lever One', price: '551.65' }] },
      log_group: 'agent-runs',
      events: Array.from({ length: events }, (_, index) => toEvent(index, index === events - 1)),
    },
  };
}

function toEvent(index: number, isLast: boolean): LogEvent {
  const ts = start + index * 10;
  return {
    id: `e${index}`,
    ts,
    ingestion_ts: ts + 7,
    stream: 's1',
    message: `Node ${index}`,
    event: { event: isLast ? 'run_complete' : 'node_start' },
  };
}
