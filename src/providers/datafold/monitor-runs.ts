/**
 * A page of a Datafold monitor's runs. Datafold has a time filter, but not by which timestamp, and runs that have
 * none may be missing from what it gives [D2]: so the pages are read without one, and the window is found in them.
 */
import { OperationTooCostly, type ProviderError } from '../../core/errors.ts';
import { encodeCursor, type Get, type Page, type RunRow, type RunWindow } from '../lists.ts';
import { invalidField } from '../response-reader.ts';
import {
  type ListedPage,
  orderToleranceMs,
  RunOrder,
  readSortedPage,
  type TimeWindow,
  toTimeWindow,
} from '../run-order.ts';
import { hasMoreBehind, type List, type Reply, toTotalCount } from './list.ts';
import {
  maxPages,
  parseRunCursor,
  type RunCursor,
  RunPagesReader,
  type Start,
  seekWindow,
  unknownRunCursor,
} from './run-pages-reader.ts';

/**
 * The page, newest first; `null` when there is no such monitor. A run without a start is where its list places it: it counts as
 * having started with the nearest run above it that has one, or now if there is none.
 * @throws {BadUserInput} when `after` is no cursor of this list
 * @throws {ProviderError} when what Datafold sends isn't a page, or not the requested one, or lacks what there is
 */
export function readMonitorRuns(
  get: Get,
  list: List<RunRow>,
  monitorId: string,
  window: RunWindow,
): Promise<Page<RunRow> | null> {
  const { startedAfter, startedBefore } = window;
  const name = JSON.stringify(['runs', monitorId, startedAfter ?? null, startedBefore ?? null]);
  const read = (part: RunWindow) => new MonitorRuns(get, list, name, part).read();
  return readSortedPage({ list: name, window, read, unknownCursor: unknownRunCursor });
}

type Row = RunRow | ProviderError;

class MonitorRuns {
  readonly #name: string;
  readonly #window: RunWindow;
  readonly #times: TimeWindow;
  readonly #cursor: RunCursor | undefined;
  readonly #pages: RunPagesReader;
  readonly #readAt: number;
  #order: RunOrder;
  #isUnordered: boolean;
  readonly #items: { readonly cursor: string; readonly row: Row; readonly time: number }[] = [];

  constructor(get: Get, list: List<RunRow>, name: string, window: RunWindow) {
    this.#name = name;
    this.#window = window;
    this.#times = toTimeWindow(window);
    this.#cursor = parseRunCursor(name, window.after);
    const { pageSize } = window;
    const isWindow = !this.#times.isWhole;
    this.#pages = new RunPagesReader({ get, list, pageSize, cursor: this.#cursor, isWindow });
    this.#readAt = this.#cursor?.readAt ?? window.now;
    this.#order = new RunOrder(this.#readAt, this.#cursor && (this.#cursor.above ?? Number.POSITIVE_INFINITY));
    this.#isUnordered = this.#cursor?.isUnordered ?? false;
  }

  async read(): Promise<ListedPage | null> {
    const { first } = this.#window;
    if (this.#cursor !== undefined) return this.#readFrom(await this.#pages.goOn(this.#cursor, first));
    const reply = await this.#pages.readFirst(first);
    if (reply === null) return null;
    if (this.#times.isWhole) return this.#readWhole({ reply, offset: 0 });
    const seek = await seekWindow(this.#pages, reply, this.#times.latest);
    this.#isUnordered = seek.isUnordered;
    if (seek.offset > 0) this.#order = new RunOrder(this.#readAt, Number.POSITIVE_INFINITY);
    return this.#readWindow(seek);
  }

  #readFrom(start: Start): Promise<ListedPage> {
    return this.#times.isWhole ? this.#readWhole(start) : this.#readWindow(start);
  }

  /** The next runs of the list, of one page as a rule. */
  async #readWhole(start: Start): Promise<ListedPage> {
    const { first } = this.#window;
    let { reply, offset } = start;
    for (;;) {
      const skipped = offset - reply.start;
      const isInside = skipped < reply.size;
      const items = isInside ? reply.items.slice(skipped, Math.min(skipped + first, reply.size)) : [];
      for (const item of items) this.#add(reply, offset++, this.#pages.row(item));
      const hasMore = hasMoreBehind(reply, offset);
      if (!hasMore || first === 0 || this.#items.length > 0) return this.#toPage(hasMore);
      // Behind a page without items there is no cursor to go on from: to say that this is the end would be wrong.
      if (isInside) throw invalidField('DATAFOLD');
      ({ reply, offset } = await this.#pages.readBehind({ reply, offset }, first));
    }
  }

  /** The next runs of the window, of as many pages as it takes. */
  async #readWindow(start: Start): Promise<ListedPage> {
    const size = Math.max(this.#window.first, 1);
    let { reply, offset } = start;
    const isFromTop = this.#cursor === undefined;
    const skipsPages = isFromTop && offset > 0;
    const met = new Set<string>();
    for (let pages = 1; ; pages++) {
      const rows = reply.items.slice(Math.max(offset - reply.start, 0)).map((item) => this.#pages.row(item));
      const times = rows.map((row) => this.#order.place(timeOf(row)));
      if (this.#order.isOutOfOrder && !this.#isUnordered) {
        this.#isUnordered = true;
        // What was skipped may have some of the window, after all.
        if (skipsPages) return this.#readAll();
      }
      for (const [index, row] of rows.entries()) {
        const time = times[index] ?? 0;
        const runId = row instanceof Error ? null : row.runId;
        offset++;
        if (runId !== null && met.has(runId)) continue;
        if (runId !== null) met.add(runId);
        // Newest first: whatever follows is earlier still, but for those that had to wait for their start.
        if (!this.#isUnordered && time < this.#times.earliest - orderToleranceMs) return this.#toPage(false);
        if (time > this.#times.latest || time < this.#times.earliest) continue;
        if (this.#items.length === size) return this.#toPage(true);
        this.#add(reply, offset - 1, row, time);
      }
      if (!hasMoreBehind(reply, offset)) return this.#toPage(false);
      if (reply.items.length < reply.size) {
        // The rest can't be had. What has come is shown first, and the next page is an error.
        if (this.#items.length === 0) throw invalidField('DATAFOLD');
        return this.#toPage(true);
      }
      const last = rows.length === 0 ? undefined : this.#toCursor(reply, offset - 1, rows.at(-1) ?? null, times.at(-1));
      if (last !== undefined) {
        // Whether there is another run, the next page finds out.
        if (this.#items.length === size || pages >= maxPages) return this.#toPage(true, last);
      }
      try {
        ({ reply, offset } = await this.#pages.readBehind({ reply, offset }, size));
      } catch (error) {
        if (last === undefined || !(error instanceof OperationTooCostly)) throw error;
        return this.#toPage(true, last);
      }
    }
  }

  /** All of the list, as no place of the window in it is known. */
  async #readAll(): Promise<ListedPage> {
    this.#items.length = 0;
    this.#order = new RunOrder(this.#readAt);
    return this.#readWindow({ reply: await this.#pages.readAt(0, 1), offset: 0 });
  }

  #add(reply: Reply, offset: number, row: Row, time = this.#order.place(timeOf(row))): void {
    this.#items.push({ cursor: this.#toCursor(reply, offset, row, time), row, time });
  }

  /** The cursor of the run with so many before it. */
  #toCursor({ count }: Reply, place: number, row: Row | null, above: number | undefined): string {
    const { total, most } = this.#pages;
    const runId = row === null || row instanceof Error ? null : row.runId;
    const isUnordered = this.#isUnordered || undefined;
    const where = { list: this.#name, place, runId, count, total, most };
    return encodeCursor({ ...where, above: toFinite(above), readAt: this.#readAt, isUnordered } satisfies RunCursor);
  }

  /** @param endCursor where reading stopped, if that isn't at the last item */
  #toPage(hasNextPage: boolean, endCursor?: string): ListedPage {
    const { first, after } = this.#window;
    const items = first === 0 ? [] : this.#items;
    const isOutOfOrder = this.#isUnordered || this.#order.isOutOfOrder;
    return {
      items: items.map(({ cursor, row }, index) => ({
        cursor: index === items.length - 1 ? (endCursor ?? cursor) : cursor,
        row,
      })),
      times: items.map(({ time }) => time),
      hasNextPage: hasNextPage || (first === 0 && this.#items.length > 0),
      hasPreviousPage: after != null,
      totalCount: this.#times.isWhole ? toTotalCount(this.#pages.total) : null,
      ...(endCursor !== undefined && items.length === 0 && first > 0 && { endCursor }),
      ...(isOutOfOrder && { isOutOfOrder }),
    };
  }
}

const timeOf = (row: Row): number | undefined => (row instanceof Error ? undefined : row.time);

/** Later than any time is said by none. */
const toFinite = (time: number | undefined) => (time === undefined || Number.isFinite(time) ? time : undefined);
