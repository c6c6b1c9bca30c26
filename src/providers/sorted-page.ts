/** Pages of runs, newest first, of lists that are so as a rule: what was read is sorted, where it isn't. */
import type { Page, RunRow, RunWindow } from './provider.ts';

/** A page in the order of the list that it was read from. */
export interface ListedPage extends Page<RunRow> {
  /** The time by which each item is placed, in Unix milliseconds. */
  readonly times: readonly number[];
}

export interface SortedPageOptions {
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
  const { endCursor: _last, ...page } = listed;
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
  Buffer.from(JSON.stringify([mark, list, after, length, index, runId])).toString('base64url');

/** `undefined` for any other cursor, which the reader of the list checks. */
function parseCursor(list: string, cursor: string | null | undefined): SortedPlace | undefined {
  if (cursor == null) return undefined;
  try {
    const [first, ofList, after, length, index, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const isPlace = isCount(length) && length <= maxLength && isCount(index) && index < length;
    const isText = (value: unknown) => value === null || typeof value === 'string';
    if (first === mark && ofList === list && isPlace && isText(after) && isText(runId))
      return { after, length, index, runId };
  } catch {
    // Not one of ours.
  }
  return undefined;
}

/** As many as a page of ours has at most. */
const maxLength = 100;

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
