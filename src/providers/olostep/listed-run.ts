/** Olostep runs with what its events page says of them. */
import type { MonitorRunKey, OlostepRun } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import { identifyRun } from '../global-id.ts';
import { later } from '../lazy-fields.ts';
import type { Cacheability, RowHint, Run, RunFields, RunReading, Selected } from '../provider.ts';
import type { DetailedRun } from './run.ts';
import { toOutcome, toSnapshotFields } from './snapshot-row.ts';

/** What no row has: one call of the run's own has all of it. */
const beyondRow: Selected = new Set(['startedAt', 'finishedAt', 'snapshot', 'logGroup', 'events']);

/** The run in a row. */
export function toListedOlostepRun(key: MonitorRunKey, row: Body, reading: RunReading): RunFields<OlostepRun> {
  const fromRun = later((context) => context.runs.load(key, beyondRow, reading.allowStale));
  return {
    ...identifyRun(key, reading),
    __typename: 'OlostepRun',
    // That there is one says that a snapshot was made, and so that the run is over.
    phase: 'FINISHED' as const,
    outcome: toOutcome(row),
    ...toSnapshotFields(row),
    startedAt: fromRun<OlostepRun['startedAt']>('startedAt'),
    finishedAt: fromRun<OlostepRun['finishedAt']>('finishedAt'),
    snapshot: fromRun<OlostepRun['snapshot']>('snapshot'),
    logGroup: fromRun<OlostepRun['logGroup']>('logGroup'),
    events: fromRun<OlostepRun['events']>('events'),
  };
}

/**
 * How sure it is that the run stays as it is. The snapshot is the last that comes of a run; it is stored a little later than
 * the log tells the end.
 * @param record of the run itself, or its row
 */
export function toCacheability(run: Run, record: Body, isRow: boolean): Cacheability {
  if (isRow) return typeof record.get('changed') === 'boolean' ? 'lasting' : 'unsure';
  // First, as it takes no look at the log.
  if (record.isObject('snapshot')) return 'lasting';
  return toRowHint(run)?.isFinished ? 'unsure' : 'none';
}

/** Of a run that was made of its record; a row has no need of it. */
export const toRowHint = (run: Run): RowHint | undefined => (run as Partial<DetailedRun>).toRowHint?.();
