/** A part of a list of Datafold's, wherever it begins, from pages that are numbered. */
import type { Items } from '../../upstream/items.ts';
import type { Get, Page } from '../provider.ts';
import { toBadField } from '../reader.ts';
import { type List, type PageNumbers, readItems, readNumbers, toPageRequest } from './list.ts';
import { choosePage, type PageChoice } from './page-choice.ts';

/** Which part. */
export interface ListPart {
  /** How many items stand before it. */
  readonly offset: number;
  /** How many items it has at most. */
  readonly first: number;
  /** The most that a page is asked for. */
  readonly pageSize: number;
  /** The cursor of the item that has so many before it. */
  cursorAt(place: number): string;
}

/** The largest number that GraphQL's `Int` holds. */
const mostCount = 2 ** 31 - 1;

/**
 * The part of the list, or its beginning, where no page has all of it; `null` when there is no such list. A call, and one more
 * when Datafold's pages are of another size than what was asked for.
 * @throws {ProviderError} when what Datafold sends isn't a page, or not the one that it was asked for
 */
export async function readListPart<Row>(get: Get, list: List<Row>, part: ListPart): Promise<Page<Row> | null> {
  const { offset, first, pageSize } = part;
  const reply = await getReply(get, list, choosePage(offset, Math.min(first, pageSize), pageSize), pageSize);
  if (reply === null || hasPlace(reply, offset)) return reply && toPage(list, part, reply);
  const { size } = reply;
  const other = await getReply(get, list, { page: Math.floor(offset / size) + 1, size }, pageSize);
  if (other !== null && !hasPlace(other, offset)) throw toBadField('DATAFOLD');
  return other && toPage(list, part, other);
}

/** A page as it came. */
interface Reply {
  /** How many items of the list stand before it. */
  readonly start: number;
  readonly size: number;
  readonly items: Items;
  readonly count: PageNumbers['count'];
}

async function getReply<Row>(get: Get, list: List<Row>, asked: PageChoice, pageSize: number): Promise<Reply | null> {
  const body = await get(toPageRequest(list, asked));
  if (body === null) return null;
  // What was asked for can be what Datafold said of its pages before.
  const items = readItems(list, body, Math.min(asked.size, pageSize));
  const { page = asked.page, size = asked.size, count } = readNumbers(body);
  return { start: (page - 1) * size, size, items, count };
}

/** Whether an item with so many before it would be in the page, or is in none. */
const hasPlace = ({ start, size, count }: Reply, place: number): boolean =>
  (place >= start && place < start + size) || (count !== undefined && place >= count);

function toPage<Row>(list: List<Row>, { offset, first, cursorAt }: ListPart, reply: Reply): Page<Row> {
  const { start, size, items, count } = reply;
  const skipped = offset - start;
  const isInside = skipped >= 0 && skipped < size;
  const found = isInside ? items.slice(skipped, Math.min(skipped + first, size)) : [];
  const end = offset + found.length;
  const hasMore = count === undefined ? end - start < items.length || items.length >= size : end < count;
  return {
    items: found.map((item, index) => ({ cursor: cursorAt(offset + index), row: list.toRow(item) })),
    // Behind a page without items there is no cursor to go on from.
    hasNextPage: hasMore && (found.length > 0 || first === 0),
    hasPreviousPage: offset > 0,
    totalCount: count === undefined || count > mostCount ? toBadField('DATAFOLD') : count,
  };
}
