/** A part of a list of Datafold's, wherever it begins, from pages that are numbered. */
import type { ProviderError } from '../../core/errors.ts';
import type { Items } from '../../json/lazy-array.ts';
import type { Get, Page } from '../provider.ts';
import { invalidField } from '../response-reader.ts';
import { choosePage, type PageChoice } from './choose-page.ts';
import { type Cursor, toCursor } from './cursor.ts';
import { type List, type PageNumbers, readItems, readNumbers, toPageRequest } from './list.ts';

/** Which part. */
export interface ListPart {
  /** The cursor of the item that it begins behind; `undefined` for the beginning of the list. */
  readonly after: Cursor | undefined;
  /** How many items it has at most. */
  readonly first: number;
  /** Maximum requested page size. */
  readonly pageSize: number;
  /** What the cursors of its items say, beside what is learned here. */
  readonly cursor: Pick<Cursor, 'list'>;
}

/** The largest number that GraphQL's `Int` holds. */
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
  // New monitors come last, so that no row moves on to another page of theirs.
  const isContinuation = list.member === 'runs' && (isClientControlled || requested.page > 1);
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
      cursor: toCursor({ ...cursor, place: offset + index, most }),
      row: list.toRow(item),
    })),
    hasNextPage: hasMore,
    hasPreviousPage: offset > 0,
    totalCount: toTotalCount(count),
  };
}
