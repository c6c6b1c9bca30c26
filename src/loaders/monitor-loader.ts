/** Monitors by their keys: those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import { type Account, type AccountId, type MonitorKey, toAccountId } from '../core/accounts.ts';
import { BadUserInput, mayPass } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Monitor, Reading, Selected } from '../providers/fields.ts';
import { providers } from '../providers/index.ts';
import type { MonitorRow } from '../providers/lists.ts';
import type { CallReport } from '../upstream/call-report.ts';
import { loadOf } from './account-errors.ts';
import {
  explain,
  type Found,
  type FoundRow,
  type Need,
  needOf,
  orNothing,
  planFetches,
  scanList,
  throwFailure,
  toLatestRunAt,
} from './planner.ts';
import type { RequestFetcher } from './request-fetcher.ts';

export interface MonitorLoaderOptions {
  readonly fetches: RequestFetcher;
  readonly callReport: CallReport;
  /** When a list is read first, and in what pages. */
  readonly limits: Pick<Limits, 'listFetchThreshold' | 'listPageSize'>;
}

/** A monitor that is wanted; all of an account are one list. */
interface MonitorWant {
  readonly monitorId: string;
  readonly list: '';
  readonly need: Need;
  readonly selected: Selected;
}

/** A monitor that has been requested in detail: with what, and its result. */
interface RequestedMonitor {
  readonly selected: Selected;
  readonly path: string;
  readonly monitor: Promise<Monitor | null>;
}

type WantLoader = DataLoader<MonitorWant, Monitor | null, string>;

const nothing: Selected = new Set();

/** The monitors of a request. Each is fetched once; nothing of it outlives the request. */
export class MonitorLoader {
  readonly #options: MonitorLoaderOptions;
  readonly #loaders: Partial<Record<AccountId, WantLoader>> = {};
  /** By their ids, those that were requested in detail: of other batches, DataLoader knows equal wants alone. */
  readonly #requested: Partial<Record<AccountId, Map<string, RequestedMonitor[]>>> = {};
  /** Rows that were read anyway; `null` for one that a monitor has been made of. */
  readonly #rows: Partial<Record<AccountId, Map<string, FoundRow<MonitorRow> | null>>> = {};

  /** What the same rows say of their monitors' last runs. */
  readonly #latestRunAt: Partial<Record<AccountId, Map<string, number>>> = {};

  constructor(options: MonitorLoaderOptions) {
    this.#options = options;
  }

  /**
   * The monitor, or `null` when its provider has no such monitor.
   * @param allowStale whether cached responses may be shown while the provider is down
   * @throws {BadUserInput} before any call, when the id can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(key: MonitorKey, selected: Selected, allowStale = false): Promise<Monitor | null> {
    const loading = this.#load(key, selected);
    if (!allowStale) return loadOf(key, loading);
    const found = loading.then(
      (monitor) => monitor && { ...monitor, allowStale },
      (error: unknown) => this.#orStale(key, selected, error),
    );
    return loadOf(key, found);
  }

  #load(key: MonitorKey, selected: Selected): Promise<Monitor | null> {
    try {
      const { monitorId } = key;
      const { monitors } = providers[key.provider];
      if (!monitors.isKey(monitorId)) throw new BadUserInput(monitors.expectedKey, key);
      const { callReport } = this.#options;
      if (callReport.isVerbose) callReport.recordRequested(key, monitorId);
      const need = needOf(selected, monitors.listed);
      // A row comes first, as it is loaded, and a call may fail.
      const isInRow = need === 'light' && this.#useRow(key);
      const requested = isInRow ? undefined : this.#requestedFor(key, selected);
      return requested ?? this.#loaderOf(key).load({ monitorId, list: '', need, selected });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes notice of a monitor in a row of a list that has been read anyway: what the list says of it needs no call any more.
   * Nothing is made of the row until a field needs it; and once something has been, it is there when the page is read again.
   */
  note(account: Account, row: MonitorRow, readAt: number): void {
    const id = toAccountId(account);
    this.#latestRunAt[id] ??= new Map();
    this.#latestRunAt[id].set(row.monitorId, toLatestRunAt(row, providers[account.provider].monitors));
    const rows = this.#rowsOf(account);
    if (rows.get(row.monitorId) !== null) rows.set(row.monitorId, { row, readAt });
  }

  /** No run of the monitor is later, in Unix milliseconds, by a row that has been read anyway; `undefined` when there is none. */
  latestRunAt(key: MonitorKey): number | undefined {
    return this.#latestRunAt[toAccountId(key)]?.get(key.monitorId);
  }

  /** Whether there is a row of it, from which it is then known. */
  #useRow(key: MonitorKey): boolean {
    const { monitorId } = key;
    const found = this.#rows[toAccountId(key)]?.get(monitorId);
    if (found === undefined) return false;
    if (found === null) return true;
    const want: MonitorWant = { monitorId, list: '', need: 'light', selected: nothing };
    this.#loaderOf(key).prime(want, this.#toListed(key, found));
    return true;
  }

  /** The monitor in a row, which counts once. */
  #toListed(account: Account, { row: { monitorId, row }, readAt = Date.now() }: FoundRow<MonitorRow>): Monitor {
    const rows = this.#rowsOf(account);
    if (rows.get(monitorId) !== null) this.#options.callReport.of(account).fromLists++;
    rows.set(monitorId, null);
    const { toListedMonitor } = providers[account.provider].monitors;
    return toListedMonitor(toKey(account, monitorId), row, { readAt, isStale: false });
  }

  #rowsOf(account: Account): Map<string, FoundRow<MonitorRow> | null> {
    const id = toAccountId(account);
    this.#rows[id] ??= new Map();
    return this.#rows[id];
  }

  /** What a call has brought already, or will, where requesting this as well would have been the same call. */
  #requestedFor(key: MonitorKey, selected: Selected): Promise<Monitor | null> | undefined {
    const { monitorId } = key;
    const { toRequest } = providers[key.provider].monitors;
    const isSame = (one: RequestedMonitor) =>
      toRequest(monitorId, new Set([...one.selected, ...selected])).path === one.path;
    return this.#requested[toAccountId(key)]?.get(monitorId)?.find(isSame)?.monitor;
  }

  #loaderOf({ provider, account }: Account): WantLoader {
    const id = toAccountId({ provider, account });
    const loader =
      this.#loaders[id] ??
      new DataLoader<MonitorWant, Monitor | null, string>(
        // A promise a want, not one for all: DataLoader takes each on its own.
        async (wants) => this.#fetch({ provider, account }, wants) as unknown as (Monitor | null)[],
        // The request of a single monitor depends on what is selected; what a list says doesn't.
        { cacheKeyFn: ({ monitorId, need, selected }) => `${monitorId} ${need === 'light' ? '' : [...selected]}` },
      );
    this.#loaders[id] = loader;
    return loader;
  }

  #fetch(account: Account, wants: readonly MonitorWant[]): readonly Promise<Monitor | null>[] {
    const { limits, callReport } = this.#options;
    // What one alias selects of a monitor is there for the others too.
    const selectedOf = Map.groupBy(wants, ({ monitorId }) => monitorId);
    const isFull = (monitorId: string) => selectedOf.get(monitorId)?.some(({ need }) => need !== 'light') === true;
    const light = wants.filter(({ monitorId, need }) => need === 'light' && !isFull(monitorId));
    const full = [...selectedOf.keys()]
      .filter(isFull)
      .map((monitorId) => selectedOf.get(monitorId)?.[0] as MonitorWant);
    const plan = planFetches(
      [...light, ...full.map((want): MonitorWant => ({ ...want, need: 'full' }))],
      limits.listFetchThreshold,
    );
    callReport.explain(account, () => explain(plan));
    const search = plan.listed.has('') ? this.#search(account, plan.listed.get('') ?? []) : undefined;
    const get = (monitorId: string) => this.#get(toKey(account, monitorId), selectedOf.get(monitorId) ?? []);

    return wants.map(({ monitorId, need }) => {
      if (search === undefined || need !== 'light' || isFull(monitorId)) return get(monitorId);
      return search.then((found) => {
        const row = found.rows.get(monitorId);
        if (row !== undefined) return this.#toListed(account, row);
        throwFailure(found);
        return get(monitorId);
      });
    });
  }

  /**
   * The monitor as it was known last: from its own response, or from its row in the list, where that says all that is selected and
   * is younger.
   * @throws `error` when neither is cached, or the provider has refused the request
   */
  async #orStale(key: MonitorKey, selected: Selected, error: unknown): Promise<Monitor> {
    if (!mayPass(error)) throw error;
    const { fetches } = this.#options;
    const { toRequest, toMonitor, toListedMonitor, listed } = providers[key.provider].monitors;
    const toError = () => undefined;
    const record = (await fetches.get(key, toRequest(key.monitorId, selected), true).catch(toError)) ?? undefined;
    const reading = record && fetches.readingOf(record, true);
    // What a row lacks is loaded from here. The row is no replacement for that: it would load it again, without end.
    const isInRow = [...selected].some((name) => needOf(new Set([name]), listed) === 'light');
    const found = isInRow ? await this.#findStaleRow(key).catch(toError) : undefined;
    const isEnough = needOf(selected, listed) === 'light' || record === undefined;
    if (found !== undefined && isEnough && (reading === undefined || reading.readAt < found.reading.readAt))
      return toListedMonitor(key, found.row.row, found.reading);
    if (record === undefined || reading === undefined) throw error;
    return toMonitor(key, record, reading);
  }

  async #findStaleRow(key: MonitorKey): Promise<{ readonly row: MonitorRow; readonly reading: Reading } | undefined> {
    const { fetches, limits } = this.#options;
    const { walk, maxPages } = providers[key.provider].monitors;
    const tracked = fetches.track(key, true);
    const { rows } = await scanList(tracked.get, {
      walk: walk(limits.listPageSize),
      ids: new Set([key.monitorId]),
      idOf: (row) => row.monitorId,
      readAtOf: (page) => fetches.readAtOf(page),
      maxPages,
    });
    const row = rows.get(key.monitorId)?.row;
    return row && { row, reading: tracked.reading };
  }

  #search(account: Account, wants: readonly MonitorWant[]): Promise<Found<MonitorRow>> {
    const { walk, maxPages } = providers[account.provider].monitors;
    const { listFetchThreshold, listPageSize } = this.#options.limits;
    const { fetches } = this.#options;
    return scanList(fetches.of(account), {
      readAtOf: (page) => fetches.readAtOf(page),
      walk: walk(listPageSize),
      ids: new Set(wants.map(({ monitorId }) => monitorId)),
      idOf: ({ monitorId }) => monitorId,
      maxPages,
      worthFrom: listFetchThreshold,
    }).catch(orNothing((error) => fetches.report(error, 'monitors')));
  }

  #get(key: MonitorKey, wants: readonly MonitorWant[]): Promise<Monitor | null> {
    const { monitorId } = key;
    const selected = new Set(wants.flatMap((want) => [...want.selected]));
    // Requested several times, it is still one call.
    const known = this.#requestedFor(key, selected);
    if (known !== undefined) return known;
    const { toRequest, toMonitor } = providers[key.provider].monitors;
    const request = toRequest(monitorId, selected);
    const monitor = this.#options.fetches
      .get(key, request)
      .then((record) => record && toMonitor(key, record, this.#options.fetches.readingOf(record, false)));
    const id = toAccountId(key);
    this.#requested[id] ??= new Map();
    const requested = this.#requested[id];
    requested.set(monitorId, [...(requested.get(monitorId) ?? []), { selected, path: request.path, monitor }]);
    return monitor;
  }
}

const toKey = ({ provider, account }: Account, monitorId: string): MonitorKey => ({ provider, account, monitorId });
