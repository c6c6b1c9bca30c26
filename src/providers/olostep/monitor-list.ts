/** Olostep's list of monitors. It comes whole: no paging of it is known [I]. */
import { BadUserInput, ProviderError } from '../../core/errors.ts';
import type { Items } from '../../json/lazy-array.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { UpstreamRequest } from '../../upstream/request.ts';
import { decodeTuple, encodeCursor } from '../cursor.ts';
import type { Get, ListScan, MonitorRow, MonitorWindow, Page } from '../provider.ts';
import { createReader, invalidField } from '../response-reader.ts';
import { readLastRunAt } from './monitor-parts.ts';
import type { components } from './openapi.d.ts';
import { MonitorList } from './openapi-checks.ts';
import { isMonitorId, toCount, toDateTime } from './values.ts';

type Row = MonitorRow | ProviderError;

const read = createReader<components['schemas']['MonitorList']>('OLOSTEP', MonitorList);

const request: UpstreamRequest = { path: '/v1/monitors', echoes: {}, rows: 'monitors' };

/** The list, to find some monitors. */
export const walk = (): ListScan<MonitorRow> => ({
  first: request,
  read(page) {
    const all = readItems(page).slice().map(toRow);
    const rows = all.filter((row): row is MonitorRow => !(row instanceof ProviderError));
    return { rows, unread: countOf(page, all) > rows.length };
  },
});

/**
 * A page of the list, in the order in which it came.
 * @throws {BadUserInput} when `after` is no cursor of it, or it is to be had by tags
 * @throws {ProviderError} when Olostep failed, or has more than it sends
 */
export async function readPage(get: Get, { first, after, tags }: MonitorWindow): Promise<Page<MonitorRow>> {
  if (tags && tags.length > 0) throw new BadUserInput("Expected no `tags`: Olostep's monitors have none.", 'OLOSTEP');
  const place = after == null ? undefined : parseCursor(after);
  const page = await get(request);
  // There is a list, even if empty.
  if (page === null) throw invalidField('OLOSTEP');
  const items = readItems(page);
  const start = place === undefined ? 0 : findEnd(items, place);
  const count = countOf(page, items);
  // Those behind can't be had. What has come is shown first, and the next page is an error.
  if (start === items.length && count > start && first > 0) throw invalidField('OLOSTEP');
  // The list may be very long, and selected fifty times: nothing is made of what isn't shown.
  const rows = items.slice(start, start + first).map(toRow);
  return {
    items: rows.map((row, number) => ({ cursor: toCursor(start + number, row), row })),
    hasNextPage: start + rows.length < count,
    hasPreviousPage: start > 0,
    totalCount: count,
  };
}

/** @throws {ProviderError} when there is no list */
function readItems(page: Body): Items {
  const items = page.items('monitors') ?? read(page, 'monitors');
  if (items === null) throw invalidField('OLOSTEP');
  if (items instanceof Error) throw items;
  return items;
}

/** How many monitors there are: more than have come, if it would be paged after all. */
function countOf(page: Body, { length }: { readonly length: number }): number {
  const count = toCount(read(page, 'count'));
  return typeof count === 'number' ? Math.max(count, length) : length;
}

function toRow(item: unknown): Row {
  const monitorId = toId(item);
  if (!isObject(item) || typeof monitorId !== 'string' || !isMonitorId(monitorId)) return invalidField('OLOSTEP');
  const row = new ParsedObject(item);
  return {
    monitorId,
    row,
    lastRunAt: toLastRunAt(row),
    lastRunMark: isObject(item.last_run) ? JSON.stringify(item.last_run) : undefined,
    // A monitor that is being set up has not run yet [O7]. `last_run: null` alone says nothing sure of its events.
    hasNeverRun: item.status === 'provisioning',
    createdAt: toCreatedAt(item),
  };
}

/** By its newer name, or the older one; unchecked. */
const toId = (item: unknown): unknown => (isObject(item) ? (item.id ?? item.monitor_id) : undefined);

/** In Unix milliseconds; `undefined` when the row doesn't say. */
function toLastRunAt(row: Body): number | undefined {
  const time = readLastRunAt(row);
  return typeof time === 'string' ? Date.parse(time) : undefined;
}

/** In Unix milliseconds; `undefined` when the row doesn't say. By its newer name, or the older one [O5]. */
function toCreatedAt({ created, created_at: createdAt }: Readonly<Record<string, unknown>>): number | undefined {
  const value = created ?? createdAt;
  const time = typeof value === 'number' || typeof value === 'string' ? toDateTime(value) : undefined;
  return typeof time === 'string' ? Date.parse(time) : undefined;
}

/** A monitor's number in the list and its id, so that it is found when others come in before it. */
type Place = readonly [number: number, monitorId: string | null];

const idOf = (row: Row): string | null => (row instanceof ProviderError ? null : row.monitorId);

const toCursor = (number: number, row: Row): string => encodeCursor([number, idOf(row)] satisfies Place);

function parseCursor(cursor: string): Place {
  const [number, monitorId] = decodeTuple(cursor);
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0;
  if (isNumber && (monitorId === null || typeof monitorId === 'string')) return [number, monitorId];
  throw unknownCursor();
}

/** Where the monitors behind that one begin. */
function findEnd(items: Items, [number, monitorId]: Place): number {
  const [row] = items.slice(number, number + 1).map(toRow);
  if (row !== undefined && idOf(row) === monitorId) return number + 1;
  const isKnown = monitorId !== null && isMonitorId(monitorId);
  const found = isKnown ? items.slice().findIndex((item) => toId(item) === monitorId) : -1;
  if (found === -1) throw unknownCursor();
  return found + 1;
}

const unknownCursor = () => new BadUserInput('Expected `after` to be the cursor of a monitor of this list.', 'OLOSTEP');
