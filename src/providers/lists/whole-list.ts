/** Lists that come whole, in one response: the list strategy of a provider whose API has no pages, or none that is known. */
import { BadUserInput, type ProviderError } from '../../core/errors.ts';
import type { Provider } from '../../generated/types.ts';
import type { Items } from '../../json/lazy-array.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject, tooLarge } from '../../json/lossless.ts';
import type { UpstreamRequest } from '../../upstream/call-context.ts';
import type { Body } from '../../upstream/read-response.ts';
import { decodeTuple, encodeCursor, type ListScan, type MonitorRow, type RunRow } from '../lists.ts';
import type { MonitorDefinition, RunDefinition } from '../provider.ts';
import { invalidField, toLargeField } from '../response-reader.ts';
import { RunOrder, toTimeWindow } from '../run-order.ts';

type Item = Readonly<Record<string, unknown>>;

interface WholeList {
  readonly provider: Provider;
  /** The member of the response that has the items. */
  readonly member: string;
  /** The id in an item, unchecked. */
  toId(item: Item): unknown;
  /** Whether an id is of the provider's grammar. */
  isId(id: string): boolean;
}

export interface WholeMonitorList extends WholeList {
  readonly request: Omit<UpstreamRequest, 'kind' | 'rows'>;
  /** The request of the list with deleted monitors. @default that of the list: it never has them, or always */
  readonly requestWithDeleted?: Omit<UpstreamRequest, 'kind' | 'rows'>;
  /** What an item says beside its id. */
  toRow(item: Item, row: Body): Omit<MonitorRow, 'monitorId' | 'row'>;
  /** How many monitors the list says that it has. @default as many as have come */
  readCount?(page: Body): unknown;
}

/** The list of all monitors, in the order in which it comes. */
export function wholeMonitorList(list: WholeMonitorList): Pick<MonitorDefinition, 'maxPages' | 'walk' | 'readPage'> {
  const { provider, member } = list;
  const toRequest = ({ request, requestWithDeleted = request }: WholeMonitorList, includeDeleted = false) =>
    ({ ...(includeDeleted ? requestWithDeleted : request), kind: 'monitors', rows: member }) satisfies UpstreamRequest;
  const unknownCursor = () =>
    new BadUserInput('Expected `after` to be the cursor of a monitor of this list.', provider);
  const toRow = (item: unknown): MonitorRow | ProviderError => {
    const monitorId = toCheckedId(list, item);
    if (!isObject(item) || monitorId === undefined) return invalidField(provider);
    const row = new ParsedObject(item);
    return { monitorId, row, ...list.toRow(item, row) };
  };
  /** More than have come, if it would be paged after all. */
  const countOf = (page: Body, { length }: { readonly length: number }): number => {
    const count = list.readCount?.(page);
    return typeof count === 'number' ? Math.max(count, length) : length;
  };
  return {
    maxPages: 1,
    walk: () => ({
      first: toRequest(list),
      read(page) {
        const all = readItems(list, page).slice().map(toRow);
        const rows = all.filter((row): row is MonitorRow => !(row instanceof Error));
        return { rows, unread: countOf(page, all) > rows.length };
      },
    }),
    async readPage(get, { first, after, includeDeleted }) {
      const place = after == null ? undefined : parsePlace(after, unknownCursor);
      const page = await get(toRequest(list, includeDeleted));
      // There is a list, even if empty.
      if (page === null) throw invalidField(provider);
      const items = readItems(list, page);
      const start = place === undefined ? 0 : findEnd(list, items, place, unknownCursor);
      const count = countOf(page, items);
      // Those behind can't be had. What has come is shown first, and the next page is an error.
      if (start === items.length && count > start && first > 0) throw invalidField(provider);
      // The list may be very long, and selected fifty times: nothing is made of what isn't shown.
      const rows = items.slice(start, start + first).map(toRow);
      return {
        items: rows.map((row, number) => {
          const id = row instanceof Error ? null : row.monitorId;
          return { cursor: encodeCursor([start + number, id] satisfies Place), row };
        }),
        hasNextPage: start + rows.length < count,
        hasPreviousPage: start > 0,
        totalCount: count,
      };
    },
  };
}

export interface WholeRunList extends WholeList {
  toRequest(monitorId: string): Omit<UpstreamRequest, 'kind' | 'rows' | 'newestRunsOf'>;
  /** The time that the list goes by, in Unix milliseconds; `undefined` when an item says none. */
  timeOf(item: Item): number | undefined;
  /** In which order the items come. Items without a time are placed by their neighbours. */
  readonly order: 'newest-first' | 'oldest-first';
}

/** The runs of a monitor, newest first. */
export function wholeRunList(list: WholeRunList): Pick<RunDefinition, 'maxPages' | 'walk' | 'readPage' | 'pages'> {
  const { provider, member, order } = list;
  const unknownCursor = () =>
    new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', provider);
  const toRequest = (monitorId: string): UpstreamRequest => ({
    ...list.toRequest(monitorId),
    kind: 'runs',
    rows: member,
    newestRunsOf: monitorId,
  });
  const toRow = (item: unknown): RunRow | ProviderError => {
    const runId = toCheckedId(list, item);
    if (!isObject(item) || runId === undefined) return invalidField(provider);
    return { runId, row: new ParsedObject(item), time: list.timeOf(item) };
  };
  /** @param now the time of a row that says none, and has none above it that does, in Unix milliseconds */
  const readSorted = (page: Body, now: number) => {
    const rows = readItems(list, page).slice().map(toRow);
    if (order === 'oldest-first') rows.reverse();
    const placed = new RunOrder(now);
    return rows
      .map((row) => ({ row, time: placed.place(row instanceof Error ? undefined : row.time) }))
      .sort((a, b) => b.time - a.time);
  };
  return {
    maxPages: 1,
    walk: (monitorId): ListScan<RunRow> => ({
      first: toRequest(monitorId),
      read(page) {
        const all = readItems(list, page).slice().map(toRow);
        const rows = all.filter((row): row is RunRow => !(row instanceof Error));
        return { rows, count: all.length, unread: rows.length < all.length };
      },
    }),
    async readPage(get, monitorId, window) {
      const { first, after, startedAfter, startedBefore, now } = window;
      const name = JSON.stringify([monitorId, startedAfter ?? null, startedBefore ?? null]);
      const place = after == null ? undefined : parsePlace(after, unknownCursor, name);
      const page = await get(toRequest(monitorId));
      if (page === null && place !== undefined) throw unknownCursor();
      if (page === null) return null;
      const { isWhole, earliest, latest } = toTimeWindow(window);
      const all = readSorted(page, now).filter(({ time }) => time >= earliest && time <= latest);
      const start = place === undefined ? 0 : findRun(all, place, unknownCursor) + 1;
      const items = all.slice(start, start + first).map(({ row }, number) => {
        const id = row instanceof Error ? null : row.runId;
        return { cursor: encodeCursor([start + number, id, name]), row };
      });
      return {
        items,
        hasNextPage: start + items.length < all.length,
        hasPreviousPage: start > 0,
        totalCount: isWhole ? all.length : null,
      };
    },
    pages: {
      isNumbered: false,
      toRequest,
      read(_monitorId, _token, _pageSize, page) {
        const rows = readSorted(page, Number.POSITIVE_INFINITY).map(({ row }) => row);
        return { rows, next: undefined, count: rows.length, size: Math.max(rows.length, 1), isIncomplete: false };
      },
    },
  };
}

function findRun(
  rows: readonly { readonly row: RunRow | ProviderError }[],
  [number, runId]: Place,
  unknownCursor: () => Error,
): number {
  const found = runId === null ? number : rows.findIndex(({ row }) => !(row instanceof Error) && row.runId === runId);
  if (found === -1 || found >= rows.length) throw unknownCursor();
  return found;
}

/** @throws {ProviderError} when there is no list */
function readItems({ provider, member }: WholeList, page: Body): Items {
  const items = page.items(member);
  if (items !== undefined) return items;
  throw page.get(member) === tooLarge ? toLargeField(provider) : invalidField(provider);
}

function toCheckedId({ toId, isId }: WholeList, item: unknown): string | undefined {
  const id = isObject(item) ? toId(item) : undefined;
  return typeof id === 'string' && isId(id) ? id : undefined;
}

/** The number of an item in the list and its id, so that it is found when others come in before it; `null` when it had none. */
type Place = readonly [number: number, id: string | null];

/** @param name which list, where there are several */
function parsePlace(cursor: string, unknownCursor: () => Error, name?: string): Place {
  const [number, id, ofList] = decodeTuple(cursor);
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0;
  if (isNumber && (id === null || typeof id === 'string') && ofList === name) return [number, id];
  throw unknownCursor();
}

/** Where the items behind that one begin. */
function findEnd(list: WholeList, items: Items, [number, id]: Place, unknownCursor: () => Error): number {
  const [item] = items.slice(number, number + 1);
  if (number < items.length && (toCheckedId(list, item) ?? null) === id) return number + 1;
  const isKnown = id !== null && list.isId(id);
  const found = isKnown ? items.slice().findIndex((one) => isObject(one) && list.toId(one) === id) : -1;
  if (found === -1) throw unknownCursor();
  return found + 1;
}
