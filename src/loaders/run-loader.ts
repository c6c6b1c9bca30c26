/** Runs by their keys: of each account, cached ones, those that a list has, and the others each by a call. */
import DataLoader from 'dataloader';
import { type Account, type AccountId, type MonitorKey, type RunKey, toAccountId } from '../core/accounts.ts';
import { BadUserInput, isRefusal, mayPass, type ProviderError, toError } from '../core/errors.ts';
import { Memo } from '../core/lazy.ts';
import type { Limits } from '../core/limits.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import type { Reading, Run, Selected } from '../providers/fields.ts';
import { providers } from '../providers/index.ts';
import type { RunListPage, RunRow } from '../providers/lists.ts';
import type { RunDefinition } from '../providers/provider.ts';
import type { EntryKind, RunCache } from '../run-cache/run-cache.ts';
import type { CallReport } from '../upstream/call-report.ts';
import type { Body } from '../upstream/read-response.ts';
import { loadOf, withAccount } from './account-errors.ts';
import { CachedRuns, type CopyWant } from './cached-runs.ts';
import { ListRows } from './list-rows.ts';
import { explain, type Found, type Need, needOf, orNothing, planFetches, scanList, throwFailure } from './planner.ts';
import type { RequestFetcher } from './request-fetcher.ts';

interface RunLoaderOptions {
  readonly fetches: RequestFetcher;
  readonly credentialOf: CredentialOf;
  /** The run cache, which outlives the request. @default no cache */
  readonly runCache?: RunCache | undefined;
  readonly callReport: CallReport;
  readonly limits: Limits;
  /** How old an entry may be for this client, in milliseconds. @default as old as the limits allow */
  readonly maxAgeMs?: number | undefined;
}

/** The runs of a request. Nothing of it outlives the request but entries, each by whose it is. */
export class RunLoader {
  readonly #options: RunLoaderOptions;
  readonly #of: Partial<Record<AccountId, AccountRunLoader>> = {};

  constructor(options: RunLoaderOptions) {
    this.#options = options;
  }

  /**
   * The run, or `null` when its provider has no such run.
   * @param allowStale whether a cached run may be shown while its provider is down
   * @throws {BadUserInput} before any call, when the ids can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(key: RunKey, selected: Selected, allowStale = false): Promise<Run | null> {
    try {
      const { provider, monitorId, runId } = key;
      const { isKey, expectedKey, listed } = providers[provider].runs;
      if (!isKey(key)) throw new BadUserInput(expectedKey, key);
      const { callReport } = this.#options;
      if (callReport.isVerbose) callReport.recordRequested(key, `${monitorId}/${runId}`);
      const need = needOf(selected, listed);
      const runs = this.#runsOf(key);
      const loading = runs.load(key, need, allowStale);
      return loadOf(key, allowStale ? loading.catch((error: unknown) => runs.serveStale(key, error)) : loading);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What the list of its monitor's runs says of a run; as in {@link FieldContext}. */
  loadListRow(key: RunKey, isStale: boolean): Promise<Body | null> {
    return loadOf(key, this.#runsOf(key).loadListRow(key, isStale));
  }

  /** The run below a run in the list of its monitor's runs; as in {@link FieldContext}. */
  loadPrevious(key: RunKey): Promise<Run | null> {
    return loadOf(key, this.#runsOf(key).loadPrevious(key));
  }

  /** Takes notice of a page of a monitor's runs that was read anyway: which run is below which. @param rows newest first */
  notePage(key: MonitorKey, rows: readonly (RunRow | ProviderError)[], readAt: number): void {
    this.#runsOf(key).notePage(key.monitorId, rows, readAt);
  }

  /** The run in a row of a list that has been read anyway. */
  toListed(key: RunKey, row: Body, reading: Reading): Run {
    return withAccount(key, this.#runsOf(key).toListed(key, row, reading));
  }

  #runsOf(account: Account): AccountRunLoader {
    const id = toAccountId(account);
    this.#of[id] ??= new AccountRunLoader(account, this.#options);
    return this.#of[id];
  }
}

/** A run that is wanted: `list` is its monitor's id, as the runs of a monitor are a list. */
interface RunWant extends CopyWant {
  /** Made once, as it is looked up again and again. */
  readonly id: string;
  readonly list: string;
  readonly need: Need;
}

/** The runs of one account, in one request. Each is fetched once, however many fields select it. */
class AccountRunLoader {
  readonly #options: RunLoaderOptions;
  readonly #account: Account;
  readonly #definition: RunDefinition;
  readonly #entries: CachedRuns | undefined;
  readonly #loader: DataLoader<RunWant, Run | null>;
  /** What has been requested, by the run's id. Ours, as DataLoader's memory makes one promise more for each key that comes again. */
  readonly #requested: Partial<Record<'light' | 'full', Memo<Promise<Run | null>>>> = {};
  #listRows: ListRows | undefined;

  /** @throws {ProviderError} when there is no credential for it */
  constructor({ provider, account }: Account, options: RunLoaderOptions) {
    const { runCache, callReport, limits, credentialOf, maxAgeMs = Number.POSITIVE_INFINITY } = options;
    this.#options = options;
    this.#account = { provider, account };
    this.#definition = providers[provider].runs;
    this.#entries =
      runCache &&
      new CachedRuns({
        runCache,
        callReport,
        limits,
        maxAgeMs,
        credential: credentialOf(this.#account),
        definition: this.#definition,
      });
    this.#loader = new DataLoader(
      // A promise a want, not one for all: DataLoader takes each on its own, so that a slow run holds up no other.
      async (wants) => this.#load(wants) as unknown as (Run | null)[],
      { cache: false },
    );
  }

  /** @param allowStale whether cached runs may replace a list that fails, where its row is needed */
  load(key: RunKey, need: Need, allowStale = false): Promise<Run | null> {
    if (need === 'row') return this.#loadByRow(key, allowStale);
    if (need === 'both') {
      // What only the row says is waited for where it is selected; here it is requested, along with the run.
      const row = this.#rows.load(key).catch(toError);
      const run = this.load(key, 'full');
      return allowStale ? this.#orStale(key, run, row) : run;
    }
    const id = toId(key);
    this.#requested[need] ??= new Memo();
    const requested = this.#requested[need];
    const known = requested.get(id);
    if (known !== undefined) return known;
    const loading = this.#loader.load({
      key,
      id,
      kinds: need === 'light' ? runOrRow : runAlone,
      need,
      list: key.monitorId,
    });
    requested.set(id, loading);
    return loading;
  }

  /** @throws `error` when no cached run may replace the response, or can */
  async serveStale(key: RunKey, error: unknown): Promise<Run> {
    const run = mayPass(error) ? await this.#entries?.serveStale(key) : undefined;
    if (run === undefined) throw error;
    return run;
  }

  /** What the list says of a run; as in {@link FieldContext}. */
  async loadListRow(key: RunKey, isStale: boolean): Promise<Body | null> {
    const known = (isStale ? await this.#entries?.findOldRow(key) : undefined) ?? (await this.#rows.load(key));
    return known.run && known.record;
  }

  loadPrevious(key: RunKey): Promise<Run | null> {
    return this.#rows.loadPrevious(key);
  }

  notePage(monitorId: string, rows: readonly (RunRow | ProviderError)[], readAt: number): void {
    this.#rows.note(monitorId, rows, readAt);
  }

  /** The run in a row of a list that has been read anyway. */
  toListed(key: RunKey, record: Body, reading: Reading): Run {
    return this.#read(key, 'row', record, reading).run;
  }

  /** By its row; one that no page has is requested separately. */
  async #loadByRow(key: RunKey, allowStale: boolean): Promise<Run | null> {
    try {
      const { run } = await this.#rows.load(key);
      if (run !== null) return run;
    } catch (error) {
      const old = allowStale && mayPass(error) ? await this.#entries?.findOldRow(key) : undefined;
      if (old?.run) return old.run;
    }
    return this.load(key, 'full');
  }

  /** The run, or its cached entry when its row can't be had: an entry has a cached row beside it. */
  async #orStale(key: RunKey, run: Promise<Run | null>, row: Promise<unknown>): Promise<Run | null> {
    const [found, error] = await Promise.all([run, row]);
    if (found === null || !mayPass(error)) return found;
    return (await this.#entries?.serveStale(key)) ?? found;
  }

  get #rows(): ListRows {
    const { fetches, callReport, limits } = this.#options;
    this.#listRows ??= new ListRows({
      account: this.#account,
      definition: this.#definition,
      get: fetches.of(this.#account),
      readAtOf: (page) => fetches.readAtOf(page),
      entries: this.#entries,
      callReport,
      limits,
      toKnown: (key, row, readAt) => this.#read(key, 'row', row, toReading(readAt)),
      loadDetail: (key) => this.load(key, 'full'),
      findDetail: (key) => this.#requested.full?.get(toId(key)) ?? this.#requested.light?.get(toId(key)),
    });
    return this.#listRows;
  }

  #load(wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    if (this.#entries === undefined) return this.#fetch(wants);
    return this.#entries.before<RunWant, Run | null>(
      wants,
      ({ run }) => run,
      (missing) => this.#fetch(missing),
    );
  }

  #fetch(wants: readonly RunWant[]): readonly Promise<Run | null>[] {
    const { limits, callReport } = this.#options;
    // What one alias has requested in detail is there for the others too.
    const wholeOf = ({ id, need }: RunWant) => (need === 'full' ? undefined : this.#requested.full?.get(id));
    const unknown = this.#requested.full === undefined ? wants : wants.filter((want) => wholeOf(want) === undefined);
    const plan = planFetches(unknown, limits.listFetchThreshold, ({ key }) => this.#isOlder(key));
    callReport.explain(this.#account, () => explain(plan));
    const getOne = ({ key, need }: RunWant) => (need === 'light' ? this.#findOrGet(key) : this.#get(key));
    if (plan.listed.size === 0) return wants.map((want) => wholeOf(want) ?? getOne(want));
    const searches = new Map(
      [...plan.listed].map(([monitorId, same]) => [monitorId, this.#searchLight(monitorId, same)] as const),
    );
    return wants.map((want) => {
      const whole = wholeOf(want);
      if (whole !== undefined) return whole;
      const search = want.need === 'full' ? undefined : searches.get(want.list);
      if (search === undefined) return getOne(want);
      return search.then((found) => {
        const run = this.#fromRows(found, want.key);
        if (run !== undefined) return run;
        throwFailure(found);
        return this.#get(want.key);
      });
    });
  }

  /** The run from a page of its monitor's newest runs, if there is one that may be reused: it says as much as the run does alone. */
  #findOrGet(key: RunKey): Promise<Run | null> {
    const { fetches } = this.#options;
    return fetches.isReusing ? this.#findRow(key).then((run) => run ?? this.#get(key)) : this.#get(key);
  }

  async #findRow(key: RunKey): Promise<Run | undefined> {
    const { fetches, limits, callReport } = this.#options;
    const { pages, toRequest } = this.#definition;
    const own = toRequest(key);
    if (fetches.isRequested(this.#account, own)) return undefined;
    if ((await fetches.find(this.#account, own, (body) => body)) !== undefined) return undefined;
    const request = pages.toRequest(key.monitorId, undefined, limits.listPageSize, false);
    const row = await fetches.find(this.#account, request, (body) => {
      try {
        const toPage = () => pages.read(key.monitorId, undefined, limits.listPageSize, body);
        return findRow(fetches.make(body, 'runs', toPage), key);
      } catch {
        // It isn't a page of runs.
        return undefined;
      }
    });
    if (row === undefined) return undefined;
    callReport.of(this.#account).fromLists++;
    return this.toListed(key, row.found.row, toReading(row.readAt));
  }

  #get(key: RunKey): Promise<Run | null> {
    return this.#options.fetches.get(this.#account, this.#definition.toRequest(key)).then(
      (record) => {
        if (record !== null)
          return this.#read(key, 'run', record, toReading(this.#options.fetches.readAtOf(record))).run;
        this.#entries?.drop(key);
        return null;
      },
      (error: unknown) => {
        if (isRefusal(error)) this.#entries?.drop(key, error);
        throw error;
      },
    );
  }

  #read(key: RunKey, kind: EntryKind, record: Body, reading: Reading): { record: Body; run: Run } {
    const { toRun, toListedRun } = this.#definition;
    const { limits, credentialOf } = this.#options;
    const run = (kind === 'run' ? toRun : toListedRun)(key, record, {
      limits,
      readAt: reading.readAt,
      isStale: reading.isStale,
      allowStale: reading.allowStale,
      owner: credentialOf(this.#account).digest,
    });
    const known = { record, run };
    if (!reading.isStale) this.#entries?.store(key, kind, known, reading.readAt);
    return known;
  }

  /** Whether the first page of its monitor's list had only newer runs when it was read last. */
  #isOlder({ monitorId, runId }: RunKey): boolean {
    const { first } = this.#definition.walk(monitorId, this.#options.limits.listPageSize);
    return this.#options.fetches.isOlderThanPage(this.#account, first, runId);
  }

  /** Reads the list of a monitor as long as that saves calls. A list that can't be had so is none. */
  #searchLight(monitorId: string, wants: readonly CopyWant[]): Promise<Found<RunRow>> {
    const { walk, maxPages } = this.#definition;
    const { fetches, limits } = this.#options;
    return scanList(fetches.of(this.#account), {
      readAtOf: (page) => fetches.readAtOf(page),
      walk: walk(monitorId, limits.listPageSize),
      ids: new Set(wants.map(({ key }) => key.runId)),
      idOf: ({ runId }) => runId,
      maxPages,
      worthFrom: limits.listFetchThreshold,
    }).catch(orNothing((error) => fetches.report(error, 'runs')));
  }

  #fromRows({ rows }: Found<RunRow>, key: RunKey): Run | undefined {
    const found = rows.get(key.runId);
    if (found === undefined) return undefined;
    this.#options.callReport.of(this.#account).fromLists++;
    return this.toListed(key, found.row.row, toReading(found.readAt));
  }
}

const runAlone: readonly EntryKind[] = ['run'];
const runOrRow: readonly EntryKind[] = ['run', 'row'];

/** The run in a page of a list, if all is there that a single response would say of its outcome. */
function findRow({ rows }: RunListPage, { runId }: RunKey): RunRow | undefined {
  const row = rows.find((one) => !(one instanceof Error) && one.runId === runId);
  return row instanceof Error || row?.lacksOutcome ? undefined : row;
}

const toId = ({ monitorId, runId }: RunKey): string => `${monitorId}/${runId}`;

const toReading = (readAt = Date.now()): Reading => ({ readAt, isStale: false });
