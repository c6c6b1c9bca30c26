/** A page of Olostep's events: the snapshots of a monitor, newest first. */
import { ProviderError } from '../../core/errors.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { UpstreamRequest } from '../../upstream/request.ts';
import { withinLength } from '../max-page-length.ts';
import type { ListScan, RunListPages, RunRow } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import { toCount } from './count.ts';
import type { components } from './openapi.d.ts';
import { MonitorEventPage } from './openapi-checks.ts';
import { toRunRow } from './snapshot-row.ts';

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
