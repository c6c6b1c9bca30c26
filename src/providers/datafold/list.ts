/** Datafold's lists, page by numbered page: how to request a page, and what one says. */
import type { ProviderError } from '../../core/errors.ts';
import type { Items } from '../../json/lazy-array.ts';
import { tooLarge } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { UpstreamRequest } from '../../upstream/request.ts';
import { withinLength } from '../max-page-length.ts';
import { type JsonNumber, toNumber } from '../numbers.ts';
import type { ListScan } from '../provider.ts';
import { createReader, type Found, invalidField, toLargeField } from '../response-reader.ts';
import type { PageChoice } from './choose-page.ts';
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
  path: `${path}?${new URLSearchParams({ page: String(page), page_size: String(size), ...query })}`,
  echoes: {},
  rows: member,
  isClientControlled,
  isContinuation,
  newestRunsOf: isContinuation ? undefined : monitorId,
});

/** The part that both lists have. */
type Numbers = Pick<components['schemas']['ListRuns'], 'count' | 'page' | 'page_size' | 'total_pages'>;

const read = createReader<Numbers>('DATAFOLD', ListRuns);

/** What a page says of itself; `undefined` where it doesn't. */
export interface PageNumbers {
  readonly page: number | undefined;
  readonly size: number | undefined;
  readonly pages: number | undefined;
  /** How many items the list has. */
  readonly count: number | undefined;
}

export const readNumbers = (body: Body): PageNumbers => ({
  page: toWhole(read(body, 'page'), 1),
  size: toWhole(read(body, 'page_size'), 1),
  pages: toWhole(read(body, 'total_pages'), 0),
  count: toWhole(read(body, 'count'), 0),
});

function toWhole(found: Found<JsonNumber>, least: number): number | undefined {
  const number = toNumber(found);
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= least ? number : undefined;
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
