/** Monitors by their keys: those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import { BadUserInput, mayPass } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { MonitorKey, Provider } from '../generated/types.ts';
import type { Monitor, Reading, Selected } from '../providers/fields.ts';
import { providers } from '../providers/index.ts';
import type { MonitorRow } from '../providers/lists.ts';
import type { CallReport } from '../upstream/call-report.ts';
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

/** A monitor that is wanted; all of a provider are one list. */
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
  readonly #loaders: Partial<Record<Provider, WantLoader>> = {};
  /** By their ids, those that were requested in detail: of other batches, DataLoader knows equal wants alone. */
  readonly #requested: Partial<Record<Provider, Map<string, RequestedMonitor[]>>> = {};
  /** Rows that were read anyway; `null` for one that a monitor has been made of. */
  readonly #rows: Partial<Record<Provider, Map<string, FoundRow<MonitorRow> | null>>> = {};

  /** What the same rows say of their monitors' last runs. */
  readonly #latestRunAt: Partial<Record<Provider, Map<string, number>>> = {};

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
    if (!allowStale) return loading;
    return loading.then(
      (monitor) => monitor && { ...monitor, allowStale },
      (error: unknown) => this.#orStale(key, selected, error),
    );
  }

  #load({ provider, monitorId }: MonitorKey, selected: Selected): Promise<Monitor | null> {
    try {
      const { monitors } = providers[provider];
      if (!monitors.isKey(monitorId)) throw new BadUserInput(monitors.expectedKey, provider);
      const { callReport } = this.#options;
      if (callReport.isVerbose) callReport.recordRequested(provider, monitorId);
      const need = needOf(selected, monitors.listed);
      // A row comes first, as it is loaded, and a call may fail.
      const isInRow = need === 'light' && this.#useRow(provider, monitorId);
      const requested = isInRow ? undefined : this.#requestedFor(provider, monitorId, selected);
      return requested ?? this.#loaderOf(provider).load({ monitorId, list: '', need, selected });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes notice of a monitor in a row of a list that has been read anyway: what the list says of it needs no call any more.
   * Nothing is made of the row until a field needs it; and once something has been, it is there when the page is read again.
   */
  note(provider: Provider, row: MonitorRow, readAt: number): void {
    this.#latestRunAt[provider] ??= new Map();
    this.#latestRunAt[provider].set(row.monitorId, toLatestRunAt(row, providers[provider].monitors));
    const rows = this.#rowsOf(provider);
    if (rows.get(row.monitorId) !== null) rows.set(row.monitorId, { row, readAt });
  }

  /** No run of the monitor is later, in Unix milliseconds, by a row that has been read anyway; `undefined` when there is none. */
  latestRunAt({ provider, monitorId }: MonitorKey): number | undefined {
    return this.#latestRunAt[provider]?.get(monitorId);
  }

  /** Whether there is a row of it, from which it is then known. */
  #useRow(provider: Provider, monitorId: string): boolean {
    const found = this.#rows[provider]?.get(monitorId);
    if (found === undefined) return false;
    if (found === null) return true;
    const want: MonitorWant = { monitorId, list: '', need: 'light', selected: nothing };
    this.#loaderOf(provider).prime(want, this.#toListed(provider, found));
    return true;
  }

  /** The monitor in a row, which counts once. */
  #toListed(provider: Provider, { row: { monitorId, row }, readAt = Date.now() }: FoundRow<MonitorRow>): Monitor {
    const rows = this.#rowsOf(provider);
    if (rows.get(monitorId) !== null) this.#options.callReport.of(provider).fromLists++;
    rows.set(monitorId, null);
    return providers[provider].monitors.toListedMonitor(monitorId, row, { readAt, isStale: false });
  }

  #rowsOf(provider: Provider): Map<string, FoundRow<MonitorRow> | null> {
    this.#rows[provider] ??= new Map();
    return this.#rows[provider];
  }

  /** What a call has brought already, or will, where requesting this as well would have been the same call. */
  #requestedFor(provider: Provider, monitorId: string, selected: Selected): Promise<Monitor | null> | undefined {
    const { toRequest } = providers[provider].monitors;
    const isSame = (one: RequestedMonitor) =>
      toRequest(monitorId, new Set([...one.selected, ...selected])).path === one.path;
    return this.#requested[provider]?.get(monitorId)?.find(isSame)?.monitor;
  }

  #loaderOf(provider: Provider): WantLoader {
    const loader =
      this.#loaders[provider] ??
      new DataLoader<MonitorWant, Monitor | null, string>(
        // A promise a want, not one for all: DataLoader takes each on its own.
        async (wants) => this.#fetch(provider, wants) as unknown as (Monitor | null)[],
        // The request of a single monitor depends on what is selected; what a list says doesn't.
        { cacheKeyFn: ({ monitorId, need, selected }) => `${monitorId} ${need === 'light' ? '' : [...selected]}` },
      );
    this.#loaders[provider] = loader;
    return loader;
  }

  #fetch(provider: Provider, wants: readonly MonitorWant[]): readonly Promise<Monitor | null>[] {
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
    callReport.explain(provider, () => explain(plan));
    const search = plan.listed.has('') ? this.#search(provider, plan.listed.get('') ?? []) : undefined;
    const get = (monitorId: string) => this.#get(provider, monitorId, selectedOf.get(monitorId) ?? []);

    return wants.map(({ monitorId, need }) => {
      if (search === undefined || need !== 'light' || isFull(monitorId)) return get(monitorId);
      return search.then((found) => {
        const row = found.rows.get(monitorId);
        if (row !== undefined) return this.#toListed(provider, row);
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
  async #orStale({ provider, monitorId }: MonitorKey, selected: Selected, error: unknown): Promise<Monitor> {
    if (!mayPass(error)) throw error;
    const { fetches } = this.#options;
    const { toRequest, toMonitor, toListedMonitor, listed } = providers[provider].monitors;
    const toError = () => undefined;
    const record = (await fetches.get(provider, toRequest(monitorId, selected), true).catch(toError)) ?? undefined;
    const reading = record && fetches.readingOf(record, true);
    // What a row lacks is loaded from here. The row is no replacement for that: it would load it again, without end.
    const isInRow = [...selected].some((name) => needOf(new Set([name]), listed) === 'light');
    const found = isInRow ? await this.#findStaleRow(provider, monitorId).catch(toError) : undefined;
    const isEnough = needOf(selected, listed) === 'light' || record === undefined;
    if (found !== undefined && isEnough && (reading === undefined || reading.readAt < found.reading.readAt))
      return toListedMonitor(monitorId, found.row.row, found.reading);
    if (record === undefined || reading === undefined) throw error;
    return toMonitor(monitorId, record, reading);
  }

  async #findStaleRow(
    provider: Provider,
    monitorId: string,
  ): Promise<{ readonly row: MonitorRow; readonly reading: Reading } | undefined> {
    const { fetches, limits } = this.#options;
    const { walk, maxPages } = providers[provider].monitors;
    const tracked = fetches.track(provider, true);
    const { rows } = await scanList(tracked.get, {
      walk: walk(limits.listPageSize),
      ids: new Set([monitorId]),
      idOf: (row) => row.monitorId,
      readAtOf: (page) => fetches.readAtOf(page),
      maxPages,
    });
    const row = rows.get(monitorId)?.row;
    return row && { row, reading: tracked.reading };
  }

  #search(provider: Provider, wants: readonly MonitorWant[]): Promise<Found<MonitorRow>> {
    const { walk, maxPages } = providers[provider].monitors;
    const { listFetchThreshold, listPageSize } = this.#options.limits;
    const { fetches } = this.#options;
    return scanList(fetches.of(provider), {
      readAtOf: (page) => fetches.readAtOf(page),
      walk: walk(listPageSize),
      ids: new Set(wants.map(({ monitorId }) => monitorId)),
      idOf: ({ monitorId }) => monitorId,
      maxPages,
      worthFrom: listFetchThreshold,
    }).catch(orNothing((error) => fetches.report(error, 'monitors')));
  }

  #get(provider: Provider, monitorId: string, wants: readonly MonitorWant[]): Promise<Monitor | null> {
    const selected = new Set(wants.flatMap((want) => [...want.selected]));
    // Requested several times, it is still one call.
    const known = this.#requestedFor(provider, monitorId, selected);
    if (known !== undefined) return known;
    const { toRequest, toMonitor } = providers[provider].monitors;
    const request = toRequest(monitorId, selected);
    const monitor = this.#options.fetches
      .get(provider, request)
      .then((record) => record && toMonitor(monitorId, record, this.#options.fetches.readingOf(record, false)));
    this.#requested[provider] ??= new Map();
    const requested = this.#requested[provider];
    requested.set(monitorId, [...(requested.get(monitorId) ?? []), { selected, path: request.path, monitor }]);
    return monitor;
  }
}
