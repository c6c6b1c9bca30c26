/** Runs by their keys: kept ones, those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import type { CredentialOf } from '../credentials.ts';
import { BadUserInput, isOfOneEndpoint, mayPass } from '../errors.ts';
import type { Fetches } from '../fetching/fetches.ts';
import { findRows } from '../fetching/find-rows.ts';
import { type Copies, type Copy, type KeptRuns, toCopyName } from '../fetching/kept-runs.ts';
import { explain, explainKept, type Need, needOf, planFetches } from '../fetching/planner.ts';
import type { MonitorRunKey, Provider } from '../generated/types.ts';
import type { Limits } from '../limits.ts';
import type { Price } from '../price.ts';
import { providers } from '../providers/index.ts';
import type { Run, RunReading, RunRow, Selected } from '../providers/provider.ts';
import { type Body, fromBytes } from '../upstream/body.ts';

export interface RunLoaderOptions {
  readonly fetches: Fetches;
  readonly credentialOf: CredentialOf;
  /** Copies that outlive the request. @default none are kept */
  readonly kept?: KeptRuns | undefined;
  readonly price: Price;
  readonly limits: Pick<Limits, 'maxEvents' | 'wholeAnswerBytes' | 'keepRunMs' | 'keepUnsureRunMs' | 'keepStaleMs'>;
}

/** A run that is wanted: `list` is its monitor's id, as the runs of a monitor are a list. */
interface RunWant {
  readonly key: MonitorRunKey;
  readonly list: string;
  readonly need: Need;
}

type WantLoader = DataLoader<RunWant, Run | null, string>;
type RowLoader = DataLoader<MonitorRunKey, Body | undefined, string>;

/**
 * The runs of a request. Whatever it asks for is asked for once, however many fields select it; nothing of it outlives the
 * request but copies, each by whose it is.
 */
export class RunLoader {
  readonly #options: RunLoaderOptions;
  readonly #loaders: Partial<Record<Provider, WantLoader>> = {};
  readonly #rowLoaders: Partial<Record<Provider, RowLoader>> = {};
  /** The runs that have been asked for by themselves, with all that there is of them. */
  readonly #whole = new Map<string, Promise<Run | null>>();
  /** The copies that were met but aren't fresh any more. */
  readonly #old = new Map<string, Copy>();

  constructor(options: RunLoaderOptions) {
    this.#options = options;
  }

  /**
   * The run, or `null` when its provider has no such run.
   * @param allowStale whether a kept copy may stand in for the answer of a provider that is down
   * @throws {BadUserInput} before any call, when the ids can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(key: MonitorRunKey, selected: Selected, allowStale = false): Promise<Run | null> {
    try {
      const { runs } = providers[key.provider];
      if (!runs.isKey(key)) throw new BadUserInput(runs.expectedKey, key.provider);
      this.#options.price.ask(key.provider, toId(key));
      const loading = this.#loadAs(needOf(selected, runs.listed), key);
      return allowStale ? loading.catch((error: unknown) => this.#toStale(key, error)) : loading;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The run in a row of a list that has been read anyway. */
  toListed(key: MonitorRunKey, row: Body): Run {
    const reading = this.#reading();
    const run = providers[key.provider].runs.toListedRun(key, row, reading);
    this.#keep(key, 'row', run, row, reading);
    return run;
  }

  #loadAs(need: Need, key: MonitorRunKey): Promise<Run | null> {
    const { provider, monitorId: list } = key;
    if (need === 'light' || need === 'full') return this.#loaderOf(provider).load({ key, list, need });
    return need === 'row' ? this.#loadRowAlone(key) : this.#loadWithRow(key);
  }

  /** By its row; one that no page had is asked for by itself. */
  async #loadRowAlone(key: MonitorRunKey): Promise<Run | null> {
    const row = await this.#rowLoaderOf(key.provider).load(key).catch(toError);
    return row === undefined || row instanceof Error ? this.#loadWithRow(key) : this.toListed(key, row);
  }

  async #loadWithRow(key: MonitorRunKey): Promise<Run | null> {
    const [run, row] = await Promise.all([
      this.#loadAs('full', key),
      this.#rowLoaderOf(key.provider).load(key).catch(toError),
    ]);
    return run && providers[key.provider].runs.withRow(run, row);
  }

  #loaderOf(provider: Provider): WantLoader {
    const loader =
      this.#loaders[provider] ??
      new DataLoader<RunWant, Run | null, string>(
        // A promise a want, not one for all: DataLoader takes each on its own, so that a slow run holds up no other.
        async (wants) => this.#load(provider, wants) as unknown as (Run | null)[],
        { cacheKeyFn: ({ key, need }) => `${need} ${toId(key)}` },
      );
    this.#loaders[provider] = loader;
    return loader;
  }

  #load(provider: Provider, wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    const { kept, credentialOf } = this.#options;
    if (kept === undefined) return this.#fetch(provider, wants);
    const credential = credentialOf(provider);
    const names = wants.flatMap(({ key }) => [toCopyName(credential, key, 'run'), toCopyName(credential, key, 'row')]);
    const copies = kept.read(names);
    if (!(copies instanceof Promise)) return this.#loadBeside(provider, wants, copies);
    const loading = copies.then((found) => this.#loadBeside(provider, wants, found));
    return wants.map((_want, place) => loading.then((runs) => runs[place] as Promise<Run | null>));
  }

  /** @param copies two a want: of the run, and of its row */
  #loadBeside(provider: Provider, wants: readonly RunWant[], copies: Copies): readonly Promise<Run | null>[] {
    const fresh = wants.map(({ key, need }, place) => {
      const run = this.#fromCopy(key, 'run', copies[place * 2]);
      return run ?? (need === 'light' ? this.#fromCopy(key, 'row', copies[place * 2 + 1]) : undefined);
    });
    const missing = wants.filter((_want, place) => fresh[place] === undefined);
    const fetched = this.#fetch(provider, missing);
    const count = wants.length - missing.length;
    this.#options.price.of(provider).kept += count;
    if (count > 0) this.#options.price.explain(provider, () => [explainKept(count)]);
    let next = 0;
    return fresh.map((run) => (run === undefined ? (fetched[next++] as Promise<Run | null>) : Promise.resolve(run)));
  }

  #fromCopy(key: MonitorRunKey, kind: 'run' | 'row', copy: Copy | undefined): Run | undefined {
    if (copy === undefined) return undefined;
    if (copy.freshUntil > Date.now()) return this.#toRun(key, kind, copy, false);
    if (kind === 'run') this.#old.set(toId(key), copy);
    return undefined;
  }

  #toRun(key: MonitorRunKey, kind: 'run' | 'row', { bytes, readAt }: Copy, isStale: boolean): Run | undefined {
    const { limits } = this.#options;
    const { toRun, toListedRun } = providers[key.provider].runs;
    try {
      const record = fromBytes(bytes, limits.wholeAnswerBytes);
      return (kind === 'run' ? toRun : toListedRun)(key, record, { limits, readAt, isStale });
    } catch {
      // Whoever else writes to the store may spoil it: that is no copy.
      return undefined;
    }
  }

  async #toStale(key: MonitorRunKey, error: unknown): Promise<Run | null> {
    const copy = mayPass(error) ? this.#old.get(toId(key)) : undefined;
    const isKept = copy !== undefined && copy.readAt + this.#options.limits.keepStaleMs > Date.now();
    const run = isKept ? this.#toRun(key, 'run', copy, true) : undefined;
    if (run === undefined) throw error;
    return run;
  }

  #fetch(provider: Provider, wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    const { listFrom } = providers[provider].runs;
    const { price } = this.#options;
    // What one alias has asked for by itself is there for the others too.
    const full = new Set(wants.filter(({ need }) => need === 'full').map(({ key }) => toId(key)));
    const isWhole = ({ key }: RunWant) => full.has(toId(key)) || this.#whole.has(toId(key));
    const unknown = wants.filter((want) => want.need === 'full' || !isWhole(want));
    const plan = planFetches(unknown, listFrom);
    price.explain(provider, () => explain(plan));
    const searches = new Map(
      [...plan.listed].map(([monitorId, same]) => [monitorId, this.#search(provider, monitorId, same)] as const),
    );
    return wants.map((want) => {
      const search = searches.get(want.list);
      if (search === undefined || isWhole(want)) return this.#getWhole(want.key);
      return search.then((rows) => {
        const found = rows.get(want.key.runId);
        if (found === undefined) return this.#getWhole(want.key);
        price.of(provider).listed++;
        return this.toListed(want.key, found.row);
      });
    });
  }

  /** Reads the list of a monitor as long as that saves calls. */
  #search(provider: Provider, monitorId: string, wants: readonly RunWant[]): Promise<ReadonlyMap<string, RunRow>> {
    const { walk, mostPages, listFrom } = providers[provider].runs;
    const ids = new Set(wants.map(({ key }) => key.runId));
    return findRows(this.#options.fetches.of(provider), {
      walk: walk(monitorId),
      ids,
      idOf: ({ runId }) => runId,
      mostPages,
      ...(listFrom && { worthFrom: listFrom }),
    }).catch((error: unknown) => {
      if (isOfOneEndpoint(error)) return new Map();
      throw error;
    });
  }

  #getWhole(key: MonitorRunKey): Promise<Run | null> {
    const id = toId(key);
    const known = this.#whole.get(id) ?? this.#get(key);
    this.#whole.set(id, known);
    return known;
  }

  #get(key: MonitorRunKey): Promise<Run | null> {
    const { toRequest, toRun } = providers[key.provider].runs;
    return this.#options.fetches.get(key.provider, toRequest(key)).then((record) => {
      if (record === null) return null;
      const reading = this.#reading();
      const run = toRun(key, record, reading);
      this.#keep(key, 'run', run, record, reading);
      return run;
    });
  }

  /** What a list alone says of runs: its newest pages are read until all that are wanted are found. */
  #rowLoaderOf(provider: Provider): RowLoader {
    const { walk, mostPages } = providers[provider].runs;
    const { fetches } = this.#options;
    const load = (keys: readonly MonitorRunKey[]) => {
      const byMonitor = Map.groupBy(keys, ({ monitorId }) => monitorId);
      const searches = new Map(
        [...byMonitor].map(([monitorId, same]) => {
          const ids = new Set(same.map(({ runId }) => runId));
          const search = { walk: walk(monitorId), ids, idOf: ({ runId }: RunRow) => runId, mostPages };
          return [monitorId, findRows(fetches.of(provider), search)] as const;
        }),
      );
      return keys.map(async ({ monitorId, runId }) => (await searches.get(monitorId))?.get(runId)?.row);
    };
    const loader =
      this.#rowLoaders[provider] ??
      new DataLoader<MonitorRunKey, Body | undefined, string>(
        async (keys) => load(keys) as unknown as (Body | undefined)[],
        { cacheKeyFn: toId },
      );
    this.#rowLoaders[provider] = loader;
    return loader;
  }

  #reading(): RunReading {
    return { limits: this.#options.limits, readAt: Date.now(), isStale: false };
  }

  #keep(key: MonitorRunKey, kind: 'run' | 'row', run: Run, record: Body, { readAt }: RunReading): void {
    const { kept, credentialOf, limits } = this.#options;
    if (kept === undefined) return;
    const keepMs = { lasting: limits.keepRunMs, unsure: limits.keepUnsureRunMs, none: 0 };
    const freshMs = keepMs[providers[key.provider].runs.endurance(run, record)];
    // A row of a run that goes on would stand in for nothing.
    if (kind === 'row' && freshMs === 0) return;
    const name = toCopyName(credentialOf(key.provider), key, kind);
    kept.write(name, { bytes: record.toBytes(), readAt, freshUntil: readAt + freshMs });
  }
}

const toId = ({ monitorId, runId }: MonitorRunKey): string => `${monitorId}/${runId}`;

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error('not an Error'));
