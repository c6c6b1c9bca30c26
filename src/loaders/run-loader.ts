/** Runs by their keys: kept ones, those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import type { CredentialOf } from '../credentials.ts';
import { BadUserInput, isOfOneEndpoint, isRefusal, mayPass } from '../errors.ts';
import type { Fetches } from '../fetching/fetches.ts';
import { findRows } from '../fetching/find-rows.ts';
import { explain, explainKept, type Need, needOf, planFetches } from '../fetching/planner.ts';
import type { MonitorRunKey, Provider } from '../generated/types.ts';
import { type Copies, type Copy, type CopyKind, type KeptRuns, toCopyName } from '../kept/kept-runs.ts';
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
  readonly limits: RunLimits;
}

type RunLimits = Pick<
  Limits,
  | 'maxEvents'
  | 'listFrom'
  | 'listPageSize'
  | 'wholeAnswerBytes'
  | 'keepRunMs'
  | 'keepUnsureRunMs'
  | 'keepStaleMs'
  | 'maxKeptRunSize'
>;

/** A run that is wanted: `list` is its monitor's id, as the runs of a monitor are a list. */
interface RunWant {
  readonly key: MonitorRunKey;
  readonly list: string;
  readonly need: Need;
}

/** What has been said of a run, and the run in it. */
interface Known {
  readonly record: Body;
  readonly run: Run;
}

type WantLoader = DataLoader<RunWant, Run | null, string>;
type RowLoader = DataLoader<MonitorRunKey, Known | undefined, string>;

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
  /** The copies that were met, fresh or not. */
  readonly #copies = new Map<string, Copy>();
  /** The runs that a copy was enough for. */
  readonly #kept = new Set<string>();

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
      const need = needOf(selected, runs.listed);
      const loading = this.#loadAs(need, key);
      return allowStale ? loading.catch((error: unknown) => this.#standIn(key, need, error)) : loading;
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
    const row = await this.#loadRow(key);
    return row === undefined || row instanceof Error ? this.#loadWithRow(key) : row.run;
  }

  async #loadWithRow(key: MonitorRunKey): Promise<Run | null> {
    const [run, row] = await Promise.all([this.#loadAs('full', key), this.#loadRow(key)]);
    return run && providers[key.provider].runs.withRow(run, row instanceof Error ? row : row?.record);
  }

  #loadRow(key: MonitorRunKey): Promise<Known | undefined | Error> {
    return this.#rowLoaderOf(key.provider).load(key).catch(toError);
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
    const names: string[] = [];
    for (const { key, need } of wants) {
      names.push(toCopyName(credential, key, 'run'));
      if (need === 'light') names.push(toCopyName(credential, key, 'row'));
    }
    return whenRead(kept.read(names), wants.length, (copies) => this.#loadBeside(provider, wants, copies));
  }

  /** @param copies one a want, of the run, and behind it for light ones another, of its row */
  #loadBeside(provider: Provider, wants: readonly RunWant[], copies: Copies): readonly Promise<Run | null>[] {
    let place = 0;
    const known = wants.map(({ key, need }) => {
      const run = this.#meet(key, 'run', copies[place++]);
      const row = need === 'light' ? this.#meet(key, 'row', copies[place++]) : undefined;
      return (run ?? row)?.run;
    });
    this.#countKept(
      provider,
      wants.filter((_want, index) => known[index] !== undefined).map(({ key }) => key),
    );
    const missing = wants.filter((_want, index) => known[index] === undefined);
    const fetched = missing.length === 0 ? [] : this.#fetch(provider, missing);
    let next = 0;
    return known.map((run) => (run === undefined ? (fetched[next++] as Promise<Run | null>) : Promise.resolve(run)));
  }

  /** Takes notice of a copy; what is in it, if it is fresh. */
  #meet(key: MonitorRunKey, kind: CopyKind, copy: Copy | undefined): Known | undefined {
    if (copy === undefined) return undefined;
    this.#copies.set(`${kind} ${toId(key)}`, copy);
    return copy.freshUntil > Date.now() ? this.#toKnown(key, kind, copy, false) : undefined;
  }

  #countKept(provider: Provider, keys: readonly MonitorRunKey[]): void {
    const { price } = this.#options;
    const before = this.#kept.size;
    for (const key of keys) this.#kept.add(toId(key));
    const count = this.#kept.size - before;
    if (count === 0) return;
    price.of(provider).kept += count;
    price.explain(provider, () => [explainKept(count)]);
  }

  #toKnown(key: MonitorRunKey, kind: CopyKind, { bytes, readAt }: Copy, isStale: boolean): Known | undefined {
    const { limits } = this.#options;
    const { toRun, toListedRun } = providers[key.provider].runs;
    try {
      const record = fromBytes(bytes, limits.wholeAnswerBytes);
      return { record, run: (kind === 'run' ? toRun : toListedRun)(key, record, { limits, readAt, isStale }) };
    } catch {
      // Whoever else writes to the store may spoil it: that is no copy.
      return undefined;
    }
  }

  /** What stands in for an answer that failed. @throws `error` when nothing may, or can */
  async #standIn(key: MonitorRunKey, need: Need, error: unknown): Promise<Run> {
    const run = mayPass(error) ? this.#toStale(key, need, toError(error)) : undefined;
    if (run === undefined) throw error;
    return run;
  }

  #toStale(key: MonitorRunKey, need: Need, error: Error): Run | undefined {
    const { withRow } = providers[key.provider].runs;
    const run = this.#fromCopy(key, 'run');
    const row = need === 'full' ? undefined : this.#fromCopy(key, 'row');
    if (row !== undefined && (need === 'row' || (need === 'light' && row.readAt > (run?.readAt ?? 0)))) return row.run;
    if (run === undefined || need === 'light' || need === 'full') return run?.run;
    return withRow(run.run, row?.record ?? error);
  }

  /** What is in a copy that was met, whatever its age. */
  #fromCopy(key: MonitorRunKey, kind: CopyKind): (Known & Pick<Copy, 'readAt'>) | undefined {
    const copy = this.#copies.get(`${kind} ${toId(key)}`);
    if (copy === undefined || copy.readAt + this.#options.limits.keepStaleMs <= Date.now()) return undefined;
    const known = this.#toKnown(key, kind, copy, true);
    return known && { ...known, readAt: copy.readAt };
  }

  #fetch(provider: Provider, wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    const { isListFirst } = providers[provider].runs;
    const { limits, price } = this.#options;
    // What one alias has asked for by itself is there for the others too.
    const full = new Set(wants.filter(({ need }) => need === 'full').map(({ key }) => toId(key)));
    const isWhole = ({ key }: RunWant) => full.has(toId(key)) || this.#whole.has(toId(key));
    const unknown = wants.filter((want) => want.need === 'full' || !isWhole(want));
    const plan = planFetches(unknown, isListFirst ? limits.listFrom : undefined);
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
    const { walk, mostPages } = providers[provider].runs;
    const { listFrom, listPageSize } = this.#options.limits;
    const ids = new Set(wants.map(({ key }) => key.runId));
    return findRows(this.#options.fetches.of(provider), {
      walk: walk(monitorId, listPageSize),
      ids,
      idOf: ({ runId }) => runId,
      mostPages,
      worthFrom: listFrom,
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
    return this.#options.fetches.get(key.provider, toRequest(key)).then(
      (record) => {
        if (record === null) {
          this.#drop(key);
          return null;
        }
        const reading = this.#reading();
        const run = toRun(key, record, reading);
        this.#keep(key, 'run', run, record, reading);
        return run;
      },
      (error: unknown) => {
        if (isRefusal(error)) this.#drop(key);
        throw error;
      },
    );
  }

  /** What a list alone says of runs: its newest pages are read until all that are wanted are found. */
  #rowLoaderOf(provider: Provider): RowLoader {
    const loader =
      this.#rowLoaders[provider] ??
      new DataLoader<MonitorRunKey, Known | undefined, string>(
        async (keys) => this.#loadRows(provider, keys) as unknown as (Known | undefined)[],
        { cacheKeyFn: toId },
      );
    this.#rowLoaders[provider] = loader;
    return loader;
  }

  #loadRows(provider: Provider, keys: readonly MonitorRunKey[]): readonly Promise<Known | undefined>[] {
    const { kept, credentialOf } = this.#options;
    if (kept === undefined) return this.#findRows(provider, keys);
    const credential = credentialOf(provider);
    const names = keys.map((key) => toCopyName(credential, key, 'row'));
    return whenRead(kept.read(names), keys.length, (copies) => this.#findRowsBeside(provider, keys, copies));
  }

  #findRowsBeside(
    provider: Provider,
    keys: readonly MonitorRunKey[],
    copies: Copies,
  ): readonly Promise<Known | undefined>[] {
    const known = keys.map((key, place) => this.#meet(key, 'row', copies[place]));
    this.#countKept(
      provider,
      keys.filter((_key, place) => known[place] !== undefined),
    );
    const found = this.#findRows(
      provider,
      keys.filter((_key, place) => known[place] === undefined),
    );
    let next = 0;
    return known.map((row) =>
      row === undefined ? (found[next++] as Promise<Known | undefined>) : Promise.resolve(row),
    );
  }

  #findRows(provider: Provider, keys: readonly MonitorRunKey[]): readonly Promise<Known | undefined>[] {
    const { walk, mostPages } = providers[provider].runs;
    const { fetches, limits, price } = this.#options;
    const byMonitor = Map.groupBy(keys, ({ monitorId }) => monitorId);
    const searches = new Map(
      [...byMonitor].map(([monitorId, same]) => {
        const ids = new Set(same.map(({ runId }) => runId));
        const search = {
          walk: walk(monitorId, limits.listPageSize),
          ids,
          idOf: ({ runId }: RunRow) => runId,
          mostPages,
        };
        return [monitorId, findRows(fetches.of(provider), search)] as const;
      }),
    );
    return keys.map(async (key) => {
      const record = (await searches.get(key.monitorId))?.get(key.runId)?.row;
      if (record === undefined) return undefined;
      price.of(provider).listed++;
      return { record, run: this.toListed(key, record) };
    });
  }

  #reading(): RunReading {
    return { limits: this.#options.limits, readAt: Date.now(), isStale: false };
  }

  #keep(key: MonitorRunKey, kind: CopyKind, run: Run, record: Body, { readAt }: RunReading): void {
    const { kept, credentialOf, limits } = this.#options;
    if (kept === undefined) return;
    const keepMs = { lasting: limits.keepRunMs, unsure: limits.keepUnsureRunMs, none: 0 };
    const freshMs = keepMs[providers[key.provider].runs.endurance(run, record)];
    // A row of a run that goes on would stand in for nothing.
    if (kind === 'row' && freshMs === 0) return;
    const bytes = record.toBytes();
    if (bytes.length > limits.maxKeptRunSize) return;
    kept.write(toCopyName(credentialOf(key.provider), key, kind), { bytes, readAt, freshUntil: readAt + freshMs });
  }

  /** What is gone, or not for this credential any more, is not to come back while its provider is down. */
  #drop(key: MonitorRunKey): void {
    const { kept, credentialOf } = this.#options;
    if (kept === undefined) return;
    const credential = credentialOf(key.provider);
    kept.drop([toCopyName(credential, key, 'run'), toCopyName(credential, key, 'row')]);
  }
}

/** Goes on with copies: at once, where they are at hand. A promise a thing, for each fails alone. */
function whenRead<Found>(
  copies: Copies | Promise<Copies>,
  count: number,
  goOn: (copies: Copies) => readonly Promise<Found>[],
): readonly Promise<Found>[] {
  if (!(copies instanceof Promise)) return goOn(copies);
  // A store isn't to fail; one that does costs no answer.
  const going = copies.then(goOn, () => goOn([]));
  return Array.from({ length: count }, (_, place) => going.then((found) => found[place] as Promise<Found>));
}

const toId = ({ provider, monitorId, runId }: MonitorRunKey): string => `${provider}/${monitorId}/${runId}`;

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error('not an Error'));
