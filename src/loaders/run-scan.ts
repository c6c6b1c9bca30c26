/** Scans the list of a monitor's runs page by page, from its top, as far as a field needs it. */
import type { Get, ListScan, RunRow } from '../providers/provider.ts';
import type { FoundRow, Search } from './scan-list.ts';

export class RunScan {
  readonly #get: Get;
  readonly #list: ListScan<RunRow>;
  readonly #readAtOf: Search<RunRow>['readAtOf'];
  readonly #rows = new Map<string, FoundRow<RunRow>>();
  /** The pages that were requested, by their paths. */
  readonly #paths = new Set<string>();
  #next: ListScan<RunRow>['first'] | undefined;
  #reading: Promise<void> | undefined;
  /** The time of the last row that was read, in Unix milliseconds. */
  #oldest = Number.POSITIVE_INFINITY;
  /** Whether the list is newest first, as far as it was read. */
  #isOrdered = true;
  /** No row that can't be read is later than this. */
  #latestUnreadable = Number.NEGATIVE_INFINITY;

  constructor(get: Get, readAtOf: Search<RunRow>['readAtOf'], list: ListScan<RunRow>) {
    this.#get = get;
    this.#readAtOf = readAtOf;
    this.#list = list;
    this.#next = list.first;
  }

  /** How many pages were read. */
  get pages(): number {
    return this.#paths.size;
  }

  get hasNext(): boolean {
    return this.#next !== undefined;
  }

  /** The row of a run, if a page that was read has it. */
  find(runId: string): FoundRow<RunRow> | undefined {
    return this.#rows.get(runId);
  }

  /**
   * Whether the next pages can have a row that is at least as late as `earliest`.
   * @param earliest Unix milliseconds; any time, if undefined
   */
  canFollow(earliest: number | undefined): boolean {
    return this.hasNext && !(this.#isOrdered && earliest !== undefined && this.#oldest < earliest);
  }

  /** Whether such a row can be among those that were read and can't be understood. */
  canBeUnreadable(earliest = Number.NEGATIVE_INFINITY): boolean {
    const isAny = this.#latestUnreadable > Number.NEGATIVE_INFINITY;
    return isAny && !(this.#isOrdered && this.#latestUnreadable < earliest);
  }

  /** Reads the next page; those who wait at the same time wait for the same one. @throws {ProviderError} */
  readPage(): Promise<void> {
    this.#reading ??= this.#readNext().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNext(): Promise<void> {
    const request = this.#next;
    if (request === undefined) return;
    const page = await this.#get(request);
    const isFirst = this.#paths.size === 0;
    this.#paths.add(request.path);
    if (page === null) {
      this.#next = undefined;
      // There was a list a moment ago.
      if (!isFirst) this.#noteUnreadable();
      return;
    }
    const { rows, next, unread, latestUnread } = this.#list.read(page);
    if (unread) this.#noteUnreadable(latestUnread);
    const readAt = this.#readAtOf(page);
    for (const row of rows) this.#add(row, readAt);
    this.#next = next;
    // Cursors that lead back: what the list has beyond them can't be read.
    if (next !== undefined && this.#paths.has(next.path)) {
      this.#next = undefined;
      this.#noteUnreadable();
    }
  }

  #add(row: RunRow, readAt: number | undefined): void {
    // The first row of a run is the one that lists show.
    if (!this.#rows.has(row.runId)) this.#rows.set(row.runId, { row, readAt });
    if (row.time === undefined) return;
    if (row.time > this.#oldest) this.#isOrdered = false;
    this.#oldest = row.time;
  }

  #noteUnreadable(latest = this.#oldest): void {
    this.#latestUnreadable = Math.max(this.#latestUnreadable, latest);
  }
}
