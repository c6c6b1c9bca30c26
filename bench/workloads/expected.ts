/** What a right answer says: worked out here once more, so that no contender is its own judge. */
import type { DatafoldBody, OlostepBody, Run } from '../upstream/runs.ts';

const toIso = (milliseconds: number) => new Date(milliseconds).toISOString();

/** Which run it is. */
export function toIdentity({ key: { provider, monitorId, runId } }: Run) {
  return { id: `${provider}:${monitorId}:${runId}`, monitorId, runId };
}

/** Five fields of a run of Datafold's. */
export function toSummary({ key, body }: Run<DatafoldBody>) {
  return {
    id: `DATAFOLD:${key.monitorId}:${key.runId}`,
    phase: 'FINISHED',
    outcome: body.state === 'ok' ? 'PASSED' : 'FINDING',
    startedAt: body.started_at,
    state: body.state === 'ok' ? 'OK' : 'ALERT',
  };
}

/** All that Olostep's response for a run has, but its log. */
export function toDetail({ key, body: { snapshot, log_group, events = [] } }: Run<OlostepBody>) {
  return {
    id: `OLOSTEP:${key.monitorId}:${key.runId}`,
    phase: 'FINISHED',
    startedAt: toIso(Math.min(...events.map(({ ts }) => ts ?? Number.NaN))),
    finishedAt: toIso(events.at(-1)?.ts ?? Number.NaN),
    snapshot,
    logGroup: log_group,
  };
}

/** Its log. */
export function toLog({ body: { events = [] } }: Run<OlostepBody>) {
  return events.map(({ id, ts = Number.NaN, ingestion_ts = Number.NaN, stream, message, event }) => ({
    id,
    timestamp: toIso(ts),
    ingestedAt: toIso(ingestion_ts),
    stream,
    message,
    kind: event?.event,
    event,
  }));
}
