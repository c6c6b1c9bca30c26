/** Monitors by their keys: those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import { BadUserInput, isOfOneEndpoint } from '../errors.ts';
import type { Fetches } from '../fetching/fetches.ts';
import { findRows } from '../fetching/find-rows.ts';
import { explain, type Need, needOf, planFetches } from '../fetching/planner.ts';
import type { MonitorKey, Provider } from '../generated/types.ts';
import type { Limits } from '../limits.ts';
import type { Price } from '../price.ts';
import { providers } from '../providers/index.ts';
import type { Monitor, MonitorRow, Selected } from '../providers/provider.ts';

export interface MonitorLoaderOptions {
  readonly fetches: Fetches;
  readonly price: Price;
  /** When a list is read first, and in what pages. */
  readonly limits: Pick<Limits, 'listFrom' | 'listPageSize'>;
}

/** A monitor that is wanted; all of a provider are one list. */
interface MonitorWant {
  readonly monitorId: string;
  readonly list: '';
  readonly need: Need;
  readonly selected: Selected;
}

type WantLoader = DataLoader<MonitorWant, Monitor | null, string>;

const nothing: Selected = new Set();

/** The monitors of a request. Whatever it asks for is asked for once; nothing of it outlives the request. */
export class MonitorLoader {
  readonly #options: MonitorLoaderOptions;
  readonly #loaders: Partial<Record<Provider, WantLoader>> = {};
  /** Rows that were read anyway, and of which nothing has been made yet. */
  readonly #rows: Partial<Record<Provider, Map<string, MonitorRow>>> = {};

  constructor(options: MonitorLoaderOptions) {
    this.#options = options;
  }

  /**
   * The monitor, or `null` when its provider has no such monitor.
   * @throws {BadUserInput} before any call, when the id can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load({ provider, monitorId }: MonitorKey, selected: Selected): Promise<Monitor | null> {
    try {
      const { monitors } = providers[provider];
      if (!monitors.isKey(monitorId)) throw new BadUserInput(monitors.expectedKey, provider);
      const { price } = this.#options;
      if (price.isExplained) price.ask(provider, monitorId);
      const need = needOf(selected, monitors.listed);
      if (need === 'light') this.#useRow(provider, monitorId);
      return this.#loaderOf(provider).load({ monitorId, list: '', need, selected });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes notice of a monitor in a row of a list that has been read anyway: what the list says of it needs no call any more.
   * Nothing is made of the row until somebody asks.
   */
  note(provider: Provider, row: MonitorRow): void {
    this.#rows[provider] ??= new Map();
    this.#rows[provider].set(row.monitorId, row);
  }

  #useRow(provider: Provider, monitorId: string): void {
    const rows = this.#rows[provider];
    const found = rows?.get(monitorId);
    if (found === undefined) return;
    rows?.delete(monitorId);
    const monitor = providers[provider].monitors.toListedMonitor(monitorId, found.row);
    this.#loaderOf(provider).prime({ monitorId, list: '', need: 'light', selected: nothing }, monitor);
    this.#options.price.of(provider).listed++;
  }

  #loaderOf(provider: Provider): WantLoader {
    const loader =
      this.#loaders[provider] ??
      new DataLoader<MonitorWant, Monitor | null, string>(
        // A promise a want, not one for all: DataLoader takes each on its own.
        async (wants) => this.#fetch(provider, wants) as unknown as (Monitor | null)[],
        // What a single monitor is asked for with depends on what is selected; what a list says doesn't.
        { cacheKeyFn: ({ monitorId, need, selected }) => `${monitorId} ${need === 'light' ? '' : [...selected]}` },
      );
    this.#loaders[provider] = loader;
    return loader;
  }

  #fetch(provider: Provider, wants: readonly MonitorWant[]): readonly Promise<Monitor | null>[] {
    const { limits, price } = this.#options;
    const { toListedMonitor } = providers[provider].monitors;
    // What one alias selects of a monitor is there for the others too.
    const selectedOf = Map.groupBy(wants, ({ monitorId }) => monitorId);
    const isFull = (monitorId: string) => selectedOf.get(monitorId)?.some(({ need }) => need !== 'light') === true;
    const light = wants.filter(({ monitorId, need }) => need === 'light' && !isFull(monitorId));
    const full = [...selectedOf.keys()]
      .filter(isFull)
      .map((monitorId) => selectedOf.get(monitorId)?.[0] as MonitorWant);
    const plan = planFetches(
      [...light, ...full.map((want): MonitorWant => ({ ...want, need: 'full' }))],
      limits.listFrom,
    );
    price.explain(provider, () => explain(plan));
    const search = plan.listed.has('') ? this.#search(provider, plan.listed.get('') ?? []) : undefined;
    const get = (monitorId: string) => this.#get(provider, monitorId, selectedOf.get(monitorId) ?? []);

    return wants.map(({ monitorId, need }) => {
      if (search === undefined || need !== 'light' || isFull(monitorId)) return get(monitorId);
      return search.then((rows) => {
        const found = rows.get(monitorId);
        if (found === undefined) return get(monitorId);
        price.of(provider).listed++;
        return toListedMonitor(monitorId, found.row);
      });
    });
  }

  #search(provider: Provider, wants: readonly MonitorWant[]): Promise<ReadonlyMap<string, MonitorRow>> {
    const { walk, mostPages } = providers[provider].monitors;
    const { listFrom, listPageSize } = this.#options.limits;
    return findRows(this.#options.fetches.of(provider), {
      walk: walk(listPageSize),
      ids: new Set(wants.map(({ monitorId }) => monitorId)),
      idOf: ({ monitorId }) => monitorId,
      mostPages,
      worthFrom: listFrom,
    }).catch((error: unknown) => {
      if (isOfOneEndpoint(error)) return new Map();
      throw error;
    });
  }

  #get(provider: Provider, monitorId: string, wants: readonly MonitorWant[]): Promise<Monitor | null> {
    const { toRequest, toMonitor } = providers[provider].monitors;
    const selected = new Set(wants.flatMap((want) => [...want.selected]));
    // Asked for several times, it is one call all the same.
    return this.#options.fetches
      .get(provider, toRequest(monitorId, selected))
      .then((record) => record && toMonitor(monitorId, record));
  }
}
