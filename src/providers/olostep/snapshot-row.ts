/**
 * A row of Olostep's events page. An *event* there is the snapshot of one run, never a line of its log: it is called a row, or
 * a snapshot, throughout.
 */
import type { ProviderError } from '../../core/errors.ts';
import type { OlostepRun, RunOutcome } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { RunFields, RunRow } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import { isRunId } from './id.ts';
import type { components } from './openapi.d.ts';
import { MonitorEvent } from './openapi-checks.ts';
import { second, toDateTime, toMilliseconds, toTime } from './time.ts';

const read = createReader<components['schemas']['MonitorEvent']>('OLOSTEP', MonitorEvent);

/**
 * The run that an item of the page is a snapshot of, or an error when it doesn't say so, or is another monitor's. No row is
 * documented to say whose it is; other answers of Olostep say it so.
 */
export function toRunRow(monitorId: string, item: unknown): RunRow | ProviderError {
  if (!isObject(item)) return invalidField('OLOSTEP');
  if (!isNullish(item.monitor_id) && item.monitor_id !== monitorId) return invalidField('OLOSTEP');
  const runId = item.run_id ?? item.id;
  if (typeof runId !== 'string' || !isRunId(runId)) return invalidField('OLOSTEP');
  const row = new ParsedObject(item);
  // A value that isn't as documented may stand for either; one that is missing is the outcome `UNKNOWN`.
  const lacksOutcome = read(row, 'changed') instanceof Error;
  return { runId, row, time: readListTime(row), lacksOutcome };
}

/** The time that the list goes by: when the snapshot was made, or the run was where a row says that alone. In Unix milliseconds. */
function readListTime(row: Body): number | undefined {
  const created = readMilliseconds(row);
  if (typeof created === 'number') return created;
  const ranAt = toDateTime(read(row, 'ran_at'));
  return typeof ranAt === 'string' ? Date.parse(ranAt) : undefined;
}

/** What a row alone says of a run. */
export const toSnapshotFields = (row: Body) =>
  ({
    changed: () => read(row, 'changed'),
    summary: () => read(row, 'summary'),
    snapshotUrl: () => read(row, 'snapshot_url'),
    snapshotAt: () => toTime(readMilliseconds(row)),
  }) satisfies Partial<RunFields<OlostepRun>>;

export type SnapshotFields = ReturnType<typeof toSnapshotFields>;

/** How a run ended that has a snapshot. */
export function toOutcome(row: Body): RunOutcome {
  const changed = read(row, 'changed');
  if (typeof changed !== 'boolean') return 'UNKNOWN';
  return changed ? 'FINDING' : 'PASSED';
}

/** When the snapshot was made: Olostep says it in Unix seconds. */
const readMilliseconds = (row: Body): Found<number> => toMilliseconds(read(row, 'created'), second);
