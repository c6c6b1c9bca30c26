/** From an upstream's answer to a run, as every contender that understands answers has it. */
import type { MonitorRunKey } from '../../src/generated/types.ts';
import type { DatafoldBody, OlostepBody } from '../upstream/runs.ts';

type LogEvent = NonNullable<OlostepBody['events']>[number];

const readings: Readonly<Record<string, readonly [phase: string, outcome: string | null]>> = {
  created: ['PENDING', null],
  queued: ['PENDING', null],
  checking: ['RUNNING', null],
  ok: ['FINISHED', 'PASSED'],
  alert: ['FINISHED', 'FINDING'],
  error: ['FINISHED', 'ERRORED'],
  learning: ['FINISHED', 'LEARNING'],
  skipped: ['FINISHED', 'SKIPPED'],
  cancelled: ['FINISHED', 'CANCELLED'],
};

export function toDatafoldRun(key: MonitorRunKey, body: DatafoldBody) {
  const [phase, outcome] = readings[body.state] ?? ['UNKNOWN', null];
  return {
    __typename: 'DatafoldRun',
    id: toId(key),
    ...key,
    phase,
    outcome,
    startedAt: body.started_at == null ? null : new Date(body.started_at).toISOString(),
    state: body.state.toUpperCase(),
    rawState: body.state,
    diffId: body.diff_id == null ? null : String(body.diff_id),
    error: body.error ?? null,
    warnings: body.warnings,
  };
}

/** Cheap alone: what is read from the log is in separate functions, for those that need it. */
export function toOlostepRun(key: MonitorRunKey, body: OlostepBody) {
  return {
    __typename: 'OlostepRun',
    id: toId(key),
    ...key,
    snapshot: body.snapshot ?? null,
    logGroup: body.log_group ?? null,
    log: body.events ?? [],
  };
}

export function toLogEvent({ id, ts, ingestion_ts, stream, message, event }: LogEvent) {
  return {
    id,
    timestamp: ts === undefined ? null : new Date(ts).toISOString(),
    ingestedAt: ingestion_ts === undefined ? null : new Date(ingestion_ts).toISOString(),
    stream,
    message,
    kind: typeof event?.event === 'string' ? event.event : null,
    event: event ?? null,
  };
}

/** A page of the log. A cursor is the place of its event, and the event's id. */
export function toLogPage(log: readonly LogEvent[], first: number, after?: string) {
  const start = after === undefined ? 0 : JSON.parse(Buffer.from(after, 'base64url').toString())[0] + 1;
  const nodes = log.slice(start, start + first).map(toLogEvent);
  const last = start + nodes.length - 1;
  const endCursor = Buffer.from(JSON.stringify([last, log[last]?.id ?? null])).toString('base64url');
  return { totalCount: log.length, pageInfo: { hasNextPage: last + 1 < log.length, endCursor }, nodes };
}

export type OlostepRun = ReturnType<typeof toOlostepRun>;

export function phaseOf({ snapshot, log }: OlostepRun): string {
  if (snapshot !== null || endOf(log) !== undefined) return 'FINISHED';
  return log.length > 0 ? 'RUNNING' : 'UNKNOWN';
}

export function startOf({ log }: OlostepRun): string | null {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { ts } of log) if (ts !== undefined && ts < earliest) earliest = ts;
  return Number.isFinite(earliest) ? new Date(earliest).toISOString() : null;
}

export function finishOf({ log }: OlostepRun): string | null {
  const ts = endOf(log)?.ts;
  return ts === undefined ? null : new Date(ts).toISOString();
}

const endOf = (log: readonly LogEvent[]) => log.find(({ event }) => event?.event === 'run_complete');
const toId = ({ provider, monitorId, runId }: MonitorRunKey) => `${provider}:${monitorId}:${runId}`;
