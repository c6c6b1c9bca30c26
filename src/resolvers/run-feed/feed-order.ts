/**
 * The order of the run feed: newest first, then by account, monitor and run. It is total. Also the position of each row of a page in
 * that order, and where a numbered list has a position. Pure.
 */
import type { Account, AccountId } from '../../core/accounts.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { PageToken, RunListPage, RunRow } from '../../providers/lists.ts';
import { RunOrder } from '../../providers/run-order.ts';
import type { Body } from '../../upstream/read-response.ts';

/** Where a run stands, or would. `time` is in Unix milliseconds. */
export interface SortKey {
  readonly time: number;
  /** Of the provider and the account, as `toAccountId` gives it. */
  readonly accountId: string;
  readonly monitorId: string;
  readonly runId: string;
}

/** Negative when `a` comes first. It is 0 for the same run alone. */
export const compareKeys = (a: SortKey, b: SortKey): number =>
  (a.time === b.time ? 0 : b.time - a.time) ||
  compareText(a.accountId, b.accountId) ||
  compareText(a.monitorId, b.monitorId) ||
  compareText(a.runId, b.runId);

/** The key before all runs of that time. */
export const keyAt = (time: number): SortKey => ({ time, accountId: '', monitorId: '', runId: '' });

/** By code units, which is the same everywhere. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** A run that has been read, or what stands where one can't be read. */
export interface FeedRow extends SortKey {
  readonly account: Account;
  readonly accountId: AccountId;
  /** `undefined` where it isn't known whether there is a run to show: that is a gap. */
  readonly row: Body | undefined;
  /** When its page was read, in Unix milliseconds. */
  readonly readAt: number;
  /** Whether its page is a cached one, as the provider is down. @default false */
  readonly isStale?: boolean;
}

/** Which part of all runs a page shows. Times are Unix milliseconds. */
export interface FeedWindow {
  /** The page begins behind it. */
  readonly boundary: SortKey;
  readonly since: number;
  readonly snapshotTime: number;
  readonly firstPageTime: number;
}

/** A page of the monitor's list, with what the filter says of each row. */
export interface ReadPage extends RunListPage {
  readonly token: PageToken | undefined;
  /** For each row: whether the filter wants it; `undefined` when the row doesn't let it decide. */
  readonly matches: readonly (boolean | undefined)[];
  readonly readAt: number;
  /** Whether it is a cached one, as the provider is down. @default false */
  readonly isStale?: boolean;
}

/** The list that rows are of. */
export interface RowSource {
  readonly account: Account;
  readonly accountId: AccountId;
  readonly monitorId: string;
  /** The time of a run without a start that has no run above it, in Unix milliseconds. */
  readonly topTime: number;
}

/**
 * The time of a run without a start at the top of its list. It is outside a window that ended before the first page. In others it is
 * as late as a run can be: at the end, or when the list of monitors says that the monitor ran last. If that list goes by runs that
 * have started, which no document says, it doesn't tell of later ones, and a monitor that isn't read by then would lose them.
 * @param bound no run of the monitor is later, by its row in the list of monitors
 */
export const toTopTime = (
  { snapshotTime, firstPageTime }: Pick<FeedWindow, 'snapshotTime' | 'firstPageTime'>,
  bound: number,
): number => (snapshotTime < firstPageTime ? Number.POSITIVE_INFINITY : Math.min(snapshotTime, bound));

/**
 * Gives each row its position. A run without a start takes the time of the nearest run above it. Runs later than the first page
 * say nothing, as they weren't there.
 * @param skipped how many rows at the top of the page are left out
 * @param timeAbove the time of the row above those that follow, in Unix milliseconds; `undefined` when there is none
 * @returns the rows that the filter wants, or may, and the time of the last row; `undefined` when no row says one
 */
export function placeRows(
  { account, accountId, monitorId, topTime }: RowSource,
  page: ReadPage,
  skipped: number,
  timeAbove: number | undefined,
  { firstPageTime }: Pick<FeedWindow, 'firstPageTime'>,
): { readonly placed: readonly FeedRow[]; readonly lastTime: number | undefined } {
  const order = new RunOrder(firstPageTime, timeAbove ?? topTime);
  const placed: FeedRow[] = [];
  let lastTime: number | undefined;
  for (let place = skipped; place < page.rows.length; place++) {
    const row = page.rows[place] as RunRow | ProviderError;
    const time = toRowTime(row);
    if (time !== undefined && time > firstPageTime) continue;
    lastTime = order.place(time);
    const isWanted = page.matches[place];
    if (isWanted === false) continue;
    const runId = row instanceof Error ? '' : row.runId;
    const body = row instanceof Error || isWanted === undefined ? undefined : row.row;
    const { readAt, isStale = false } = page;
    placed.push({ time: lastTime, account, accountId, monitorId, runId, row: body, readAt, isStale });
  }
  return { placed, lastTime };
}

/** In whole milliseconds; `undefined` when the row says no time. */
export const toRowTime = (row: RunRow | ProviderError | undefined): number | undefined =>
  row === undefined || row instanceof Error || row.time === undefined ? undefined : Math.floor(row.time);

/** Whether the row says a time, and one that isn't later. */
export const isBefore = (row: RunRow | ProviderError, time: number): boolean => (toRowTime(row) ?? Infinity) <= time;

/** What is known where a time is sought in a numbered list. Pages count from 1, times are Unix milliseconds. */
export interface Seek {
  /** The page after one that is wholly later than the time; or the first. */
  readonly lower: number;
  /** A page that begins at the time or earlier, or may; `undefined` when none is known. */
  readonly upper: number | undefined;
  /** The time of the row above `lower`. */
  readonly timeAbove: number | undefined;
  /** The time of the top of the list, about. */
  readonly newestTime: number;
  readonly soughtTime: number;
  readonly lastPage: number | undefined;
}

/** Which page of a numbered list to read to find a time in it: a guess by rows per time, then bisection. */
export function chooseProbe({ lower, upper, timeAbove, newestTime, soughtTime, lastPage }: Seek): number {
  if (upper !== undefined) return upper <= lower ? lower : Math.floor((lower + upper) / 2);
  if (timeAbove === undefined || timeAbove >= newestTime) return lower;
  const pagesPerMs = (lower - 1) / (newestTime - timeAbove);
  const guess = 1 + Math.floor(pagesPerMs * (newestTime - soughtTime));
  return Math.max(lower, Math.min(guess, lastPage ?? 2 * lower));
}
