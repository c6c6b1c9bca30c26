/** What the lists of one account say of runs that are requested by their keys: the fields that no other response has. */
import DataLoader from 'dataloader';
import type { Account, RunKey } from '../core/accounts.ts';
import { OperationTooCostly, ofAccount, type ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Run } from '../providers/fields.ts';
import type { Get, ListScan, RunRow } from '../providers/lists.ts';
import type { RowHint, RunDefinition } from '../providers/provider.ts';
import { invalidField } from '../providers/response-reader.ts';
import { RunOrder } from '../providers/run-order.ts';
import type { EntryKind } from '../run-cache/run-cache.ts';
import type { CallReport } from '../upstream/call-report.ts';
import type { Body } from '../upstream/read-response.ts';
import { type CachedRuns, type CopyWant, type Known, toAbsentRow } from './cached-runs.ts';
import type { FoundRow, Search } from './planner.ts';

export interface ListRowsOptions {
  readonly account: Account;
  readonly definition: RunDefinition;
  readonly get: Get;
  readonly readAtOf: Search<RunRow>['readAtOf'];
  readonly entries: CachedRuns | undefined;
  readonly callReport: CallReport;
  readonly limits: Pick<Limits, 'listPageSize' | 'maxEventsPages'>;
  /** Reads a row, and caches it. */
  readonly toKnown: (key: RunKey, row: Body, readAt: number | undefined) => Known;
  /** The run from its own record. */
  readonly loadDetail: (key: RunKey) => Promise<Run | null>;
  /** The same, or the run from its row, if it is requested already. */
  readonly findDetail: (key: RunKey) => Promise<Run | null> | undefined;
}

const rowAlone: readonly EntryKind[] = ['row'];

/** Of one request: a monitor's list is scanned once, however many of its runs are looked for. */
export class ListRows {
  readonly #options: ListRowsOptions;
  readonly #loader: DataLoader<CopyWant, Known, string>;
  readonly #scans = new Map<string, RunScan>();

  constructor(options: ListRowsOptions) {
    this.#options = options;
    this.#loader = new DataLoader(
      // A promise a row, so that each fails alone.
      async (wants) => this.#load(wants) as unknown as Known[],
      { cacheKeyFn: ({ key: { monitorId, runId } }) => `${monitorId}/${runId}` },
    );
  }

  /**
   * The row of the run; one without a run when the list doesn't have it.
   * @throws {OperationTooCostly} when the list would have to be read further than the limit
   * @throws {ProviderError} when the provider failed, or a row that can't be read may be the one
   */
  load(key: RunKey): Promise<Known> {
    return this.#loader.load({ key, kinds: rowAlone });
  }

  /**
   * The run below that one in the list; `null` when there is none, or the list doesn't have the run. Pages that were read anyway come
   * first.
   * @throws like {@link ListRows.load}
   */
  async loadPrevious(key: RunKey): Promise<Run | null> {
    const { account, callReport, toKnown } = this.#options;
    const { monitorId, runId } = key;
    const scan = this.#scanOf(monitorId);
    if (scan.pages === 0 && scan.findBelow(runId) === undefined) {
      callReport.recordPage(account, { ...scanStep, list: monitorId, count: 1 }, 'previous');
      if ((await this.#find(key, scan)).run === null) return null;
    }
    for (;;) {
      const below = scan.findBelow(runId);
      if (below !== undefined) {
        if (scan.canBeUnreadable((below.row.time ?? Number.NEGATIVE_INFINITY) + 1) && !scan.isNoted(runId))
          throw invalidField(account.provider);
        callReport.of(account).fromLists++;
        return toKnown({ ...key, runId: below.row.runId }, below.row.row, below.readAt).run;
      }
      // Others may have read pages that don't have the run.
      if (scan.find(runId) === undefined && (await this.#find(key, scan)).run === null) return null;
      if (scan.findBelow(runId) !== undefined) continue;
      if (!scan.hasNext) {
        if (scan.canBeUnreadable()) throw invalidField(account.provider);
        return null;
      }
      await this.#readOn(scan);
    }
  }

  /**
   * Takes notice of a page of a monitor's list that was read anyway: which run is below which.
   * @param rows newest first; an error in the place of one that can't be read
   */
  note(monitorId: string, rows: readonly (RunRow | ProviderError)[], readAt: number | undefined): void {
    this.#scanOf(monitorId).note(rows, readAt);
  }

  #load(wants: readonly CopyWant[]): readonly Promise<Known>[] {
    const { entries } = this.#options;
    if (entries === undefined) return this.#scan(wants);
    return entries.before<CopyWant, Known>(
      wants,
      (known) => known,
      (missing) => this.#scan(missing),
    );
  }

  #scan(wants: readonly CopyWant[]): readonly Promise<Known>[] {
    const { account, callReport } = this.#options;
    if (callReport.isVerbose) {
      const byMonitor = Map.groupBy(wants, ({ key }) => key.monitorId);
      callReport.explain(account, () =>
        [...byMonitor].map(([list, { length }]) => ({ ...scanStep, list, count: length })),
      );
    }
    return wants.map(({ key }) => this.#find(key, this.#scanOf(key.monitorId)));
  }

  #scanOf(monitorId: string): RunScan {
    const { definition, get, readAtOf, limits } = this.#options;
    const scan =
      this.#scans.get(monitorId) ?? new RunScan(get, readAtOf, definition.walk(monitorId, limits.listPageSize));
    this.#scans.set(monitorId, scan);
    return scan;
  }

  async #find(key: RunKey, scan: RunScan): Promise<Known> {
    const { account, definition, callReport, toKnown, loadDetail, findDetail } = this.#options;
    let detail: Promise<Run | null> | undefined;
    let hint: RowHint | null | undefined;
    for (;;) {
      const found = scan.find(key.runId);
      if (found !== undefined) {
        callReport.of(account).fromLists++;
        return toKnown(key, found.row.row, found.readAt);
      }
      if (scan.pages > 0 && detail === undefined) {
        // How far back the row can be is known from the run's own record, which costs a call unless it is requested anyway.
        const isWorthCall = !scan.hasNext || scan.pages >= definition.maxPages;
        detail = isWorthCall ? loadDetail(key) : findDetail(key);
        if (detail !== undefined) {
          hint = await this.#hintIn(detail);
          // Others may have read on meanwhile.
          continue;
        }
      }
      if (hint === null) return toAbsentRow();
      if (!scan.canFollow(hint?.earliest)) return this.#toAbsent(key, scan, hint);
      await this.#readOn(scan);
    }
  }

  /** What the run tells of its row; `null` when there is no such run, `undefined` when nothing is known of it. */
  async #hintIn(detail: Promise<Run | null>): Promise<RowHint | null | undefined> {
    try {
      const run = await detail;
      return run && this.#options.definition.rowHint?.(run);
    } catch {
      // The row may be found all the same; the run's own fields tell its failure.
      return undefined;
    }
  }

  /** @throws {OperationTooCostly} when as many pages have been read as may be */
  #readOn(scan: RunScan): Promise<void> {
    const { maxEventsPages } = this.#options.limits;
    if (scan.pages >= maxEventsPages)
      throw new OperationTooCostly(`Expected the run on the first ${maxEventsPages} pages of its monitor's list.`);
    return scan.readPage();
  }

  #toAbsent(key: RunKey, scan: RunScan, hint: RowHint | undefined): Known {
    const { account, entries } = this.#options;
    if (scan.canBeUnreadable(hint?.earliest)) throw ofAccount(invalidField(account.provider), account);
    entries?.storeAbsentRow(key, hint?.isFinished === true);
    return toAbsentRow();
  }
}

const scanStep = {
  source: 'LIST',
  calls: 1,
  reason: 'A page of the list alone has some of what is selected.',
} as const;

class RunScan {
  readonly #get: Get;
  readonly #list: ListScan<RunRow>;
  readonly #readAtOf: Search<RunRow>['readAtOf'];
  readonly #rows = new Map<string, FoundRow<RunRow>>();
  /** The rows below those of pages that were read anyway, by the ids of the runs. */
  #noted: Map<string, FoundRow<RunRow>> | undefined;
  /** The rows in the order of the list, each with the time by which it is placed. */
  readonly #placed: { readonly found: FoundRow<RunRow>; readonly time: number }[] = [];
  readonly #order = new RunOrder(Number.POSITIVE_INFINITY);
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

  /** The row below that of a run, as far as pages have been read. */
  findBelow(runId: string): FoundRow<RunRow> | undefined {
    const noted = this.#noted?.get(runId);
    if (noted !== undefined) return noted;
    const sorted = this.#placed.toSorted((a, b) => b.time - a.time);
    const index = sorted.findIndex(({ found }) => found.row.runId === runId);
    return index === -1 ? undefined : sorted[index + 1]?.found;
  }

  isNoted(runId: string): boolean {
    return this.#noted?.has(runId) === true;
  }

  note(rows: readonly (RunRow | ProviderError)[], readAt: number | undefined): void {
    this.#noted ??= new Map();
    for (const [index, row] of rows.entries()) {
      const below = rows[index + 1];
      if (row instanceof Error || below === undefined || below instanceof Error) continue;
      this.#noted.set(row.runId, { row: below, readAt });
    }
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
    if (!this.#rows.has(row.runId)) {
      const found = { row, readAt };
      this.#rows.set(row.runId, found);
      this.#placed.push({ found, time: this.#order.place(row.time) });
    }
    if (row.time === undefined) return;
    if (row.time > this.#oldest) this.#isOrdered = false;
    this.#oldest = row.time;
  }

  #noteUnreadable(latest = this.#oldest): void {
    this.#latestUnreadable = Math.max(this.#latestUnreadable, latest);
  }
}
