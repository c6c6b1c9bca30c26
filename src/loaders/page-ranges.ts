/**
 * Which runs the first page of a monitor's list can't have, by what it showed last: it only moves on to newer runs. Runs that are older
 * than all of it aren't looked for there again. Where that is wrong, as after a deletion, it costs calls, and no run.
 */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../core/limits.ts';
import { providers } from '../providers/index.ts';
import type { RunListPages } from '../providers/lists.ts';
import type { Body } from '../upstream/read-response.ts';
import type { MonitorOwner } from './unmoved-monitors.ts';

/** More rows than any page has. */
const maxPageLength = 1_000;

export class PageRanges {
  /** The id of the oldest run of a page, by the credential and the path: pages of another length have other runs. */
  readonly #oldestIds: LRUCache<string, string>;

  constructor({ maxPageRanges }: Pick<Limits, 'maxPageRanges'>) {
    this.#oldestIds = new LRUCache({ max: maxPageRanges });
  }

  /** Notes the first page of a monitor's runs. It says nothing where its provider's ids don't tell which run is older. */
  note(owner: MonitorOwner, monitorId: string, path: string, body: Body): void {
    const { compareIds, pages } = providers[owner.account.provider].runs;
    if (compareIds === undefined) return;
    const ids = readIds(pages, monitorId, body);
    const isInOrder = ids.every((id, place) => place === 0 || compareIds(ids[place - 1] as string, id) > 0);
    const oldestId = ids.at(-1);
    if (oldestId !== undefined && isInOrder) this.#oldestIds.set(toKey(owner, path), oldestId);
    else this.#oldestIds.delete(toKey(owner, path));
  }

  /** Whether the page is sure not to have the run. */
  excludes(owner: MonitorOwner, path: string, runId: string): boolean {
    const { compareIds } = providers[owner.account.provider].runs;
    const oldestId = this.#oldestIds.get(toKey(owner, path));
    return compareIds !== undefined && oldestId !== undefined && compareIds(runId, oldestId) < 0;
  }
}

/** The ids of the runs in a page; none when one of them can't be read. */
function readIds(pages: RunListPages, monitorId: string, body: Body): readonly string[] {
  try {
    const { rows } = pages.read(monitorId, undefined, maxPageLength, body);
    const ids = rows.flatMap((row) => (row instanceof Error ? [] : [row.runId]));
    return ids.length === rows.length ? ids : [];
  } catch {
    // It isn't a page of runs: the reader of the page says so.
    return [];
  }
}

const toKey = ({ credential }: MonitorOwner, path: string): string => `${credential.digest} ${path}`;
