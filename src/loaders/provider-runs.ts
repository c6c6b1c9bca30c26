/** The runs of one provider: kept ones, those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import type { CredentialOf } from '../credentials.ts';
import { isOfOneEndpoint, isRefusal, mayPass, toError } from '../errors.ts';
import { Asked } from '../fetching/asked.ts';
import type { Fetches } from '../fetching/fetches.ts';
import { type Found, findRows, nothingFound } from '../fetching/find-rows.ts';
import { explain, type Need, planFetches } from '../fetching/planner.ts';
import type { MonitorRunKey, Provider } from '../generated/types.ts';
import type { CopyKind, KeptRuns } from '../kept/kept-runs.ts';
import type { Limits } from '../limits.ts';
import type { Price } from '../price.ts';
import { providers } from '../providers/index.ts';
import type { Run, RunDefinition, RunRow } from '../providers/provider.ts';
import { toBadField } from '../providers/reader.ts';
import type { Body } from '../upstream/body.ts';
import { type CopyWant, type Known, RunCopies } from './run-copies.ts';

export interface RunLoaderOptions {
  readonly fetches: Fetches;
  readonly credentialOf: CredentialOf;
  /** Copies that outlive the request. @default none are kept */
  readonly kept?: KeptRuns | undefined;
  readonly price: Price;
  readonly limits: Limits;
}

/** A run that is wanted: `list` is its monitor's id, as the runs of a monitor are a list. */
interface RunWant extends CopyWant {
  /** Made once, as it is looked up again and again. */
  readonly id: string;
  readonly list: string;
  readonly need: Need;
}

/** By the run's id. */
type AskedRuns = Asked<Promise<Run | null>>;

/** Of one request. Whatever it asks for is asked for once, however many fields select it. */
export class ProviderRuns {
  readonly #options: RunLoaderOptions;
  readonly #provider: Provider;
  readonly #definition: RunDefinition;
  readonly #copies: RunCopies | undefined;
  readonly #loader: DataLoader<RunWant, Run | null>;
  /** What has been asked for. Ours, as DataLoader's memory makes one promise more for each key that comes again. */
  readonly #asked: { light?: AskedRuns; full?: AskedRuns } = {};
  #rowLoader: DataLoader<CopyWant, Known | undefined, string> | undefined;

  /** @throws {ProviderError} when there is no credential for it */
  constructor(provider: Provider, options: RunLoaderOptions) {
    const { kept, price, limits, credentialOf } = options;
    this.#options = options;
    this.#provider = provider;
    this.#definition = providers[provider].runs;
    this.#copies =
      kept && new RunCopies({ kept, price, limits, credential: credentialOf(provider), definition: this.#definition });
    this.#loader = new DataLoader(
      // A promise a want, not one for all: DataLoader takes each on its own, so that a slow run holds up no other.
      async (wants) => this.#load(wants) as unknown as (Run | null)[],
      { cache: false },
    );
  }

  load(key: MonitorRunKey, need: Need): Promise<Run | null> {
    if (need === 'row') return this.#loadRowAlone(key);
    if (need === 'both') return this.#loadWithRow(key);
    const id = toId(key);
    this.#asked[need] ??= new Asked();
    const asked = this.#asked[need];
    const known = asked.get(id);
    if (known !== undefined) return known;
    const { isListFirst } = this.#definition;
    // A row and the run say the same only where a list may be read for either.
    const kinds: readonly CopyKind[] = need === 'light' && isListFirst ? runOrRow : runAlone;
    const loading = this.#loader.load({ key, id, kinds, need, list: key.monitorId });
    asked.set(id, loading);
    return loading;
  }

  /** @throws `error` when nothing may stand in for the answer, or can */
  standIn(key: MonitorRunKey, need: Need, error: unknown): Run {
    const run = mayPass(error) ? this.#copies?.standIn(key, need, error) : undefined;
    if (run === undefined) throw error;
    return run;
  }

  /** The run in a row of a list that has been read anyway. */
  toListed(key: MonitorRunKey, record: Body): Run {
    return this.#read(key, 'row', record).run;
  }

  /** By its row; one that no page had is asked for by itself. */
  async #loadRowAlone(key: MonitorRunKey): Promise<Run | null> {
    const row = await this.#loadRow(key);
    return row === undefined || row instanceof Error ? this.#loadWithRow(key) : row.run;
  }

  async #loadWithRow(key: MonitorRunKey): Promise<Run | null> {
    const [run, row] = await Promise.all([this.load(key, 'full'), this.#loadRow(key)]);
    return run && this.#definition.withRow(run, row instanceof Error ? row : row?.record);
  }

  #load(wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    if (this.#copies === undefined) return this.#fetch(wants);
    return this.#copies.before<RunWant, Run | null>(
      wants,
      ({ run }) => run,
      (missing) => this.#fetch(missing),
    );
  }

  #fetch(wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    const { limits, price } = this.#options;
    // What one alias has asked for by itself is there for the others too.
    const wholeOf = ({ id, need }: RunWant) => (need === 'full' ? undefined : this.#asked.full?.get(id));
    const unknown = this.#asked.full === undefined ? wants : wants.filter((want) => wholeOf(want) === undefined);
    const plan = planFetches(unknown, this.#definition.isListFirst ? limits.listFrom : undefined);
    price.explain(this.#provider, () => explain(plan));
    if (plan.listed.size === 0) return wants.map((want) => wholeOf(want) ?? this.#get(want.key));
    const searches = new Map(
      [...plan.listed].map(([monitorId, same]) => [monitorId, this.#searchLight(monitorId, same)] as const),
    );
    return wants.map((want) => {
      const whole = wholeOf(want);
      if (whole !== undefined) return whole;
      const search = want.need === 'full' ? undefined : searches.get(want.list);
      if (search === undefined) return this.#get(want.key);
      return search.then((found) => this.#fromRows(found, want.key)?.run ?? this.#get(want.key));
    });
  }

  #get(key: MonitorRunKey): Promise<Run | null> {
    return this.#options.fetches.get(this.#provider, this.#definition.toRequest(key)).then(
      (record) => {
        if (record !== null) return this.#read(key, 'run', record).run;
        this.#copies?.drop(key);
        return null;
      },
      (error: unknown) => {
        if (isRefusal(error)) this.#copies?.drop(key, error);
        throw error;
      },
    );
  }

  #read(key: MonitorRunKey, kind: CopyKind, record: Body): Known {
    const { toRun, toListedRun } = this.#definition;
    const reading = { limits: this.#options.limits, readAt: Date.now(), isStale: false };
    const known = { record, run: (kind === 'run' ? toRun : toListedRun)(key, record, reading) };
    this.#copies?.keep(key, kind, known, reading.readAt);
    return known;
  }

  /** What a list alone says of a run; undefined where no page that was read has it. */
  #loadRow(key: MonitorRunKey): Promise<Known | undefined | Error> {
    this.#rowLoader ??= new DataLoader(async (wants) => this.#loadRows(wants) as unknown as (Known | undefined)[], {
      cacheKeyFn: ({ key }) => toId(key),
    });
    return this.#rowLoader.load({ key, kinds: rowAlone }).catch(toError);
  }

  #loadRows(wants: readonly CopyWant[]): readonly Promise<Known | undefined>[] {
    if (this.#copies === undefined) return this.#fetchRows(wants);
    return this.#copies.before<CopyWant, Known | undefined>(
      wants,
      (known) => known,
      (missing) => this.#fetchRows(missing),
    );
  }

  #fetchRows(wants: readonly CopyWant[]): readonly Promise<Known | undefined>[] {
    const byMonitor = Map.groupBy(wants, ({ key }) => key.monitorId);
    const searches = new Map([...byMonitor].map(([monitorId, same]) => [monitorId, this.#search(monitorId, same)]));
    return wants.map(async ({ key }) => {
      const found = (await searches.get(key.monitorId)) ?? nothingFound;
      const known = this.#fromRows(found, key);
      // It may be one of those: that it isn't there can't be said.
      if (known === undefined && found.hasUnread) throw toBadField(this.#provider);
      return known;
    });
  }

  /** Reads the list of a monitor as long as that saves calls. A list that can't be had so is none. */
  #searchLight(monitorId: string, wants: readonly CopyWant[]): Promise<Found<RunRow>> {
    return this.#search(monitorId, wants, this.#options.limits.listFrom).catch((error: unknown) => {
      if (isOfOneEndpoint(error)) return nothingFound;
      throw error;
    });
  }

  #search(monitorId: string, wants: readonly CopyWant[], worthFrom?: number): Promise<Found<RunRow>> {
    const { walk, mostPages } = this.#definition;
    const { fetches, limits } = this.#options;
    return findRows(fetches.of(this.#provider), {
      walk: walk(monitorId, limits.listPageSize),
      ids: new Set(wants.map(({ key }) => key.runId)),
      idOf: ({ runId }) => runId,
      mostPages,
      ...(worthFrom && { worthFrom }),
    });
  }

  #fromRows({ rows }: Found<RunRow>, key: MonitorRunKey): Known | undefined {
    const found = rows.get(key.runId);
    if (found === undefined) return undefined;
    this.#options.price.of(this.#provider).listed++;
    return this.#read(key, 'row', found.row);
  }
}

const runAlone: readonly CopyKind[] = ['run'];
const rowAlone: readonly CopyKind[] = ['row'];
const runOrRow: readonly CopyKind[] = ['run', 'row'];

const toId = ({ monitorId, runId }: MonitorRunKey): string => `${monitorId}/${runId}`;
