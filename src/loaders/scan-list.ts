/** Finds runs or monitors in the pages of a list. */
import { isEndpointSpecific } from '../core/errors.ts';
import type { Get, ListScan } from '../providers/provider.ts';
import type { Body } from '../upstream/read-response.ts';

export interface Search<Row> {
  /** When a page was received, in Unix milliseconds; `undefined` for just now. */
  readAtOf(page: Body): number | undefined;
  readonly walk: ListScan<Row>;
  /** The ids that are looked for. */
  readonly ids: ReadonlySet<string>;
  idOf(row: Row): string;
  readonly maxPages: number;
  /** Another page is read as long as so many are missing, and the last one had any. @default one, whatever the last one had */
  readonly worthFrom?: number;
}

/** A row, and when its page was received, in Unix milliseconds; `undefined` for just now. */
export interface FoundRow<Row> {
  readonly row: Row;
  readonly readAt: number | undefined;
}

/** What was found. */
export interface Found<Row> {
  /** By id. */
  readonly rows: ReadonlyMap<string, FoundRow<Row>>;
  /** Whether the pages had rows that can't be read, or led nowhere though the list goes on: one that is missing may be there. */
  readonly hasUnread: boolean;
  /** Why a page behind the first couldn't be read: what was found before is there all the same. */
  readonly failure?: unknown;
}

export const nothingFound: Found<never> = { rows: new Map<string, FoundRow<never>>(), hasUnread: false };

/**
 * The rows of the objects, as far as the pages that were read have them: that one is missing says nothing of it.
 * @throws what the first page fails with
 */
export async function scanList<Row>(get: Get, search: Search<Row>): Promise<Found<Row>> {
  const { walk, ids, idOf, maxPages, worthFrom = 0 } = search;
  const found = new Map<string, FoundRow<Row>>();
  let hasUnread = false;
  let request: ListScan<Row>['first'] | undefined = walk.first;
  for (let pages = 0; request !== undefined && pages < maxPages; pages++) {
    let page: Body | null;
    try {
      page = await get(request);
    } catch (failure) {
      if (pages === 0) throw failure;
      return { rows: found, hasUnread, failure };
    }
    if (page === null) {
      hasUnread ||= pages > 0;
      break;
    }
    const before = found.size;
    const { rows, next, unread = false } = walk.read(page);
    hasUnread ||= unread;
    // The first row of an object is the one that lists show.
    const readAt = search.readAtOf(page);
    for (const row of rows) if (ids.has(idOf(row)) && !found.has(idOf(row))) found.set(idOf(row), { row, readAt });
    const isDone = ids.size - found.size < Math.max(worthFrom, 1);
    if (isDone || (worthFrom > 0 && found.size === before)) break;
    request = next;
  }
  return { rows: found, hasUnread };
}

/** The failure of a list, where no other request to the provider would succeed either. */
export function throwFailure({ failure }: Found<unknown>): void {
  if (failure !== undefined && !isEndpointSpecific(failure)) throw failure;
}
