/**
 * Reads the numbered pages of a Datafold monitor's runs for one page of ours: follows the runs that arrive meanwhile, and finds
 * where a window of time begins.
 */
import { BadUserInput, type ProviderError } from '../../core/errors.ts';
import { isTime } from '../date-time.ts';
import type { Get, RunRow } from '../lists.ts';
import { invalidField } from '../response-reader.ts';
import { orderToleranceMs, RunOrder } from '../run-order.ts';
import {
  type Cursor,
  choosePage,
  getReply,
  hasMoreBehind,
  hasPlace,
  isWholeFrom,
  type List,
  parseCursor,
  type Reply,
} from './list.ts';

/** Where reading goes on. */
export interface RunCursor extends Cursor {
  /** How many runs stood before that one when the list had `count` runs. */
  readonly place: number;
  /** The run at that place, behind which to go on; `null` when it couldn't be read. */
  readonly runId: string | null;
  /** @default unknown */
  readonly count?: number | undefined;
  /** How many runs the list had when its first page was read. @default unknown */
  readonly total?: number | undefined;
  /** The time by which the run there is placed, in Unix milliseconds. @default later than any */
  readonly above?: number | undefined;
  /** When the list was read first, in Unix milliseconds. @default now */
  readonly readAt?: number | undefined;
  /** Whether the list has turned out to be in another order. @default false */
  readonly isUnordered?: boolean | undefined;
}

const expectedRunCursor = 'Expected `after` to be the cursor of a run of this monitor and window.';

export const unknownRunCursor = () => new BadUserInput(expectedRunCursor, 'DATAFOLD');

/**
 * What a cursor of this list says; `undefined` when there is none.
 * @throws {BadUserInput} when it is none of this list
 */
export function parseRunCursor(list: string, text: string | null | undefined): RunCursor | undefined {
  const cursor = parseCursor(list, text, expectedRunCursor);
  if (cursor === undefined || isRunCursor(cursor)) return cursor;
  throw unknownRunCursor();
}

function isRunCursor(cursor: Cursor & { readonly [Name in keyof RunCursor]?: unknown }): cursor is RunCursor {
  const { runId, count, total, above, readAt, isUnordered } = cursor;
  const isIdOrNone = runId === null || typeof runId === 'string';
  const areWhole = isWholeFrom(0, count ?? 0) && isWholeFrom(0, total ?? 0);
  const areTimes = isTimeOrNone(above) && isTimeOrNone(readAt);
  const isFlag = isUnordered === undefined || typeof isUnordered === 'boolean';
  return areWhole && isIdOrNone && areTimes && isFlag;
}

const isTimeOrNone = (value: unknown): boolean => value == null || (typeof value === 'number' && isTime(value));

/** The most of Datafold's pages that are read for one of ours. */
export const maxPages = 10;

/** Where reading goes on: a page, and the number of runs in the list before the next one. */
export interface Start {
  readonly reply: Reply;
  readonly offset: number;
}

interface RunPagesOptions {
  readonly get: Get;
  readonly list: List<RunRow>;
  /** The most rows that a page is requested with. */
  readonly pageSize: number;
  readonly cursor: RunCursor | undefined;
  /** Whether whole pages are read, of a window that may be anywhere in them. */
  readonly isWindow: boolean;
}

/** Each page is requested once in a request of ours, as the same path is. */
export class RunPagesReader {
  readonly #options: RunPagesOptions;
  /** The most runs that Datafold has sent in a page of which more were requested. */
  most: number | undefined;
  /** How many runs the list had when its first page was read; `undefined` when Datafold doesn't say. */
  total: number | undefined;

  constructor(options: RunPagesOptions) {
    this.#options = options;
    this.most = options.cursor?.most;
    this.total = options.cursor?.total;
  }

  /** How many rows a page is requested with at most. */
  get size(): number {
    return Math.min(this.most ?? this.#options.pageSize, this.#options.pageSize);
  }

  row(item: unknown): RunRow | ProviderError {
    return this.#options.list.toRow(item);
  }

  /**
   * The page that has the run with so many before it.
   * @param wanted how many runs from there on are of interest
   * @throws {ProviderError} when Datafold sends another page, or had such a list a moment ago
   */
  async readAt(offset: number, wanted: number): Promise<Reply> {
    const reply = await this.#readNear(offset, wanted);
    if (reply === null) throw invalidField('DATAFOLD');
    return reply;
  }

  /** The first page; `null` when there is no such list. */
  readFirst(wanted: number): Promise<Reply | null> {
    return this.#readNear(0, wanted);
  }

  async #readNear(offset: number, wanted: number): Promise<Reply | null> {
    const { size } = this;
    const isWindow = this.#options.isWindow;
    const requested = isWindow
      ? { page: Math.floor(offset / size) + 1, size }
      : choosePage(offset, Math.min(wanted, size), size);
    const reply = await this.#read(requested);
    if (reply === null || hasPlace(reply, offset)) return reply;
    // Its pages are of another size than requested.
    const other = await this.#read({ page: Math.floor(offset / reply.size) + 1, size: reply.size });
    if (other === null || !hasPlace(other, offset)) throw invalidField('DATAFOLD');
    return other;
  }

  async #read(requested: { readonly page: number; readonly size: number }): Promise<Reply | null> {
    const { get, list, pageSize, cursor } = this.#options;
    const reply = await getReply(get, list, requested, pageSize, cursor !== undefined);
    if (reply === null) return null;
    if (reply.size < requested.size) this.most = reply.size;
    if (cursor === undefined) this.total ??= reply.count;
    return reply;
  }

  /**
   * The page that has the next run, wherever it stands by then: each run that has begun since the page before has pushed it down.
   * @throws {ProviderError} like {@link RunPagesReader.readAt}
   */
  async readBehind(start: Start, wanted: number): Promise<Start> {
    let { reply, offset } = start;
    do {
      const next = await this.readAt(offset, wanted);
      if (next.count !== undefined && reply.count !== undefined) offset += Math.max(next.count - reply.count, 0);
      reply = next;
    } while (!hasPlace(reply, offset));
    return { reply, offset };
  }

  /**
   * Where a cursor leads to. Runs that have begun since push all others down: the run that the cursor is of is looked for where
   * it was, then by how many more runs there are, or fewer, and from there on down.
   * @throws {BadUserInput} when it isn't found
   */
  async goOn({ place, runId, count }: RunCursor, wanted: number): Promise<Start> {
    // Without a number of runs there is no other way to see that they have moved on.
    const isCounted = count !== undefined;
    const reply = await this.#readBehind(isCounted ? place + 1 : place, isCounted ? wanted : wanted + 1);
    const found = this.#find(reply, runId);
    if (found !== undefined) {
      const offset = found + 1;
      // A page that is a little short is better than another call, and one that is far too short isn't.
      const isShort =
        reply.start + reply.size - offset < Math.min(wanted, reply.size) / 2 && hasMoreBehind(reply, offset);
      return isShort ? this.readBehind({ reply, offset }, wanted) : { reply, offset };
    }
    const arrived = isCounted && reply.count !== undefined ? reply.count - count : undefined;
    // Where it should have been in the page and isn't, the same number says nothing.
    const isMissing = place >= reply.start;
    if ((arrived === 0 && !isMissing) || runId === null) {
      const offset = place + 1 + Math.max(arrived ?? 0, 0);
      return hasPlace(reply, offset) ? { reply, offset } : this.readBehind({ reply, offset }, wanted);
    }
    for (let [offset, pages] = [Math.max(place + (arrived ?? 0), 0), 1]; pages <= maxPages; pages++) {
      const page = await this.readAt(offset, wanted + 1);
      const at = this.#find(page, runId);
      if (at !== undefined) return { reply: page, offset: at + 1 };
      offset = page.start + page.items.length;
      if (page.items.length < page.size || (page.count !== undefined && offset >= page.count)) break;
    }
    throw unknownRunCursor();
  }

  /** A cursor may be good no more where its monitor is. */
  async #readBehind(offset: number, wanted: number): Promise<Reply> {
    const reply = await this.#readNear(offset, wanted);
    if (reply === null) throw unknownRunCursor();
    return reply;
  }

  /** How many runs stand before that one, if it is in the page. */
  #find({ start, items }: Reply, runId: string | null): number | undefined {
    if (runId === null) return undefined;
    const found = items.slice().findIndex((item) => {
      const row = this.row(item);
      return !(row instanceof Error) && row.runId === runId;
    });
    return found === -1 ? undefined : start + found;
  }
}

interface Seek extends Start {
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
