/** From Olostep's answer to a run. */
import { ProviderError } from '../../errors.ts';
import type { MonitorRunKey, OlostepRun, RunPhase } from '../../generated/types.ts';
import type { Body } from '../../upstream/body.ts';
import type { FieldContext, Fields } from '../provider.ts';
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
  const isComplete = once(() => log.some(isRunComplete));
  const phase = () => toPhase(hasSnapshot || isComplete(), log);
  /** What is read from the log fails as the log does. */
  const fromLog = <Value>(derive: () => Value) => (events instanceof Error ? events : derive());
  return {
    __typename: 'OlostepRun',
    ...identify(key),
    phase,
    outcome: () => (phase() === 'FINISHED' ? 'UNKNOWN' : null),
    startedAt: once(() => fromLog(() => toStart(log))),
    finishedAt: once(() => fromLog(() => toEnd(log))),
    snapshot: (_args: unknown, context: FieldContext) => toFreeForm('OLOSTEP', snapshot, context),
    logGroup: () => read(body, 'log_group'),
    // An answer without a log has no page of it; one that can't be read has the reason in its place.
    events: (args, { allowance }) => (Array.isArray(events) ? toLogPage(log, args, allowance) : fromLog(() => null)),
  };
}

function readEvents(body: Body) {
  const events = read(body, 'events');
  const isTooLong = Array.isArray(events) && events.length > mostEvents;
  return isTooLong ? new ProviderError('OLOSTEP', 'UPSTREAM_RESPONSE_TOO_LARGE') : events;
}

/** Nothing tells success from failure, or a run that hasn't begun from one that failed early. */
function toPhase(isFinished: boolean, log: readonly unknown[]): RunPhase {
  if (isFinished) return 'FINISHED';
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
  const end = log.find(isRunComplete);
  return end === undefined ? null : readTime(end, 'ts');
}

/** Worked out when it is first asked for, and then kept: a log is long, and a run can be selected a hundred times. */
function once<Value>(find: () => Value): () => Value {
  let found: { readonly value: Value } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
