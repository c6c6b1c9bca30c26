/**
 * The runs of one monitor, newest first, as far as they have been read for a page. A stream reads nothing itself: it says which
 * page of the monitor's list to read next, and takes what that page holds. It is over 300 lines, as all of it is the state of a stream.
 */
import { type Account, type AccountId, toAccountId } from '../../core/accounts.ts';
import { ProviderError } from '../../core/errors.ts';
import type { MonitorRow, PageToken, RunListPages } from '../../providers/lists.ts';
import {
  chooseProbe,
  compareKeys,
  type FeedRow,
  type FeedWindow,
  isBefore,
  placeRows,
  type ReadPage,
  type SortKey,
  toRowTime,
  toTopTime,
} from './feed-order.ts';

/** A page of the list at which reading can begin. */
export interface StartPage {
  readonly token: PageToken | undefined;
  /** The time of the nearest row above it; `undefined` when there is none. */
  readonly timeAbove: number | undefined;
  /** The time of its last row; `undefined` before it is read. */
  readonly lastTime: number | undefined;
}

/** All that a later request needs to go on with a stream without reading again. */
export interface StreamState {
  readonly bound: number;
  readonly isExhausted: boolean;
  readonly isOpen: boolean;
  readonly rows: readonly FeedRow[];
  readonly next: StartPage;
  readonly upper: number | undefined;
  readonly probe: number | undefined;
  readonly pages: readonly StartPage[];
  readonly lastIds: readonly string[];
  readonly count: number | undefined;
  readonly shift: number;
  readonly readAt: number;
}

/** So many pages in a row that bring nothing new are no list. */
const maxIdlePages = 20;

const none = Number.NEGATIVE_INFINITY;

export class RunStream {
  readonly account: Account;
  readonly accountId: AccountId;
  readonly monitor: MonitorRow;
  readonly topTime: number;
  /** No unread run is later. Minus infinity when there is none in the window. */
  bound: number;
  isFailed = false;
  /** Whether it has rows of a cached page, as the provider is down. */
  isStale = false;
  /** Whether the rows that have been read are all behind the boundary down to `bound`. */
  isOpen = false;
  /** Whether a page was read for the current page. */
  hasProgress = false;
  /** Whether the cache has been looked up. */
  isLookedUp = false;
  /** Behind the boundary and in the window, in order. */
  rows: FeedRow[] = [];
  readonly #list: RunListPages;
  readonly #window: FeedWindow;
  readonly #top: StartPage;
  /** Where to read on; before the stream is open: the first page that isn't known to be wholly before the boundary. */
  #next: StartPage;
  /** Of a numbered list: a page that begins behind the boundary, or may, and the page to look at next. */
  #upper: number | undefined;
  #probe: number | undefined;
  #isFromClient = false;
  /** Pages that aren't wholly before the boundary. */
  #pages: StartPage[] = [];
  #seen = new Set<string>();
  #lastIds: readonly string[] = [];
  #count: number | undefined;
  /** How many rows of the next pages were read before: later arrivals pushed them there. */
  #shift = 0;
  #idlePages = 0;
  #readAt = Number.POSITIVE_INFINITY;
  readonly #tokens = new Set<PageToken | undefined>();

  /** @param bound no run of the monitor is later, in Unix milliseconds, by its row in the list of monitors */
  constructor(account: Account, monitor: MonitorRow, list: RunListPages, window: FeedWindow, bound: number) {
    this.account = account;
    this.accountId = toAccountId(account);
    this.monitor = monitor;
    this.#list = list;
    this.#window = window;
    this.#top = { token: list.isNumbered ? 1 : undefined, timeAbove: undefined, lastTime: undefined };
    this.#next = this.#top;
    this.topTime = toTopTime(window, bound);
    this.bound = Math.min(bound, window.boundary.time);
    if (this.bound < window.since) this.bound = none;
  }

  get monitorId(): string {
    return this.monitor.monitorId;
  }

  /** Whether there may be unread runs, and they can be read. */
  get isLive(): boolean {
    return this.bound > none && !this.isFailed;
  }

  /** The first position at which an unread run can stand. */
  get head(): SortKey {
    return { time: this.bound, accountId: this.accountId, monitorId: this.monitorId, runId: '' };
  }

  /** The page to read next. */
  get token(): PageToken | undefined {
    return this.isOpen ? this.#next.token : (this.#probe ?? this.#next.token);
  }

  /** Whether that is the first page of the list. */
  get isAtTop(): boolean {
    return this.token === this.#top.token;
  }

  /** Whether that page was named by a client's cursor. */
  get isFromClient(): boolean {
    return this.#isFromClient;
  }

  /** Begins at a page that a cursor names: nothing behind the boundary is above it. */
  startAt(token: PageToken, timeAbove: number | undefined): void {
    if (typeof token !== (this.#list.isNumbered ? 'number' : 'string')) return;
    this.#next = { token, timeAbove, lastTime: undefined };
    this.#isFromClient = true;
  }

  /**
   * Begins at the top of the list again, as the provider no longer has the page that was remembered.
   * @returns `false` when nothing was remembered
   */
  restart(): boolean {
    if (this.hasProgress || this.isAtTop) return false;
    this.isOpen = false;
    this.rows = [];
    this.bound = this.#window.boundary.time;
    this.#next = this.#top;
    this.#probe = undefined;
    this.#upper = undefined;
    this.#pages = [];
    this.#seen.clear();
    this.#shift = 0;
    this.#count = undefined;
    this.#isFromClient = false;
    return true;
  }

  /** Notes that no unread run is later than this. */
  limitTo(time: number): void {
    this.bound = time < this.#window.since ? none : Math.min(this.bound, time);
  }

  /** Notes that no run is left in the window. */
  exhaust(): void {
    this.bound = none;
  }

  /**
   * Takes the page that {@link token} names.
   * @returns the rows that it adds, and an error where runs of the list are missing
   * @throws {ProviderError} when the list leads nowhere
   */
  accept(page: ReadPage): { readonly added: readonly FeedRow[]; readonly problem?: ProviderError } {
    if (!this.#list.isNumbered && this.#tokens.has(page.token)) throw this.#toBadList();
    this.#tokens.add(page.token);
    this.hasProgress = true;
    this.#isFromClient = false;
    this.isStale ||= page.isStale === true;
    this.#readAt = Math.min(this.#readAt, page.readAt);
    const { added, isDisordered } = this.isOpen ? this.#readOn(page) : this.#seek(page);
    if (page.next === undefined && page.isIncomplete) throw this.#toBadList();
    return isDisordered || page.isIncomplete ? { added, problem: this.#toBadList() } : { added };
  }

  /** Looks for the first page that isn't wholly before the boundary. */
  #seek(page: ReadPage): Added {
    const { boundary, firstPageTime } = this.#window;
    const isContiguous = this.#probe === undefined || this.#probe === this.#next.token;
    const firstDated = page.rows.findIndex((row) => isBefore(row, firstPageTime));
    const firstTime = toRowTime(page.rows[firstDated]);
    // Of a page that was jumped to, nothing is known of what stands above: rows without a time have none there.
    if (!isContiguous && (firstTime === undefined || firstTime <= boundary.time)) {
      this.#upper = Number(page.token);
      this.#choose(page);
      return nothingAdded;
    }
    const timeAbove = isContiguous ? this.#next.timeAbove : firstTime;
    const start: StartPage = { token: page.token, timeAbove, lastTime: undefined };
    const { placed, lastTime } = placeRows(this, page, isContiguous ? 0 : firstDated, timeAbove, this.#window);
    const isWhollyBefore = lastTime === undefined ? page.next !== undefined : lastTime > boundary.time;
    if (!isWhollyBefore) {
      this.isOpen = true;
      return { added: this.#add(page, placed, start, lastTime), isDisordered: false };
    }
    if (page.next === undefined) this.exhaust();
    else this.#next = { token: page.next, timeAbove: toStored(lastTime ?? timeAbove), lastTime: undefined };
    this.#choose(page);
    return nothingAdded;
  }

  #choose({ count, size }: ReadPage): void {
    if (!this.#list.isNumbered) return;
    this.#probe = chooseProbe({
      lower: Number(this.#next.token ?? 1),
      upper: this.#upper,
      timeAbove: this.#next.timeAbove,
      newestTime: this.#window.firstPageTime,
      soughtTime: this.#window.boundary.time,
      lastPage: count === undefined ? undefined : Math.ceil(count / size),
    });
  }

  /** Reads on behind what was read. */
  #readOn(page: ReadPage): Added {
    const { boundary, snapshotTime } = this.#window;
    // Arrivals push rows from one numbered page to the next, by as many as the list has grown.
    if (this.#list.isNumbered && page.count !== undefined && this.#count !== undefined)
      this.#shift += Math.max(page.count - this.#count, 0);
    const lastSeen = page.rows.findLastIndex((row) => !(row instanceof Error) && this.#seen.has(row.runId));
    // By ids alone, a row without a start could come twice.
    const skipped = Math.min(Math.max(this.#shift, lastSeen + 1), page.rows.length);
    this.#shift = Math.max(this.#shift - page.rows.length, 0);
    if (skipped === page.rows.length && ++this.#idlePages > maxIdlePages) throw this.#toBadList();
    const start = this.#next;
    const { placed, lastTime } = placeRows(this, page, skipped, start.timeAbove, this.#window);
    // Such a run stands where an earlier page has passed already: the list isn't in order.
    const isPassed = ({ time }: FeedRow) => time > boundary.time && time <= snapshotTime;
    const isDisordered = (start.timeAbove ?? snapshotTime) <= boundary.time && placed.some(isPassed);
    return { added: this.#add(page, placed, start, lastTime), isDisordered };
  }

  #add(page: ReadPage, placed: readonly FeedRow[], start: StartPage, lastTime: number | undefined): FeedRow[] {
    const { boundary, since } = this.#window;
    const added = placed.filter((row) => row.time >= since && compareKeys(row, boundary) > 0);
    if (added.length > 0) this.rows = [...this.rows, ...added].sort(compareKeys);
    this.#pages.push({ ...start, lastTime });
    this.#lastIds = page.rows.flatMap((row) => (row instanceof Error ? [] : [row.runId]));
    for (const id of this.#lastIds) this.#seen.add(id);
    this.#count = page.count;
    if (lastTime !== undefined) this.bound = Math.min(this.bound, lastTime);
    // Rows that arrivals pushed here were read before: a run below them that has no start is no later than the last run read.
    const timeAbove = Math.min(lastTime ?? Infinity, start.timeAbove ?? Infinity);
    this.#next = { token: page.next, timeAbove: toStored(timeAbove), lastTime: undefined };
    if (page.next === undefined || this.bound < since) this.exhaust();
    return added;
  }

  #toBadList(): ProviderError {
    return new ProviderError(this.account, 'UPSTREAM_BAD_RESPONSE');
  }

  /** The page at which a later request begins that goes on behind `boundary`; `undefined` for the first. */
  toStartPage(boundary: SortKey): StartPage | undefined {
    const start = this.#pages.find(({ lastTime }) => lastTime === undefined || lastTime <= boundary.time) ?? this.#next;
    return start.token === this.#top.token ? undefined : start;
  }

  /** What a later request needs that goes on behind `boundary`. */
  toState(boundary: SortKey): StreamState {
    return {
      bound: this.bound,
      isExhausted: this.bound === none,
      isOpen: this.isOpen,
      rows: this.rows.filter((row) => compareKeys(row, boundary) > 0),
      next: this.#next,
      upper: this.#upper,
      probe: this.#probe,
      pages: this.#pages.filter(({ lastTime }) => lastTime === undefined || lastTime <= boundary.time),
      lastIds: this.#lastIds,
      count: this.#count,
      shift: this.#shift,
      readAt: this.#readAt,
    };
  }

  /** Goes on with what an earlier request has read. @param isSameBoundary whether it was behind the same boundary */
  resume(state: StreamState, isSameBoundary: boolean): void {
    const { boundary } = this.#window;
    this.isOpen = state.isOpen;
    this.rows = state.rows.filter((row) => compareKeys(row, boundary) > 0);
    this.bound = state.isExhausted ? none : Math.min(this.bound, state.bound);
    this.#next = state.next;
    this.#upper = isSameBoundary ? state.upper : undefined;
    this.#probe = isSameBoundary ? state.probe : undefined;
    this.#pages = [...state.pages];
    this.#lastIds = state.lastIds;
    this.#seen = new Set([...state.lastIds, ...state.rows.map(({ runId }) => runId)]);
    this.#count = state.count;
    this.#shift = state.shift;
    this.#readAt = state.readAt;
    this.#isFromClient = false;
  }
}

interface Added {
  readonly added: readonly FeedRow[];
  readonly isDisordered: boolean;
}

const nothingAdded: Added = { added: [], isDisordered: false };

/** Infinity means that nothing stands above. */
const toStored = (time: number | undefined): number | undefined =>
  time === Number.POSITIVE_INFINITY ? undefined : time;
