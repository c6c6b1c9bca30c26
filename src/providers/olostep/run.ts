/** From Olostep's answer to a run. */
import { ProviderError } from '../../errors.ts';
import type { MonitorRunKey, OlostepRun, RunPhase } from '../../generated/types.ts';
import type { Body } from '../../upstream/body.ts';
import type { Items } from '../../upstream/items.ts';
import { identifyRun } from '../identity.ts';
import type { FieldContext, RunFields, RunReading } from '../provider.ts';
import { createReader, toFreeForm } from '../reader.ts';
import { isRunComplete, readMilliseconds, runComplete, toTime } from './log-event.ts';
import { toLogPage } from './log-page.ts';
import { once } from './once.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';

const read = createReader<components['schemas']['MonitorRun']>('OLOSTEP', MonitorRun);

/**
 * The run in an answer. Its ids are those of the key, which the answer was held against before. Olostep states neither
 * status nor times of a run: they are derived here, once they are selected, from its log and its snapshot.
 */
export function toOlostepRun(key: MonitorRunKey, body: Body, reading: RunReading): RunFields<OlostepRun> {
  const { maxEvents } = reading.limits;
  const events = once(() => readEvents(body, maxEvents));
  const log = (): Items => {
    const items = events();
    return items === null || items instanceof Error ? [] : items;
  };
  const isComplete = once(() => body.mayHold(runComplete) && log().slice().some(isRunComplete));
  const phase = once(() => toPhase(body.isObject('snapshot') || isComplete(), log));
  /** What is read from the log fails as the log does. */
  const fromLog = <Value>(derive: () => Value) => {
    const items = events();
    return items instanceof Error ? items : derive();
  };
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    phase,
    outcome: () => (phase() === 'FINISHED' ? 'UNKNOWN' : null),
    startedAt: once(() => fromLog(() => toStart(log()))),
    finishedAt: once(() => fromLog(() => toEnd(log()))),
    snapshot: (_args: unknown, context: FieldContext) => toFreeForm('OLOSTEP', read(body, 'snapshot'), context),
    // A row of the events page says these: `withRow`.
    changed: null,
    summary: null,
    snapshotUrl: null,
    snapshotAt: null,
    logGroup: () => read(body, 'log_group'),
    events: (args, { allowance }) => {
      const items = events();
      // An answer without a log has no page of it; one that can't be read has the reason in its place.
      return items === null || items instanceof Error ? items : toLogPage(items, args, allowance);
    },
  };
}

/** The log, its events unread: each is held against the document where it is selected. */
function readEvents(body: Body, maxEvents: number): Items | null | ProviderError {
  const events = body.items('events') ?? read(body, 'events');
  const isTooLong = events !== null && !(events instanceof Error) && events.length > maxEvents;
  return isTooLong ? new ProviderError('OLOSTEP', 'UPSTREAM_RESPONSE_TOO_LARGE') : events;
}

/** Nothing tells success from failure, or a run that hasn't begun from one that failed early. */
function toPhase(isFinished: boolean, log: () => Items): RunPhase {
  if (isFinished) return 'FINISHED';
  return log().length > 0 ? 'RUNNING' : 'UNKNOWN';
}

/** The earliest time in the log; Olostep doesn't promise an order. An unreadable one counts only if there is no other. */
function toStart(log: Items) {
  let earliest: ReturnType<typeof readMilliseconds> = null;
  for (const line of log.slice()) {
    const time = readMilliseconds(line);
    const isEarlier = typeof time === 'number' ? typeof earliest !== 'number' || time < earliest : earliest === null;
    if (isEarlier) earliest = time;
  }
  return toTime(earliest);
}

function toEnd(log: Items) {
  const end = log.slice().find(isRunComplete);
  return end === undefined ? null : toTime(readMilliseconds(end));
}
