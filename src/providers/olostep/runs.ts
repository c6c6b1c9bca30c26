/** Olostep's runs: how to request them, and what a response and a row say. */
import type { RunKey } from '../../core/accounts.ts';
import type { ProviderError } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import type { OlostepRun, OlostepRunEventsArgs } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { Cacheability, Field, FieldContext, Origins, ReadLimits, Run, RunFields, RunReading } from '../fields.ts';
import { identifyRun, later, namesOf, toListedFields } from '../fields.ts';
import type { RowHint, RunDefinition } from '../provider.ts';
import { createReader, inTurn, toFreeForm, toLargeField } from '../response-reader.ts';
import { Log, runComplete } from './agent-log.ts';
import { checkPageArguments, toLogPage } from './agent-log-page.ts';
import { pages, type SnapshotFields, toOutcome, toSnapshotFields, walk } from './events-page.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';
import { readPage } from './run-page.ts';
import { isMonitorId, isRunId, toTime } from './values.ts';

const readField = createReader<components['schemas']['MonitorRun']>('OLOSTEP', MonitorRun);

/** A run with what its own record tells of its row in the events page. */
type DetailedRun = RunFields<OlostepRun> & { toRowHint(): RowHint };

/** How much earlier than the first line of a run's log its snapshot may be dated: lines may be lost, and clocks differ. */
const rowMarginMs = 60 * 60_000;

/**
 * The run in an answer. Its ids are those of the key, which the answer was held against before. Olostep states neither
 * status nor times of a run: they are derived here, once they are selected, from its log and its snapshot, and from its row in
 * the events page. What only the row says is read from there, so that no field depends on what else is selected.
 */
function toOlostepRun(key: RunKey, body: Body, reading: RunReading): DetailedRun {
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
  const inOwnTurn = <Parameters extends readonly unknown[], Value>(field: (...parameters: Parameters) => Value) =>
    inTurn(body, reading.owner ?? '', field);
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    phase: inOwnTurn((_args: unknown, context: FieldContext) =>
      isFinished() ? 'FINISHED' : loadRow(context).then((row) => (row ? 'FINISHED' : toOwnPhase(log()))),
    ),
    async outcome(_args: unknown, context: FieldContext) {
      const row = await loadRow(context);
      if (row !== null) return toOutcome(row);
      return isFinished() ? 'UNKNOWN' : null;
    },
    startedAt: inOwnTurn(once(() => fromLog(() => toTime(log().findStart())))),
    finishedAt: inOwnTurn(once(() => fromLog(() => toEnd(log())))),
    snapshot: inOwnTurn((_args: unknown, context: FieldContext) =>
      toFreeForm('OLOSTEP', readField(body, 'snapshot'), context),
    ),
    changed: fromRow('changed'),
    summary: fromRow('summary'),
    snapshotUrl: fromRow('snapshotUrl'),
    snapshotAt: fromRow('snapshotAt'),
    previous: loadPrevious(key),
    logGroup: inOwnTurn(() => readField(body, 'log_group')),
    events: inOwnTurn((args: OlostepRunEventsArgs, { costBudget }: FieldContext) => {
      checkPageArguments(args);
      const found = readLog();
      // An answer without a log has no page of it; one that can't be read has the reason in its place.
      return found === null || found instanceof Error ? found : toLogPage(found, args, costBudget, inOwnTurn);
    }),
    toRowHint() {
      // A snapshot has a row somewhere. Without one the run may have ended without, or go on.
      const start = body.isObject('snapshot') ? null : log().findStart();
      return { isFinished: isFinished(), earliest: typeof start === 'number' ? start - rowMarginMs : undefined };
    },
  };
}

/** The run before this one: like `changed`, the events page alone says which it is. */
const loadPrevious =
  (key: RunKey) =>
  (_args: unknown, { runs }: FieldContext) =>
    runs.loadPrevious(key);

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

const origins: Origins<OlostepRun> = {
  // That a run is over its own record may say as well; how it ended, a row alone.
  phase: 'either',
  outcome: 'row',
  changed: 'row',
  summary: 'row',
  snapshotUrl: 'row',
  snapshotAt: 'row',
  previous: 'row',
  startedAt: 'detail',
  finishedAt: 'detail',
  snapshot: 'detail',
  logGroup: 'detail',
  events: 'detail',
};

/** One call has all of it. */
const unlisted = namesOf(origins, 'detail');

/** The run in a row. */
function toListedOlostepRun(key: RunKey, row: Body, reading: RunReading): RunFields<OlostepRun> {
  const fromRun = later<OlostepRun>((context) => context.runs.load(key, unlisted, reading.allowStale));
  const loadEvents = fromRun('events') as (args: OlostepRunEventsArgs, context: FieldContext) => Promise<never>;
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    // That there is one says that a snapshot was made, and so that the run is over.
    phase: 'FINISHED' as const,
    outcome: toOutcome(row),
    ...toSnapshotFields(row),
    previous: loadPrevious(key),
    startedAt: fromRun('startedAt'),
    finishedAt: fromRun('finishedAt'),
    snapshot: fromRun('snapshot'),
    logGroup: fromRun('logGroup'),
    events(args: OlostepRunEventsArgs, context: FieldContext) {
      checkPageArguments(args);
      return loadEvents(args, context);
    },
  };
}

/**
 * How sure it is that the run stays as it is. The snapshot is the last that comes of a run; it is stored a little later than
 * the log tells the end.
 * @param record of the run itself, or its row
 */
function toCacheability(run: Run, record: Body, isRow: boolean): Cacheability {
  if (isRow) return typeof record.get('changed') === 'boolean' ? 'lasting' : 'unsure';
  // First, as it takes no look at the log.
  if (record.isObject('snapshot')) return 'lasting';
  return toRowHint(run)?.isFinished ? 'unsure' : 'none';
}

/** Of a run that was made of its record; a row has no need of it. */
const toRowHint = (run: Run): RowHint | undefined => (run as Partial<DetailedRun>).toRowHint?.();

export const runs: RunDefinition = {
  typeName: 'OlostepRun',
  isKey: ({ monitorId, runId }) => isMonitorId(monitorId) && isRunId(runId),
  expectedKey: 'Expected Olostep ids: monitor_… and run_…, each followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: ({ monitorId, runId }) => ({
    kind: 'run',
    path: `/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toOlostepRun,
  toListedRun: toListedOlostepRun,
  rowHint: toRowHint,
  checkArguments: { events: checkPageArguments },
  listed: toListedFields(origins),
  maxPages: 3,
  walk,
  readPage,
  pages,
  // A row is of a snapshot, which is the end of its run.
  listedPhases: new Set(['FINISHED'] as const),
  listedOutcomes: new Set(['PASSED', 'FINDING', 'UNKNOWN'] as const),
  cacheability: toCacheability,
};
