/** A page of a monitor's runs, read from Olostep's events pages: forward only, as they are. */
import { OperationTooCostly, ProviderError } from '../../errors.ts';
import type { Body } from '../../upstream/body.ts';
import type { Get, Page, RunRow, RunWindow } from '../provider.ts';
import { toBadField } from '../reader.ts';
import { mostPerPage, readNextCursor, readRows, readTotalCount, saysMore, toPageRequest } from './events-page.ts';
import { type Place, parseCursor, toCursor, unknownCursor } from './run-cursor.ts';
import { type Bounds, toBounds } from './run-window.ts';

type Row = RunRow | ProviderError;
type Item = Page<RunRow>['items'][number];

/** The most of Olostep's pages that are read for one of ours. */
const mostPages = 5;

/**
 * The runs of the monitor that have a snapshot, newest first [O8]; `null` when there is no such monitor. Without a window it
 * is one call as a rule, of a page as long as ours. Olostep can't be asked for a window: its pages are looked through. Each run
 * comes once.
 * @throws {BadUserInput} when `after` is no cursor of this list
 * @throws {ProviderError} when Olostep failed, its pages go round, or it says that there is more but not where
 */
export async function readPage(get: Get, monitorId: string, window: RunWindow): Promise<Page<RunRow> | null> {
  const bounds = toBounds(monitorId, window);
  // That there is more is seen from the next run, so one is looked for where none is wanted.
  const size = Math.max(window.first, 1);
  const items: Item[] = [];
  let totalCount: Page<RunRow>['totalCount'] = null;
  const toPage = (hasNextPage: boolean, endCursor?: string): Page<RunRow> => ({
    items: window.first === 0 ? [] : items,
    hasNextPage: hasNextPage || (window.first === 0 && items.length > 0),
    hasPreviousPage: window.after != null,
    totalCount,
    ...(endCursor !== undefined && window.first > 0 && { endCursor }),
  });

  let place: Place = window.after == null ? { page: null } : parseCursor(bounds.list, window.after);
  /** Olostep's pages and runs that have been met on the way to this page of ours. */
  const asked = [place.page];
  const met = new Set<string>();
  /** What leads round has no end, and nobody knows what is behind it. */
  const goOn = (next: string): string => {
    if (asked.includes(next)) throw toBadField('OLOSTEP');
    asked.push(next);
    return next;
  };
  let limit = bounds.isWhole ? Math.min((place.behind?.index ?? -1) + 1 + size, mostPerPage) : mostPerPage;
  /** What has been found so far, to be gone on with behind the pages that were read: nobody needs to read them again. */
  const toPart = (): Page<RunRow> => {
    const cursor = toCursor(bounds.list, place);
    const last = items.pop();
    if (last === undefined) return toPage(true, cursor);
    items.push({ ...last, cursor });
    return toPage(true);
  };
  for (let pages = 1; ; pages++) {
    let page: Body | null;
    try {
      page = await get(toPageRequest(monitorId, limit, place.page, pages === 1 && place.page !== null));
    } catch (error) {
      if (pages > 1 && place.behind === undefined && error instanceof OperationTooCostly) return toPart();
      throw error;
    }
    if (page === null) {
      // There was such a monitor a moment ago; a cursor may be good no more where its monitor is.
      if (pages > 1) throw toBadField('OLOSTEP');
      if (place.page !== null) throw unknownCursor();
      return null;
    }
    if (bounds.isWhole && pages === 1) totalCount = readTotalCount(page);
    const rows = readRows(page, monitorId, limit);
    const next = readNextCursor(page);

    const start = place.behind === undefined ? 0 : findEnd(rows, place.behind);
    if (start === undefined) {
      // New snapshots may have pushed it out of the page, though hardly beyond the one behind that.
      if (next === undefined || pages > 1) throw unknownCursor();
      place = { ...place, page: goOn(next) };
      limit = mostPerPage;
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
      const side = bounds.sideOf(timeOf(row));
      // Newest first: whatever follows is earlier still.
      if (side === 'earlier') return toPage(false);
      if (side === 'later') continue;
      if (items.length === size) return toPage(true);
      const cursor = toCursor(bounds.list, { page: place.page, behind: { index, runId } });
      items.push({ cursor, row: toItem(row, bounds) });
    }
    if (next === undefined) {
      // What there is more can't be had. What has come is shown first, and whoever goes on behind it is told.
      if (saysMore(page) && items.length === 0 && window.first > 0) throw toBadField('OLOSTEP');
      return toPage(saysMore(page));
    }
    if (!hasNew) throw toBadField('OLOSTEP');
    place = { page: goOn(next) };
    limit = bounds.isWhole ? size : mostPerPage;
    // A shorter page is as good, but an empty one is worth another look.
    if (items.length < (bounds.isWhole ? 1 : size) && pages < mostPages) continue;
    return toPart();
  }
}

/** Where the rows behind that run begin, wherever it stands by now; `undefined` when it isn't here. */
function findEnd(rows: readonly Row[], { index, runId }: NonNullable<Place['behind']>): number | undefined {
  if (runId === null) return index < rows.length ? index + 1 : undefined;
  const found = rows.findIndex((row) => !(row instanceof ProviderError) && row.runId === runId);
  return found === -1 ? undefined : found + 1;
}

const timeOf = (row: Row): number | undefined => (row instanceof ProviderError ? undefined : row.time);

/** Of a run without a time nobody knows whether it is in the window. */
const toItem = (row: Row, { isWhole }: Bounds): Row =>
  isWhole || timeOf(row) !== undefined ? row : toBadField('OLOSTEP');
