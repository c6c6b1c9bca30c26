/**
 * Datafold's lists, whose pages are numbered: how to request a page, what one says, and a part of a list, wherever it begins. Our cursors
 * name an item by its number, as Datafold has page numbers alone.
 */
import { BadUserInput, type ProviderError } from '../../core/errors.ts';
import type { Items } from '../../json/lazy-array.ts';
import { isObject, tooLarge } from '../../json/lossless.ts';
import type { UpstreamRequest } from '../../upstream/call-context.ts';
import type { Body } from '../../upstream/read-response.ts';
import { decodeCursor, encodeCursor, type Get, type ListScan, type Page } from '../lists.ts';
import { createReader, invalidField, toLargeField, toNumber, withinLength } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { ListRuns } from './openapi-checks.ts';

/** A list, or a part of one. */
export interface List<Row> {
  readonly path: string;
  /** What is requested beside the page. */
  readonly query: Readonly<Record<string, string>>;
  /** The member of a page that has its rows. */
  readonly member: 'runs' | 'monitors';
  /** The monitor whose runs these are. @default it is a list of monitors */
  readonly monitorId?: string;
  /** The row in an item, or an error in its place. */
  toRow(item: unknown): Row | ProviderError;
}

/**
 * How to request a page. No reply has the id of a monitor at its top that could be held against it.
 * @param isClientControlled whether a client chose the page, or what to request beside it
 * @param isContinuation as in {@link UpstreamRequest}
 */
export const toPageRequest = <Row>(
  { path, query, member, monitorId }: List<Row>,
  { page, size }: PageChoice,
  isClientControlled = false,
  isContinuation = page > 1,
): UpstreamRequest => ({
  kind: member,
  path: `${path}?${new URLSearchParams({ page: String(page), page_size: String(size), ...query })}`,
  echoes: {},
  rows: member,
  isClientControlled: isClientControlled || query.tags !== undefined,
  isContinuation,
  isAppendOnly: member === 'monitors',
  newestRunsOf: isContinuation ? undefined : monitorId,
});

/** The part that both lists have. */
type Numbers = Pick<components['schemas']['ListRuns'], 'count' | 'page' | 'page_size' | 'total_pages'>;

const read = createReader<Numbers>('DATAFOLD', ListRuns);

/** What a page says of itself; `undefined` where it doesn't. */
interface PageNumbers {
  readonly page: number | undefined;
  readonly size: number | undefined;
  readonly pages: number | undefined;
  /** How many items the list has. */
  readonly count: number | undefined;
}

export const readNumbers = (body: Body): PageNumbers => ({
  page: readWhole(body, 'page', 1),
  size: readWhole(body, 'page_size', 1),
  pages: readWhole(body, 'total_pages', 0),
  count: readWhole(body, 'count', 0),
});

function readWhole(body: Body, name: keyof Numbers, least: number): number | undefined {
  const number = toNumber(read(body, name));
  return isWholeFrom(least, number) ? (number as number) : undefined;
}

/**
 * The items of a page.
 * @param size how many were requested
 * @throws {ProviderError} when it has no list of them, or a far longer one
 */
export function readItems<Row>({ member }: List<Row>, body: Body, size: number): Items {
  // What is too long for lazy parsing is parsed in full, and then refused.
  const items = body.items(member) ?? toArray(body.get(member));
  // Nothing found in it would be taken for nothing there.
  if (items === undefined) throw body.get(member) === tooLarge ? toLargeField('DATAFOLD') : invalidField('DATAFOLD');
  return withinLength('DATAFOLD', items, size);
}

const toArray = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);

/**
 * The list from its beginning. No largest page is documented: what a reply says of its size is trusted more than what was requested.
 * @param isAnswer whether a row says all that a single call would of what a list has
 */
export const walkList = <Row>(list: List<Row>, pageSize: number, isAnswer: (row: Row) => boolean): ListScan<Row> => ({
  first: toPageRequest(list, { page: 1, size: pageSize }),
  read(body) {
    const items = readItems(list, body, pageSize);
    const rows: Row[] = [];
    let unread = false;
    for (const item of items.slice()) {
      const row = list.toRow(item);
      if (row instanceof Error) unread = true;
      else if (isAnswer(row)) rows.push(row);
    }
    const numbers = readNumbers(body);
    const { page, size = pageSize } = numbers;
    // A page that doesn't say which one it is has none behind it that could be named.
    if (page !== undefined && hasPageBehind(numbers, page, size))
      return {
        rows,
        count: numbers.count,
        unread: unread || items.length < size,
        ...toFurther(list, numbers, page, size),
      };
    return { rows, count: numbers.count, unread: unread || isLonger(numbers, items.length, size) };
  },
});

/** More pages than this are requested one by one: a number that a reply makes up must not cost as much memory. */
const maxParallelPages = 1_000;

/** The next page, and all further ones where the first page says how many there are. */
function toFurther<Row>(list: List<Row>, { pages, count }: PageNumbers, page: number, size: number) {
  const next = toPageRequest(list, { page: page + 1, size });
  const last = pages ?? (count === undefined ? undefined : Math.ceil(count / size));
  if (page > 1 || last === undefined || last > maxParallelPages) return { next };
  const rest = Array.from({ length: last - 1 }, (_, place) => toPageRequest(list, { page: place + 2, size }));
  return { next, rest };
}

export const hasPageBehind = ({ pages, count }: PageNumbers, page: number, size: number): boolean =>
  pages !== undefined ? pages > page : count !== undefined && count > page * size;

/** Whether the list goes on behind a page that ought to be its last one. */
export function isLonger({ page = 1, pages, count }: PageNumbers, length: number, size: number): boolean {
  if (count !== undefined) return count > (page - 1) * size + length;
  return pages !== undefined ? pages > page : length >= size;
}

/** A page, counted from 1, of a list that is cut into pages of `size`. */
interface PageChoice {
  readonly page: number;
  readonly size: number;
}

/**
 * The page that has the most of the `first` items from `offset` on: all of them, unless no page of at most `maxSize` does. Of
 * those that have as much it is the smallest; of no items, one where the first would be.
 */
export function choosePage(offset: number, first: number, maxSize: number): PageChoice {
  let best = { page: offset + 1, size: 1 };
  let most = 1;
  for (let size = 2; size <= maxSize && most < first; size++) {
    const had = Math.min(first, size - (offset % size));
    if (had > most) {
      best = { page: Math.floor(offset / size) + 1, size };
      most = had;
    }
  }
  return best;
}

/** Which part. */
interface ListPart {
  /** The cursor of the item that it begins behind; `undefined` for the beginning of the list. */
  readonly after: Cursor | undefined;
  /** How many items it has at most. */
  readonly first: number;
  /** Maximum requested page size. */
  readonly pageSize: number;
  /** What the cursors of its items say, beside what is learned here. */
  readonly cursor: Pick<Cursor, 'list'>;
}

/** The largest number that GraphQL's `Int` holds, and Datafold's `int`. */
const maxCount = 2 ** 31 - 1;

/** How many items a list has, as it is shown. */
export const toTotalCount = (count: number | undefined): number | ProviderError =>
  count === undefined || count > maxCount ? invalidField('DATAFOLD') : count;

/**
 * The part of the list, or its beginning, where no page has all of it; `null` when there is no such list. A call, and one more
 * when Datafold's pages turn out to be of another size than requested: cursors tell it to the pages after this one.
 * @throws {ProviderError} when what Datafold sends isn't a page, or not the requested one, or lacks what there is
 */
export async function readListPart<Row>(get: Get, list: List<Row>, part: ListPart): Promise<Page<Row> | null> {
  const { after, first, pageSize } = part;
  const offset = startOf(part);
  const maxSize = Math.min(after?.most ?? pageSize, pageSize);
  const requested = choosePage(offset, Math.min(first, maxSize), maxSize);
  const isClientControlled = after !== undefined || list.query.tags !== undefined;
  const reply = await getReply(get, list, requested, pageSize, isClientControlled);
  if (reply === null) return null;
  const { size } = reply;
  const most = size < requested.size ? size : after?.most;
  if (hasPlace(reply, offset)) return toPage(list, part, reply, most);
  const other = await getReply(get, list, { page: Math.floor(offset / size) + 1, size }, pageSize, isClientControlled);
  // There was a list a moment ago.
  if (other === null || !hasPlace(other, offset)) throw invalidField('DATAFOLD');
  return toPage(list, part, other, most);
}

/** How many items stand before it. */
const startOf = ({ after }: ListPart): number => (after === undefined ? 0 : after.place + 1);

/** A page as it came. */
export interface Reply {
  /** How many items of the list stand before it. */
  readonly start: number;
  readonly size: number;
  readonly items: Items;
  readonly count: PageNumbers['count'];
}

/**
 * A page; `null` when there is no such list.
 * @param isClientControlled whether a client chose the page, or what is requested beside it
 * @throws {ProviderError} when what Datafold sends isn't a page
 */
export async function getReply<Row>(
  get: Get,
  list: List<Row>,
  requested: PageChoice,
  pageSize: number,
  isClientControlled: boolean,
): Promise<Reply | null> {
  const isContinuation = requested.page > 1 || (list.member === 'runs' && isClientControlled);
  const body = await get(toPageRequest(list, requested, isClientControlled, isContinuation));
  if (body === null) return null;
  // What was requested can be what Datafold said of its pages before.
  const items = readItems(list, body, Math.min(requested.size, pageSize));
  const { page = requested.page, size = requested.size, count } = readNumbers(body);
  return { start: (page - 1) * size, size, items, count };
}

/** Whether an item with so many before it would be in the page, or is in none. */
export const hasPlace = ({ start, size, count }: Reply, place: number): boolean =>
  (place >= start && place < start + size) || (count !== undefined && place >= count);

/** Whether the list goes on behind a page. */
export function hasMoreBehind({ start, size, items, count }: Reply, offset: number): boolean {
  if (count !== undefined) return offset < count;
  return offset - start < items.length || items.length >= size;
}

function toPage<Row>(list: List<Row>, part: ListPart, reply: Reply, most: Cursor['most']): Page<Row> {
  const { first, cursor } = part;
  const offset = startOf(part);
  const { start, size, items, count } = reply;
  const skipped = offset - start;
  const isInside = skipped >= 0 && skipped < size;
  const found = isInside ? items.slice(skipped, Math.min(skipped + first, size)) : [];
  const end = offset + found.length;
  const hasMore = hasMoreBehind(reply, end);
  // Behind a page without items there is no cursor to go on from: to say that this is the end would be wrong.
  if (hasMore && found.length === 0 && first > 0) throw invalidField('DATAFOLD');
  return {
    items: found.map((item, index) => ({
      cursor: encodeCursor({ ...cursor, place: offset + index, most } satisfies Cursor),
      row: list.toRow(item),
    })),
    hasNextPage: hasMore,
    hasPreviousPage: offset > 0,
    totalCount: toTotalCount(count),
  };
}

/** The place of an item in a list. */
export interface Cursor {
  /** Which list, and which part of it: the cursor of another one is none of this. */
  readonly list: string;
  /** How many items stand before it. */
  readonly place: number;
  /** The most items that Datafold has sent in a page of which more were requested. @default unknown */
  readonly most?: number | undefined;
}

/**
 * What a cursor of this list says; `undefined` when there is none.
 * @throws {BadUserInput} when it is none of this list: `expected` says what is
 */
export function parseCursor(list: string, text: string | null | undefined, expected: string): Cursor | undefined {
  if (text == null) return undefined;
  const cursor = decodeCursor(text);
  if (isObject(cursor) && isCursor(cursor) && cursor.list === list) return cursor;
  throw new BadUserInput(expected, 'DATAFOLD');
}

const isCursor = (cursor: { readonly [Name in keyof Cursor]?: unknown }): cursor is Cursor =>
  typeof cursor.list === 'string' && isPlace(cursor.place) && isWholeFrom(1, cursor.most ?? 1);

/** Whether so many items can stand before one: a list has at most 2^31 - 1, and no other number may reach Datafold as a page. */
const isPlace = (value: unknown): boolean => isWholeFrom(0, value) && Number(value) <= maxCount;

export const isWholeFrom = (least: number, value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
