/** From Olostep's answer to a run. */
import { ProviderError } from '../../errors.ts';
import type { MonitorRunKey, OlostepRun, RunPhase } from '../../generated/types.ts';
import type { Body } from '../../upstream/body.ts';
import type { Fields } from '../provider.ts';
import { createReader, toFreeForm } from '../reader.ts';
import { identify } from '../run-key.ts';
import { isRunComplete, readTime } from './log-event.ts';
import { toLogPage } from './log-page.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';

/** The most events of a log that is read; Olostep sends it whole. */
const mostEvents = 100_000;

const read = createReader<components['schemas']['MonitorRun']>('OLOSTEP', MonitorRun);

/**
 * The run in an answer. Its ids are those of the key, which the answer was held against before. Olostep states neither
 * status nor times of a run: they are derived here, once they are selected, from its log and its snapshot.
 */
export function toOlostepRun(key: MonitorRunKey, body: Body): Fields<OlostepRun> {
  const snapshot = read(body, 'snapshot');
  const events = readEvents(body);
  const log: readonly unknown[] = Array.isArray(events) ? events : [];
  const hasSnapshot = snapshot !== null && !(snapshot instanceof Error);
  const phase = () => toPhase(log, hasSnapshot);
  /** What is read from the log fails as the log does. */
  const fromLog = <Value>(derive: () => Value) => (events instanceof Error ? events : derive());
  return {
    __typename: 'OlostepRun',
    ...identify(key),
    phase,
    outcome: () => (phase() === 'FINISHED' ? 'UNKNOWN' : null),
    startedAt: () => fromLog(() => toStart(log)),
    finishedAt: () => fromLog(() => toEnd(log)),
    snapshot: () => toFreeForm('OLOSTEP', snapshot),
    logGroup: () => read(body, 'log_group'),
    events: (args) => (Array.isArray(events) ? toLogPage(log, args) : fromLog(() => null)),
  };
}

function readEvents(body: Body) {
  const events = read(body, 'events');
  const isTooLong = Array.isArray(events) && events.length > mostEvents;
  return isTooLong ? new ProviderError('OLOSTEP', 'UPSTREAM_RESPONSE_TOO_LARGE') : events;
}

/** Nothing tells success from failure, or a run that hasn't begun from one that failed early. */
function toPhase(log: readonly unknown[], hasSnapshot: boolean): RunPhase {
  if (hasSnapshot || log.some(isRunComplete)) return 'FINISHED';
  return log.length > 0 ? 'RUNNING' : 'UNKNOWN';
}

/** The earliest time in the log; Olostep doesn't promise an order. An unreadable one counts only if there is no other. */
function toStart(log: readonly unknown[]) {
  let earliest: ReturnType<typeof readTime> = null;
  for (const line of log) {
    const time = readTime(line, 'ts');
    if (typeof time === 'string' ? typeof earliest !== 'string' || time < earliest : earliest === null) earliest = time;
  }
  return earliest;
}

function toEnd(log: readonly unknown[]) {
  const last = log.find(isRunComplete);
  return last === undefined ? null : readTime(last, 'ts');
}
