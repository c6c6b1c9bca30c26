/** A page of a monitor's runs, read from Olostep's events pages: forward only, as they are. Its cursors are made of Olostep's. */
import { BadUserInput, isTimeout, OperationTooCostly, ProviderError } from '../../core/errors.ts';
import type { Body } from '../../upstream/read-response.ts';
import { isTime } from '../date-time.ts';
import type { Get, Page, RunRow, RunWindow } from '../lists.ts';
import { decodeTuple, encodeCursor } from '../lists.ts';
import { invalidField } from '../response-reader.ts';
import { type ListedPage, orderToleranceMs, RunOrder, readSortedPage, toTimeWindow } from '../run-order.ts';
import { maxPerPage, readNextCursor, readRows, readTotalCount, saysMore, toPageRequest } from './events-page.ts';
import { isRunId } from './values.ts';

type Row = RunRow | ProviderError;

/** The most of Olostep's pages that are read for one of ours. */
const maxPages = 5;

/**
 * The runs of the monitor that have a snapshot, newest first; `null` when there is no such monitor. Without a window it
 * is one call as a rule, of a page as long as ours. Olostep has no time filter: its pages are searched. Each run
 * comes once. A run without a time is where its list places it: it counts as having one with the nearest run above it that has
 * one, or now if there is none.
 * @throws {BadUserInput} when `after` is no cursor of this list
 * @throws {ProviderError} when Olostep failed, its pages go round, or it says that there is more but not where
 */
export function readPage(get: Get, monitorId: string, window: RunWindow): Promise<Page<RunRow> | null> {
  const list = `${monitorId} ${window.startedAfter ?? ''} ${window.startedBefore ?? ''}`;
  const read = (part: RunWindow) => readListed(get, monitorId, list, part);
  return readSortedPage({ list, window, read, unknownCursor });
}

async function readListed(get: Get, monitorId: string, list: string, window: RunWindow): Promise<ListedPage | null> {
  const { isWhole, earliest, latest } = toTimeWindow(window);
  // That there is more is seen from the next run, so one is looked for where none is wanted.
  const size = Math.max(window.first, 1);
  const items: { readonly cursor: string; readonly row: Row; readonly time: number }[] = [];
  let totalCount: Page<RunRow>['totalCount'] = null;

  let place: Place = window.after == null ? { page: null, above: window.now } : parseCursor(list, window.after);
  const { readAt = window.now } = place;
  const order = new RunOrder(readAt, place.above ?? Number.POSITIVE_INFINITY);
  const isUnordered = () => place.isUnordered === true || order.isOutOfOrder;
  const toPage = (hasNextPage: boolean, endCursor?: string, below?: Row): ListedPage => {
    const shown = window.first === 0 ? [] : items;
    return {
      items: shown,
      times: shown.map(({ time }) => time),
      hasNextPage: hasNextPage || (window.first === 0 && items.length > 0),
      hasPreviousPage: window.after != null,
      totalCount,
      ...(endCursor !== undefined && window.first > 0 && { endCursor }),
      ...(isUnordered() ? { isOutOfOrder: true } : below && { below }),
    };
  };
  /** Olostep's pages and runs that have been met on the way to this page of ours. */
  const requested = [place.page];
  const met = new Set<string>();
  /** A cycle of pages has no end, and what follows it is unknown. */
  const goOn = (next: string): string => {
    if (requested.includes(next)) throw invalidField('OLOSTEP');
    requested.push(next);
    return next;
  };
  const more = size + (window.hasBelow ? 1 : 0);
  let limit = isWhole ? Math.min((place.behind?.index ?? -1) + 1 + more, maxPerPage) : maxPerPage;
  /** What has been found so far, to be gone on with behind the pages that were read: they needn't be read again. */
  const toPart = (): ListedPage => {
    const cursor = toCursor(list, place);
    const last = items.pop();
    if (last === undefined) return toPage(true, cursor);
    items.push({ ...last, cursor });
    return toPage(true);
  };
  for (let pages = 1; ; pages++) {
    let page: Body | null;
    try {
      const isFromClient = pages === 1 && place.page !== null;
      const isContinuation = window.after != null || place.page !== null;
      page = await get(toPageRequest(monitorId, limit, place.page, isFromClient, isContinuation));
    } catch (error) {
      if (pages > 1 && place.behind === undefined && (error instanceof OperationTooCostly || isTimeout(error)))
        return toPart();
      throw error;
    }
    if (page === null) {
      // There was such a monitor a moment ago; a cursor may be good no more where its monitor is.
      if (pages > 1) throw invalidField('OLOSTEP');
      if (place.page !== null) throw unknownCursor();
      return null;
    }
    if (isWhole && pages === 1) totalCount = readTotalCount(page);
    const rows = readRows(page, monitorId, limit);
    const next = readNextCursor(page);
    const { above } = order;
    const times = rows.map((row) => order.place(row instanceof ProviderError ? undefined : row.time));

    const start = place.behind === undefined ? 0 : findEnd(rows, place.behind);
    if (start === undefined) {
      // New snapshots may have pushed it out of the page, though hardly beyond the one behind that.
      if (next === undefined || pages > 1) throw unknownCursor();
      place = { ...place, page: goOn(next) };
      limit = maxPerPage;
      continue;
    }
    let hasNew = rows.length === 0;
    for (const [index, row] of rows.entries()) {
      const runId = row instanceof ProviderError ? null : row.runId;
      // New snapshots may have pushed it on from the page before.
      if (runId !== null && met.has(runId)) continue;
      if (runId !== null) met.add(runId);
      hasNew = true;
      if (index < start) continue;
      const time = times[index] ?? 0;
      // Newest first: whatever follows is earlier still, but for those whose snapshot took long.
      if (time < earliest - orderToleranceMs && !isUnordered()) return toPage(false);
      if (time > latest || time < earliest) continue;
      if (items.length === size) return toPage(true, undefined, row);
      const where = { page: place.page, behind: { index, runId } };
      items.push({ cursor: toCursor(list, { ...where, above, readAt, isUnordered: isUnordered() }), row, time });
    }
    if (next === undefined) {
      // What there is more can't be had. What has come is shown first, and the next page is an error.
      if (saysMore(page) && items.length === 0 && window.first > 0) throw invalidField('OLOSTEP');
      return toPage(saysMore(page));
    }
    if (!hasNew) throw invalidField('OLOSTEP');
    place = { page: goOn(next), above: order.above, readAt, isUnordered: isUnordered() };
    limit = isWhole ? Math.min(more, maxPerPage) : maxPerPage;
    // A shorter page is as good, but an empty one is worth another look.
    if (items.length < (isWhole ? 1 : size) && pages < maxPages) continue;
    return toPart();
  }
}

/** Where the rows behind that run begin, wherever it stands by now; `undefined` when it isn't here. */
function findEnd(rows: readonly Row[], { index, runId }: NonNullable<Place['behind']>): number | undefined {
  if (runId === null) return index < rows.length ? index + 1 : undefined;
  const found = rows.findIndex((row) => !(row instanceof ProviderError) && row.runId === runId);
  return found === -1 ? undefined : found + 1;
}

/** A place in the list. */
interface Place {
  /** Olostep's cursor of the page; `null` for the first. */
  readonly page: string | null;
  /** The time by which rows at the top of the page are placed that say none, in Unix milliseconds. @default later than any */
  readonly above?: number | undefined;
  /** When the list was read first, in Unix milliseconds. @default now */
  readonly readAt?: number | undefined;
  /** Whether the list has turned out to be in another order than newest first. @default false */
  readonly isUnordered?: boolean | undefined;
  /** The run in the page, behind which to go on; from the page's beginning without. */
  readonly behind?: {
    /** Its number in the page, as it was. */
    readonly index: number;
    /** `null` when it couldn't be read. */
    readonly runId: string | null;
  };
}

/** @param list which list: the monitor and the window, as text */
const toCursor = (list: string, { page, behind, above, readAt, isUnordered = false }: Place): string =>
  encodeCursor([
    ...[list, page, behind?.index ?? null, behind?.runId ?? null],
    ...[above ?? null, readAt ?? null, isUnordered],
  ]);

/** @throws {BadUserInput} when it is no cursor of this list */
function parseCursor(list: string, cursor: string): Place {
  const [ofList, page, index, runId, time, firstTime, flag] = decodeTuple(cursor);
  if (ofList !== list || !isPage(page)) throw unknownCursor();
  const more = { above: toTimeOrNone(time), readAt: toTimeOrNone(firstTime), isUnordered: flag === true };
  if (index == null && page !== null) return { page, ...more };
  if (isIndex(index) && (runId === null || (typeof runId === 'string' && isRunId(runId))))
    return { page, behind: { index, runId }, ...more };
  throw unknownCursor();
}

/** Olostep's cursors are opaque; what can't be written into a URL is none. */
const isPage = (page: unknown): page is string | null =>
  page === null || (typeof page === 'string' && page !== '' && page.isWellFormed());

/** @throws {BadUserInput} when it is neither a time nor none */
function toTimeOrNone(time: unknown): number | undefined {
  if (time == null) return undefined;
  if (typeof time !== 'number' || !isTime(time)) throw unknownCursor();
  return time;
}

const isIndex = (index: unknown): index is number => Number.isInteger(index) && (index as number) >= 0;

/** Created each time, as an error is of the field that it comes from. */
const unknownCursor = () =>
  new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', 'OLOSTEP');
