/** Finds where a window of time begins in a Datafold monitor's runs, newest first, by few of their pages. */

import { invalidField } from '../response-reader.ts';
import { orderToleranceMs, RunOrder } from '../run-order.ts';
import type { Reply } from './list-page.ts';
import type { RunPagesReader, Start } from './run-pages-reader.ts';

export interface Seek extends Start {
  /** Whether the list has turned out to be in another order: then all of it is to be read. */
  readonly isUnordered: boolean;
}

/** The times of a page. */
interface PageTimes {
  /** Of its first and last rows that say one, in Unix milliseconds; `undefined` when none does. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly isOutOfOrder: boolean;
}

/**
 * A page such that all runs above it are later than the window's end, as close to its first run as can be found.
 * @param first a page of which all runs above are
 * @param latest the end of the window, in Unix milliseconds
 * @throws {OperationTooCostly} when the request may make no more calls
 */
export async function seekWindow(reader: RunPagesReader, first: Reply, latest: number): Promise<Seek> {
  const toSeek = (reply: Reply, isUnordered = false): Seek => ({ reply, offset: reply.start, isUnordered });
  /** Later than that, a page begins above the window, however long some of its runs had to wait. */
  const bound = latest + orderToleranceMs;
  const firstTimes = readTimes(reader, first);
  if (firstTimes.isOutOfOrder) return toSeek(first, true);
  const { size, count } = first;
  if (count === undefined || !isAbove(firstTimes, bound)) return toSeek(first);

  let [low, lowTimes] = [first, firstTimes];
  let highPage = Math.ceil(count / size) + 1;
  const toPageNumber = ({ start }: Reply) => Math.floor(start / size) + 1;
  // Guesses by how far runs are from each other, and halves what is left where a guess hasn't.
  for (let isGuess = true; highPage - toPageNumber(low) > 1; ) {
    const lowPage = toPageNumber(low);
    const between = highPage - lowPage;
    // The page before it is more likely to begin above.
    const guess = isGuess ? guessPage(low, lowTimes, latest) - 1 : lowPage + Math.floor(between / 2);
    const page = Math.min(Math.max(guess, lowPage + 1), highPage - 1);
    const reply = await reader.readAt((page - 1) * size, size);
    if (toPageNumber(reply) !== page) throw invalidField('DATAFOLD');
    const times = readTimes(reader, reply);
    const isLater = times.first !== undefined && times.first > (lowTimes.last ?? times.first) + orderToleranceMs;
    if (times.isOutOfOrder || isLater) return toSeek(first, true);
    if (isAbove(times, bound)) [low, lowTimes] = [reply, times];
    else highPage = page;
    isGuess = highPage - toPageNumber(low) <= between / 2;
  }
  return toSeek(low);
}

const isAbove = ({ first }: PageTimes, bound: number): boolean => first !== undefined && first > bound;

function readTimes(reader: RunPagesReader, { items }: Reply): PageTimes {
  const order = new RunOrder(Number.POSITIVE_INFINITY);
  let first: number | undefined;
  let last: number | undefined;
  for (const item of items.slice()) {
    const row = reader.row(item);
    if (row instanceof Error || row.time === undefined) continue;
    order.place(row.time);
    first ??= row.time;
    last = row.time;
  }
  return { first, last, isOutOfOrder: order.isOutOfOrder };
}

/** The page that has the time, if all runs are as far from each other as those of this page are. */
function guessPage({ start, size, items }: Reply, { first = 0, last = 0 }: PageTimes, time: number): number {
  const between = (first - last) / Math.max(items.length - 1, 1);
  const places = between > 0 ? start + (first - time) / between : start + size;
  return Math.floor(places / size) + 1;
}
