/**
 * The order of a monitor's list of runs. It is read as newest first, which no document promises: what has been read is verified and
 * sorted where it isn't so, and a run that says no time is placed by its neighbours.
 */

import type { Page, RunRow, RunWindow } from './lists.ts';
import { decodeTuple, encodeCursor } from './lists.ts';

/**
 * By how much a run may be later than one above it in a list that still counts as newest first, in milliseconds: lists may go by
 * when a run was created, and a run that has to wait starts minutes later.
 */
export const orderToleranceMs = 5 * 60_000;

/** Follows a list row by row. */
export class RunOrder {
  /** The time of the nearest row above that says one, in Unix milliseconds. */
  #above: number;
  readonly #readAt: number;
  #earliest = Number.POSITIVE_INFINITY;
  #isOutOfOrder = false;

  /**
   * @param readAt when the list was read first, in Unix milliseconds: a row that is later has come since, and places no other
   * @param above where a row without a time is that has none above it which says one; later than any, for a row in the middle
   */
  constructor(readAt: number, above = readAt) {
    this.#readAt = readAt;
    this.#above = above;
  }

  /** The time by which a row that says none would be placed now. */
  get above(): number {
    return this.#above;
  }

  /** Whether a row was later than one above it, by more than is tolerated. */
  get isOutOfOrder(): boolean {
    return this.#isOutOfOrder;
  }

  /** The time by which the next row is placed: its own, or that of the nearest row above. */
  place(time: number | undefined): number {
    if (time === undefined) return this.#above;
    if (time > this.#earliest + orderToleranceMs) this.#isOutOfOrder = true;
    this.#earliest = Math.min(this.#earliest, time);
    if (time <= this.#readAt) this.#above = time;
    return time;
  }
}

/** The times between which runs are wanted, both included, in Unix milliseconds. */
export interface TimeWindow {
  /** Whether all runs are. */
  readonly isWhole: boolean;
  readonly earliest: number;
  readonly latest: number;
}

export const toTimeWindow = ({ startedAfter, startedBefore }: WindowArguments): TimeWindow => ({
  isWhole: startedAfter == null && startedBefore == null,
  earliest: startedAfter == null ? Number.NEGATIVE_INFINITY : Date.parse(startedAfter),
  latest: startedBefore == null ? Number.POSITIVE_INFINITY : Date.parse(startedBefore),
});

interface WindowArguments {
  readonly startedAfter?: string | null | undefined;
  readonly startedBefore?: string | null | undefined;
}

/** A page in the order of the list that it was read from. */
export interface ListedPage extends Page<RunRow> {
  /** The time by which each item is placed, in Unix milliseconds. */
  readonly times: readonly number[];
}

interface SortedPageOptions {
  /** Which list, as text: no two windows of monitors have the same. */
  readonly list: string;
  readonly window: RunWindow;
  /** Reads the page of a window in the order of the list; `null` when there is no such list. */
  read(window: RunWindow): Promise<ListedPage | null>;
  /** The error of a cursor that leads nowhere. */
  unknownCursor(): Error;
}

/** What a cursor within a page that was sorted says: which page to read, and behind which of its items to go on. */
interface SortedPlace {
  /** The cursor that the page was read behind; `null` for the first page. */
  readonly after: string | null;
  /** How many items it had. */
  readonly length: number;
  /** Behind which of them, by their number in the sorted page, and its run's id; `null` when that couldn't be read. */
  readonly index: number;
  readonly runId: string | null;
}

/**
 * The page, newest first; `null` when there is no such list. Behind a page that had to be sorted, reading goes on where the list
 * does; behind one of its other items, that page is read and sorted again.
 */
export async function readSortedPage(options: SortedPageOptions): Promise<Page<RunRow> | null> {
  const { list, window, read } = options;
  const place = parseCursor(list, window.after);
  const listed = await read(place === undefined ? window : { ...window, after: place.after, first: place.length });
  if (listed === null) return null;
  const { items, times } = listed;
  if (place === undefined && isSorted(times)) return listed;

  const order = items.map((_, index) => index).sort((a, b) => (times[b] ?? 0) - (times[a] ?? 0) || a - b);
  const sorted = order.flatMap((index) => items[index] ?? []);
  const after = place === undefined ? (window.after ?? null) : place.after;
  const length = place?.length ?? items.length;
  const start = place === undefined ? 0 : findIndex(sorted, place, options) + 1;
  const end = Math.min(start + window.first, sorted.length);
  const last = listed.endCursor ?? items.at(-1)?.cursor;
  const shown = sorted.slice(start, end).map(({ row }, number) => {
    const index = start + number;
    const isLast = index === sorted.length - 1 && last !== undefined;
    const runId = row instanceof Error ? null : row.runId;
    return { row, cursor: isLast ? last : toCursor(list, { after, length, index, runId }) };
  });
  const { endCursor: _last, below: _below, ...page } = listed;
  return {
    ...page,
    items: shown,
    hasNextPage: listed.hasNextPage || end < sorted.length,
    hasPreviousPage: window.after != null,
    // Nothing is left of the page that was sorted: reading goes on behind it.
    ...(shown.length === 0 && last !== undefined && window.first > 0 && { endCursor: last }),
  };
}

const isSorted = (times: readonly number[]): boolean =>
  times.every((time, index) => index === 0 || time <= (times[index - 1] ?? time));

function findIndex(
  sorted: ListedPage['items'],
  { index, runId }: SortedPlace,
  { unknownCursor }: SortedPageOptions,
): number {
  const found = runId === null ? index : sorted.findIndex(({ row }) => !(row instanceof Error) && row.runId === runId);
  if (found === -1 || found >= sorted.length) throw unknownCursor();
  return found;
}

const mark = 'sorted';

const toCursor = (list: string, { after, length, index, runId }: SortedPlace): string =>
  encodeCursor([mark, list, after, length, index, runId]);

/** `undefined` for any other cursor, which the reader of the list checks. */
function parseCursor(list: string, cursor: string | null | undefined): SortedPlace | undefined {
  if (cursor == null) return undefined;
  const [first, ofList, after, length, index, runId] = decodeTuple(cursor);
  if (first !== mark || ofList !== list || !isTextOrNull(after) || !isTextOrNull(runId)) return undefined;
  const isPlace = isCount(length) && length <= maxLength && isCount(index) && index < length;
  return isPlace ? { after, length, index, runId } : undefined;
}

/** As many as a page of ours has at most. */
const maxLength = 100;

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
