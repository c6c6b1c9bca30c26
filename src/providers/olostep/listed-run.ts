/** Olostep runs with what its events page says of them. */
import type { MonitorRunKey, OlostepRun } from '../../generated/types.ts';
import type { Body } from '../../upstream/body.ts';
import { identifyRun } from '../identity.ts';
import { later } from '../later.ts';
import type { Endurance, Run, RunFields, RunReading, Selected } from '../provider.ts';
import { toOutcome, toSnapshotFields } from './snapshot-row.ts';

/** What no row has: one call of the run's own has all of it. */
const beyondRow: Selected = new Set(['startedAt', 'finishedAt', 'snapshot', 'logGroup', 'events']);

/** The run in a row. */
export function toListedOlostepRun(key: MonitorRunKey, row: Body, reading: RunReading): RunFields<OlostepRun> {
  const fromRun = later((context) => context.runs.load(key, beyondRow));
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    ...toRowFields(row),
    startedAt: fromRun<OlostepRun['startedAt']>('startedAt'),
    finishedAt: fromRun<OlostepRun['finishedAt']>('finishedAt'),
    snapshot: fromRun<OlostepRun['snapshot']>('snapshot'),
    logGroup: fromRun<OlostepRun['logGroup']>('logGroup'),
    events: fromRun<OlostepRun['events']>('events'),
  };
}

/**
 * The same run with what a row alone says.
 * @param row none when the run isn't among those that were read, an error when none could be
 */
export function withRow(run: Run, row: Body | undefined | Error): Run {
  if (row === undefined) return { ...run, ...toSame(null) };
  if (row instanceof Error) {
    return {
      ...run,
      ...toSame(() => {
        throw row;
      }),
    };
  }
  return { ...run, ...toRowFields(row) };
}

/**
 * What a row says. That there is one says that a snapshot was made, and so that the run is over: whatever else is selected, and
 * whatever the run's own record says, which may lack the snapshot and the end of the log.
 */
const toRowFields = (row: Body) => ({
  phase: 'FINISHED' as const,
  outcome: toOutcome(row),
  ...toSnapshotFields(row),
});

const toSame = <Field>(field: Field) => ({ changed: field, summary: field, snapshotUrl: field, snapshotAt: field });

/**
 * How sure it is that the run stays as it is. The snapshot is the last that comes of a run; it is stored a little later than
 * the log tells the end.
 * @param record of the run itself, or its row
 */
export function toEndurance(run: Run, record: Body): Endurance {
  // Of a row; what a run's own record says has to be derived.
  const { phase } = run;
  if (typeof phase !== 'function') return typeof record.get('changed') === 'boolean' ? 'lasting' : 'none';
  // First, as it takes no look at the log.
  if (record.isObject('snapshot')) return 'lasting';
  return (phase as () => unknown)() === 'FINISHED' ? 'unsure' : 'none';
}
