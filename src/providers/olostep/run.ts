/** From Olostep's answer to a run. */
import { ProviderError } from '../../errors.ts';
import type { MonitorRunKey, OlostepRun, OlostepRunEventsArgs, RunPhase } from '../../generated/types.ts';
import { once } from '../../once.ts';
import type { Body } from '../../upstream/body.ts';
import { identifyRun } from '../identity.ts';
import type { FieldContext, ReadLimits, RunFields, RunReading } from '../provider.ts';
import { createReader, toFreeForm } from '../reader.ts';
import { Log, logColumns } from './log.ts';
import { runComplete } from './log-event.ts';
import { toLogPage } from './log-page.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';
import { toTime } from './time.ts';

const readField = createReader<components['schemas']['MonitorRun']>('OLOSTEP', MonitorRun);

/**
 * The run in an answer. Its ids are those of the key, which the answer was held against before. Olostep states neither
 * status nor times of a run: they are derived here, once they are selected, from its log and its snapshot.
 */
export function toOlostepRun(key: MonitorRunKey, body: Body, reading: RunReading): RunFields<OlostepRun> {
  let read: { readonly log: Log | null | ProviderError } | undefined;
  /** @param isForAll whether it is first asked for more than a few events: to make a table takes longer than to parse these */
  const readLog = (isForAll = true) => {
    read ??= { log: toLog(body, reading.limits, isForAll) };
    return read.log;
  };
  const log = (): Log => {
    const found = readLog();
    return found === null || found instanceof Error ? emptyLog : found;
  };
  // A word is looked for at less cost than a log is read.
  const isComplete = () => body.mayHold(runComplete) && log().findEnd() !== undefined;
  const phase = once(() => toPhase(body.isObject('snapshot') || isComplete(), log));
  /** What is read from the log fails as the log does. */
  const fromLog = <Value>(derive: () => Value) => {
    const found = readLog();
    return found instanceof Error ? found : derive();
  };
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    phase,
    outcome: () => (phase() === 'FINISHED' ? 'UNKNOWN' : null),
    startedAt: once(() => fromLog(() => toTime(log().findStart()))),
    finishedAt: once(() => fromLog(() => toEnd(log()))),
    snapshot: (_args: unknown, context: FieldContext) => toFreeForm('OLOSTEP', readField(body, 'snapshot'), context),
    // A row of the events page says these: `withRow`.
    changed: null,
    summary: null,
    snapshotUrl: null,
    snapshotAt: null,
    logGroup: () => readField(body, 'log_group'),
    events: (args: OlostepRunEventsArgs, { allowance }: FieldContext) => {
      const found = readLog(args.kind != null || (args.first ?? fewEvents) > fewEvents);
      // An answer without a log has no page of it; one that can't be read has the reason in its place.
      return found === null || found instanceof Error ? found : toLogPage(found, args, allowance);
    },
  };
}

const emptyLog = new Log([]);
/** As many as are parsed in less time than a table of all is made. */
const fewEvents = 100;

/** The log, its events unread: each is held against the document where it is selected. */
function toLog(
  body: Body,
  { maxEvents, maxLevels: levels }: ReadLimits,
  isForAll: boolean,
): Log | null | ProviderError {
  const asTable = isForAll ? { columns: logColumns, levels } : undefined;
  const events = body.items('events', asTable) ?? readField(body, 'events');
  if (events === null || events instanceof Error) return events;
  return events.length > maxEvents ? new ProviderError('OLOSTEP', 'UPSTREAM_RESPONSE_TOO_LARGE') : new Log(events);
}

/** Nothing tells success from failure, or a run that hasn't begun from one that failed early. */
function toPhase(isFinished: boolean, log: () => Log): RunPhase {
  if (isFinished) return 'FINISHED';
  return log().length > 0 ? 'RUNNING' : 'UNKNOWN';
}

function toEnd(log: Log) {
  const place = log.findEnd();
  return place === undefined ? null : toTime(log.timeAt(place));
}
