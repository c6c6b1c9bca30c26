/**
 * A page of Olostep's events: the snapshots of a monitor, newest first. An *event* there is the snapshot of one run, never a line
 * of its log: it is called a row, or a snapshot, throughout.
 */
import { ProviderError } from '../../core/errors.ts';
import type { OlostepRun, RunOutcome } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { UpstreamRequest } from '../../upstream/call-context.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { RunFields } from '../fields.ts';
import type { ListScan, RunListPages, RunRow } from '../lists.ts';
import { createReader, type Found, invalidField, withinLength } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { MonitorEvent, MonitorEventPage } from './openapi-checks.ts';
import { isRunId, second, toCount, toDateTime, toMilliseconds, toTime } from './values.ts';

const read = createReader<components['schemas']['MonitorEventPage']>('OLOSTEP', MonitorEventPage);

/** The most that Olostep gives at once. */
export const maxPerPage = 100;

/**
 * How to request a page.
 * @param cursor the `nextCursor` of the page before; `null` for the first
 * @param isClientControlled whether that is what a client says
 * @param isContinuation as in {@link UpstreamRequest}
 */
export const toPageRequest = (
  monitorId: string,
  limit: number,
  cursor: string | null,
  isClientControlled = false,
  isContinuation = cursor !== null,
): UpstreamRequest => ({
  kind: 'runs',
  path: `/v1/monitors/${monitorId}/events?limit=${limit}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
  echoes: {},
  rows: 'data',
  isClientControlled,
  isContinuation,
  newestRunsOf: isContinuation ? undefined : monitorId,
});

/**
 * The snapshots in a page, in its order; an error in place of what isn't one of the monitor's.
 * @param limit how many were requested
 * @throws {ProviderError} when there is no list of them, or a far longer one
 */
export function readRows(page: Body, monitorId: string, limit: number): readonly (RunRow | ProviderError)[] {
  const items = page.items('data') ?? read(page, 'data');
  if (items === null) throw invalidField('OLOSTEP');
  if (items instanceof Error) throw items;
  const within = withinLength('OLOSTEP', items, limit);
  return within.slice().map((item) => toRunRow(monitorId, item));
}

/** How to request the page after this one; `undefined` when there is none. */
export function readNextCursor(page: Body): string | undefined {
  const cursor = read(page, 'next_cursor');
  // What can't be written into a URL can't be sent back.
  const isCursor = typeof cursor === 'string' && cursor !== '' && cursor.isWellFormed();
  return isCursor && read(page, 'has_more') !== false ? cursor : undefined;
}

/** Whether there is more behind the page, even if it can't be requested. */
export const saysMore = (page: Body): boolean => read(page, 'has_more') === true;

/** How many snapshots the monitor has. */
export const readTotalCount = (page: Body): Found<number> => toCount(read(page, 'total_count'));

/** The newest snapshots of a monitor, to find some of them. */
export const walk = (monitorId: string): ListScan<RunRow> => ({
  first: toPageRequest(monitorId, maxPerPage, null),
  read(page) {
    const next = readNextCursor(page);
    const all = readRows(page, monitorId, maxPerPage);
    const rows = all.filter((row): row is RunRow => !(row instanceof ProviderError));
    const firstBad = all.findIndex((row) => row instanceof ProviderError);
    return {
      rows,
      next: next === undefined ? undefined : toPageRequest(monitorId, maxPerPage, next),
      unread: rows.length < all.length || (next === undefined && saysMore(page)),
      latestUnread: lastTimeOf(firstBad === -1 ? rows : all.slice(0, firstBad)),
    };
  },
});

/** The time of the last of them that says one. */
const lastTimeOf = (rows: readonly (RunRow | ProviderError)[]): number | undefined =>
  rows.reduce<number | undefined>((last, row) => (row instanceof ProviderError ? last : (row.time ?? last)), undefined);

/** The pages of a monitor's snapshots, as the run feed reads them. */
export const pages: RunListPages = {
  isNumbered: false,
  toRequest: (monitorId, token, pageSize, isFromClient) =>
    toPageRequest(
      monitorId,
      Math.min(pageSize, maxPerPage),
      typeof token === 'string' ? token : null,
      isFromClient && token !== undefined,
    ),
  read(monitorId, _token, pageSize, page) {
    const size = Math.min(pageSize, maxPerPage);
    const next = readNextCursor(page);
    const count = readTotalCount(page);
    return {
      rows: readRows(page, monitorId, size),
      next,
      count: typeof count === 'number' ? count : undefined,
      size,
      isIncomplete: next === undefined && saysMore(page),
    };
  },
};

const readRow = createReader<components['schemas']['MonitorEvent']>('OLOSTEP', MonitorEvent);

/**
 * The run that an item of the page is a snapshot of, or an error when it doesn't say so, or is another monitor's. No row is
 * documented to say whose it is; other answers of Olostep say it so.
 */
function toRunRow(monitorId: string, item: unknown): RunRow | ProviderError {
  if (!isObject(item)) return invalidField('OLOSTEP');
  if (!isNullish(item.monitor_id) && item.monitor_id !== monitorId) return invalidField('OLOSTEP');
  const runId = item.run_id ?? item.id;
  if (typeof runId !== 'string' || !isRunId(runId)) return invalidField('OLOSTEP');
  const row = new ParsedObject(item);
  // A value that isn't as documented may stand for either; one that is missing is the outcome `UNKNOWN`.
  const lacksOutcome = readRow(row, 'changed') instanceof Error;
  return { runId, row, time: readListTime(row), lacksOutcome };
}

/** The time that the list goes by: when the snapshot was made, or the run was where a row says that alone. In Unix milliseconds. */
function readListTime(row: Body): number | undefined {
  const created = readMilliseconds(row);
  if (typeof created === 'number') return created;
  const ranAt = toDateTime(readRow(row, 'ran_at'));
  return typeof ranAt === 'string' ? Date.parse(ranAt) : undefined;
}

/** What a row alone says of a run. */
export const toSnapshotFields = (row: Body) =>
  ({
    changed: () => readRow(row, 'changed'),
    summary: () => readRow(row, 'summary'),
    snapshotUrl: () => readRow(row, 'snapshot_url'),
    snapshotAt: () => toTime(readMilliseconds(row)),
  }) satisfies Partial<RunFields<OlostepRun>>;

export type SnapshotFields = ReturnType<typeof toSnapshotFields>;

/** How a run ended that has a snapshot. */
export function toOutcome(row: Body): RunOutcome {
  const changed = readRow(row, 'changed');
  if (typeof changed !== 'boolean') return 'UNKNOWN';
  return changed ? 'FINDING' : 'PASSED';
}

/** When the snapshot was made: Olostep says it in Unix seconds. */
const readMilliseconds = (row: Body): Found<number> => toMilliseconds(readRow(row, 'created'), second);
