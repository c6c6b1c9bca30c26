/** From Olostep's answer to a run. */
import type { ProviderError } from '../../core/errors.ts';
import { once } from '../../core/once.ts';
import type { MonitorRunKey, OlostepRun, OlostepRunEventsArgs } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import { identifyRun } from '../global-id.ts';
import type { Field, FieldContext, ReadLimits, RowHint, RunFields, RunReading } from '../provider.ts';
import { createReader, toFreeForm, toLargeField } from '../response-reader.ts';
import { Log } from './agent-log.ts';
import { runComplete } from './agent-log-event.ts';
import { toLogPage } from './agent-log-page.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';
import { type SnapshotFields, toOutcome, toSnapshotFields } from './snapshot-row.ts';
import { toTime } from './time.ts';

const readField = createReader<components['schemas']['MonitorRun']>('OLOSTEP', MonitorRun);

/** A run with what its own record tells of its row in the events page. */
export type DetailedRun = RunFields<OlostepRun> & { toRowHint(): RowHint };

/** How much earlier than the first line of a run's log its snapshot may be dated: lines may be lost, and clocks differ. */
const rowMarginMs = 60 * 60_000;

/**
 * The run in an answer. Its ids are those of the key, which the answer was held against before. Olostep states neither
 * status nor times of a run: they are derived here, once they are selected, from its log and its snapshot, and from its row in
 * the events page. What only the row says is read from there, so that no field depends on what else is selected.
 */
export function toOlostepRun(key: MonitorRunKey, body: Body, reading: RunReading): DetailedRun {
  const readLog = once(() => toLog(body, reading.limits));
  const log = (): Log => {
    const found = readLog();
    return found === null || found instanceof Error ? emptyLog : found;
  };
  // A word is looked for at less cost than a log is read.
  const isComplete = () => body.mayHold(runComplete) && log().findEnd() !== undefined;
  const isFinished = once(() => body.isObject('snapshot') || isComplete());
  /** What is read from the log fails as the log does. */
  const fromLog = <Value>(derive: () => Value) => {
    const found = readLog();
    return found instanceof Error ? found : derive();
  };
  const loadRow = ({ runs }: FieldContext) => runs.loadListRow(key, reading.isStale);
  const fromRow =
    <Name extends keyof SnapshotFields>(name: Name): Field<OlostepRun[Name]> =>
    async (_args: never, context: FieldContext) => {
      const row = await loadRow(context);
      return (row && toSnapshotFields(row)[name]()) as never;
    };
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    phase: (_args: unknown, context: FieldContext) =>
      isFinished() ? 'FINISHED' : loadRow(context).then((row) => (row ? 'FINISHED' : toOwnPhase(log()))),
    async outcome(_args: unknown, context: FieldContext) {
      const row = await loadRow(context);
      if (row !== null) return toOutcome(row);
      return isFinished() ? 'UNKNOWN' : null;
    },
    startedAt: once(() => fromLog(() => toTime(log().findStart()))),
    finishedAt: once(() => fromLog(() => toEnd(log()))),
    snapshot: (_args: unknown, context: FieldContext) => toFreeForm('OLOSTEP', readField(body, 'snapshot'), context),
    changed: fromRow('changed'),
    summary: fromRow('summary'),
    snapshotUrl: fromRow('snapshotUrl'),
    snapshotAt: fromRow('snapshotAt'),
    logGroup: () => readField(body, 'log_group'),
    events: (args: OlostepRunEventsArgs, { costBudget }: FieldContext) => {
      const found = readLog();
      // An answer without a log has no page of it; one that can't be read has the reason in its place.
      return found === null || found instanceof Error ? found : toLogPage(found, args, costBudget);
    },
    toRowHint() {
      // A snapshot has a row somewhere. Without one the run may have ended without, or go on.
      const start = body.isObject('snapshot') ? null : log().findStart();
      return { isFinished: isFinished(), earliest: typeof start === 'number' ? start - rowMarginMs : undefined };
    },
  };
}

const emptyLog = new Log([]);

/** The log, its events unread: each is held against the document where it is selected. */
function toLog(body: Body, { maxLogEvents }: ReadLimits): Log | null | ProviderError {
  const events = body.items('events') ?? readField(body, 'events');
  if (events === null || events instanceof Error) return events;
  return events.length > maxLogEvents ? toLargeField('OLOSTEP') : new Log(events);
}

/** Of a run without an end, a snapshot or a row. Nothing tells one that hasn't begun from one that failed early. */
const toOwnPhase = (log: Log) => (log.length > 0 ? 'RUNNING' : 'UNKNOWN');

function toEnd(log: Log) {
  const place = log.findEnd();
  return place === undefined ? null : toTime(log.timeAt(place));
}
