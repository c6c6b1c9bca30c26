/** What one request fetches from the providers: each path once, and no more calls than a request may make. */
import { type Account, type AccountId, toAccountId } from '../core/accounts.ts';
import { isRefusal, mayPass, OperationTooCostly } from '../core/errors.ts';
import { Memo } from '../core/lazy.ts';
import type { Limits } from '../core/limits.ts';
import { logBadGap } from '../observability/invalid-parts.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import type { Reading } from '../providers/fields.ts';
import type { Get, MonitorRow } from '../providers/lists.ts';
import { ageOf } from '../run-cache/run-cache.ts';
import type { OperationCall, UpstreamRequest } from '../upstream/call-context.ts';
import type { Body } from '../upstream/read-response.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { PageRanges } from './page-ranges.ts';
import type { CachedResponse, ResponseCache } from './response-cache.ts';
import type { UnmovedMonitors } from './unmoved-monitors.ts';

/** The upstream client of every account that there is a credential for. */
export type Upstreams = Readonly<Partial<Record<AccountId, Upstream>>>;

/** What a request goes out with. */
export interface RequestFetcherOptions {
  readonly upstreams: Upstreams;
  readonly credentialOf: CredentialOf;
  readonly call: OperationCall;
  /** How many upstream calls, all providers together; and for how long a response is reused. */
  readonly limits: Pick<Limits, 'maxUpstreamCalls' | 'freshMs' | 'freshMinMs' | 'maxReuseMs' | 'staleMs'>;
  /** Responses that outlive the request. @default none are reused */
  readonly responses?: ResponseCache | undefined;
  /** Which pages of runs are unchanged, by the list of monitors. @default it is not inferred */
  readonly unmoved?: UnmovedMonitors | undefined;
  /** What the first pages of runs had last. @default nothing is known */
  readonly pageRanges?: PageRanges | undefined;
  /** How old an answer may be for this client, in milliseconds. @default as old as the limits allow */
  readonly maxAgeMs?: number | undefined;
}

/** Requests of one list, and how old its rows are. */
export interface TrackedGet {
  readonly get: Get;
  /** That of the oldest response; it is now, if none was reused. */
  readonly reading: Reading;
}

/** Of one request; what outlives it is in the response cache. */
export class RequestFetcher {
  readonly #options: RequestFetcherOptions;
  /** How old a response may be that is reused, in milliseconds. */
  readonly #reuseMs: number;
  /** How old a page of runs may be that is unchanged, in milliseconds. */
  readonly #unchangedMs: number;
  /** Where the responses come from that were not fetched for this request. */
  #reused: WeakMap<Body, Reading> | undefined;
  /** Those that replace failures, by the path; `undefined` where there is none. */
  readonly #stale: Partial<Record<AccountId, Memo<Promise<Body | undefined>>>> = {};
  /** When the first page of each list was received that was requested, by the path without the page. */
  #listReadAt: Map<string, number> | undefined;
  /** By the path. */
  readonly #pending: Partial<Record<AccountId, Memo<Promise<Body | null>>>> = {};
  #calls = 0;

  constructor(options: RequestFetcherOptions) {
    this.#options = options;
    const { limits, maxAgeMs = Number.POSITIVE_INFINITY } = options;
    const leastMs = Math.max(maxAgeMs, limits.freshMinMs);
    this.#reuseMs = Math.min(limits.freshMs, leastMs);
    this.#unchangedMs = options.unmoved === undefined ? 0 : Math.min(limits.maxReuseMs, leastMs);
  }

  /**
   * The provider's response, or `null` when the provider says that there is none.
   * @param allowStale whether a cached response of any age up to `staleMs` may be shown while the provider is down
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed, or there is no credential for it
   */
  get(account: Account, request: UpstreamRequest, allowStale = false): Promise<Body | null> {
    const loading = this.#get(account, request);
    return allowStale ? loading.catch((error: unknown) => this.#orStale(account, request, error)) : loading;
  }

  #get(account: Account, request: UpstreamRequest): Promise<Body | null> {
    const answers = this.#answersOf(account);
    const known = answers.get(request.path);
    if (known !== undefined) return known;
    const loading = this.#load(account, request);
    answers.set(request.path, loading);
    return loading;
  }

  #answersOf(account: Account): Memo<Promise<Body | null>> {
    const id = toAccountId(account);
    this.#pending[id] ??= new Memo();
    return this.#pending[id];
  }

  /** How many calls may still be made. */
  get left(): number {
    const { call, limits } = this.#options;
    return limits.maxUpstreamCalls - this.#calls - call.extraCalls;
  }

  /** Tells the log of an error that is none of the answer, if it is about a response that isn't as documented. */
  report(error: unknown, field: string): void {
    logBadGap(error, field, this.#options.call.log);
  }

  /** Whether responses of other operations are reused. */
  get isReusing(): boolean {
    return this.#options.responses !== undefined && this.#reuseMs > 0;
  }

  /** Whether the request was made before: its response is there for all. */
  isRequested(account: Account, { path }: UpstreamRequest): boolean {
    return this.#pending[toAccountId(account)]?.get(path) !== undefined;
  }

  /** The same, of one account. */
  of(account: Account, allowStale = false): Get {
    return (request) => this.get(account, request, allowStale);
  }

  /** The same, and how old the oldest response is. */
  track(account: Account, allowStale = false): TrackedGet {
    let oldest = Number.POSITIVE_INFINITY;
    let isStale = false;
    return {
      get: async (request) => {
        const body = await this.get(account, request, allowStale);
        if (body === null) return null;
        oldest = Math.min(oldest, this.readAtOf(body) ?? oldest);
        isStale ||= this.isStale(body);
        return body;
      },
      get reading() {
        return { readAt: Math.min(oldest, Date.now()), isStale, allowStale };
      },
    };
  }

  /**
   * What a response to the request has, where there is one that may be reused: no call is made for it.
   * @param pick what is needed of it; `undefined` where it hasn't that, and isn't used
   */
  async find<Found>(
    account: Account,
    request: UpstreamRequest,
    pick: (body: Body) => Found | undefined,
  ): Promise<{ readonly found: Found; readonly readAt: number } | undefined> {
    const known = this.#pending[toAccountId(account)]?.get(request.path);
    if (known !== undefined) return undefined;
    const { responses, credentialOf } = this.#options;
    const maxAgeMs = this.#maxAgeMsOf(request);
    if (responses === undefined || maxAgeMs <= 0) return undefined;
    const response = await responses.find(account.provider, credentialOf(account), request, maxAgeMs);
    if (response === undefined || !this.#isReusable(account, request, response, false)) return undefined;
    const found = pick(response.body);
    const body = found === undefined ? undefined : this.#take(responses, account, request, response);
    if (body === undefined || found === undefined) return undefined;
    this.#answersOf(account).set(request.path, Promise.resolve(body));
    return { found, readAt: response.readAt };
  }

  /**
   * What is made of a response: once, however many operations reuse it.
   * @param name what it is: what else it depends on is in the path
   */
  make<Made>(body: Body, name: string, make: (body: Body) => Made): Made {
    const { responses } = this.#options;
    return responses === undefined ? make(body) : responses.make(body, name, make);
  }

  /** When a response was received that is reused, in Unix milliseconds; `undefined` for one that was fetched for this request. */
  readAtOf(body: Body): number | undefined {
    return this.#reused?.get(body)?.readAt;
  }

  /** Whether a response is a cached one, shown because the provider is down. */
  isStale(body: Body): boolean {
    return this.#reused?.get(body)?.isStale === true;
  }

  /** Where a response comes from. @param allowStale whether cached ones may be shown of what is loaded from there */
  readingOf(body: Body, allowStale: boolean): Reading {
    return { readAt: this.readAtOf(body) ?? Date.now(), isStale: this.isStale(body), allowStale };
  }

  /**
   * The cached response to a request that the provider doesn't answer now.
   * @throws `error` when there is none, or the provider has refused the request
   */
  async #orStale(account: Account, request: UpstreamRequest, error: unknown): Promise<Body> {
    const { responses } = this.#options;
    if (responses === undefined || !mayPass(error)) throw error;
    const id = toAccountId(account);
    this.#stale[id] ??= new Memo();
    let finding = this.#stale[id].get(request.path);
    if (finding === undefined) {
      finding = this.#findStale(responses, account, request);
      this.#stale[id].set(request.path, finding);
    }
    const body = await finding;
    if (body === undefined) throw error;
    return body;
  }

  async #findStale(responses: ResponseCache, account: Account, request: UpstreamRequest): Promise<Body | undefined> {
    const { credentialOf, limits, call } = this.#options;
    const response = await responses.find(account.provider, credentialOf(account), request, limits.staleMs);
    if (response === undefined || !responses.count(response, call)) return undefined;
    const { body, readAt } = response;
    this.#note(body, { readAt, isStale: true });
    call.callReport.of(account).stale++;
    return body;
  }

  #note(body: Body, reading: Reading): void {
    this.#reused ??= new WeakMap();
    this.#reused.set(body, reading);
    this.#options.call.callReport.noteReadAt(reading.readAt);
  }

  /** Notes what a row of the list of monitors says of the monitor's last run. @param readAt Unix milliseconds */
  noteMonitor(account: Account, row: MonitorRow, readAt: number): void {
    const { unmoved, credentialOf } = this.#options;
    unmoved?.noteRow({ account, credential: credentialOf(account) }, row, readAt);
  }

  /** Whether the first page of a monitor's runs had only newer runs than this one when it was read last, with the same credential. */
  isOlderThanPage(account: Account, { path }: UpstreamRequest, runId: string): boolean {
    const { pageRanges, credentialOf } = this.#options;
    return pageRanges?.excludes({ account, credential: credentialOf(account) }, path, runId) === true;
  }

  #load(account: Account, request: UpstreamRequest): Promise<Body | null> {
    const { responses } = this.#options;
    try {
      return responses === undefined ? this.#call(account, request) : this.#reuseOrCall(responses, account, request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws {OperationTooCostly | ProviderError} as {@link RequestFetcher.get} rejects */
  #call(account: Account, request: UpstreamRequest): Promise<Body | null> {
    const { upstreams, credentialOf, call, limits, pageRanges } = this.#options;
    // Counted here, so that no shape of a query gets around it.
    if (++this.#calls + call.extraCalls > limits.maxUpstreamCalls)
      throw new OperationTooCostly(`Expected at most ${limits.maxUpstreamCalls} upstream calls.`);
    const credential = credentialOf(account);
    const upstream = upstreams[toAccountId(account)];
    if (upstream === undefined) throw new Error('no upstream client of a configured account');
    const calling = upstream.getJson(request, credential, call);
    const { path, newestRunsOf } = request;
    if (pageRanges === undefined || newestRunsOf === undefined) return calling;
    return calling.then((body) => {
      if (body !== null) pageRanges.note({ account, credential }, newestRunsOf, path, body);
      return body;
    });
  }

  #reuseOrCall(responses: ResponseCache, account: Account, request: UpstreamRequest): Promise<Body | null> {
    const credential = this.#options.credentialOf(account);
    const maxAgeMs = this.#maxAgeMsOf(request);
    const found = maxAgeMs > 0 ? responses.find(account.provider, credential, request, maxAgeMs) : undefined;
    if (found instanceof Promise)
      return found.then(
        (response) => this.#reuse(responses, account, request, response) ?? this.#fetch(responses, account, request),
      );
    const body = this.#reuse(responses, account, request, found);
    return body === undefined ? this.#fetch(responses, account, request) : Promise.resolve(body);
  }

  /** How old a response may be, in milliseconds. */
  #maxAgeMsOf({ newestRunsOf }: UpstreamRequest): number {
    return newestRunsOf === undefined ? this.#reuseMs : Math.max(this.#reuseMs, this.#unchangedMs);
  }

  /** Takes a response of an earlier operation, if there is one that may be reused. */
  #reuse(
    responses: ResponseCache,
    account: Account,
    request: UpstreamRequest,
    response: CachedResponse | undefined,
  ): Body | undefined {
    if (response === undefined || !this.#isReusable(account, request, response, true)) return undefined;
    return this.#take(responses, account, request, response);
  }

  /**
   * Whether a response is young enough, or unchanged, and may stand beside what this operation has read already.
   * @param isNeeded whether it is requested otherwise: then it may be the turn of this one to be checked
   */
  #isReusable(
    account: Account,
    request: UpstreamRequest,
    { readAt, listReadAt }: CachedResponse,
    isNeeded: boolean,
  ): boolean {
    if (request.isContinuation && !this.#continuesList(account, request, listReadAt)) return false;
    return this.#isFresh(readAt) || this.#isUnchanged(account, request, readAt, isNeeded);
  }

  #isFresh(readAt: number): boolean {
    return ageOf(readAt, Date.now()) < this.#reuseMs;
  }

  #take(
    responses: ResponseCache,
    account: Account,
    request: UpstreamRequest,
    response: CachedResponse,
  ): Body | undefined {
    const { body, readAt } = response;
    if (!responses.count(response, this.#options.call)) return undefined;
    this.#noteList(account, request, readAt);
    this.#note(body, { readAt, isStale: false });
    const calls = this.#options.call.callReport.of(account);
    if (this.#isFresh(readAt)) calls.fresh++;
    else calls.unchanged++;
    return body;
  }

  /** Whether the page that was received then is as it was, by a row of the list of monitors that is fresh. */
  #isUnchanged(account: Account, { path, newestRunsOf }: UpstreamRequest, readAt: number, isNeeded: boolean): boolean {
    const { unmoved, credentialOf } = this.#options;
    if (unmoved === undefined || newestRunsOf === undefined) return false;
    const owner = { account, credential: credentialOf(account) };
    if (unmoved.findPage(owner, newestRunsOf, path, Date.now() - this.#reuseMs) !== readAt) return false;
    return !isNeeded || !unmoved.takeCheck(owner);
  }

  #noteRuns(account: Account, { path, newestRunsOf }: UpstreamRequest, body: Body, readAt: number): void {
    const { unmoved, credentialOf } = this.#options;
    if (unmoved === undefined || newestRunsOf === undefined) return;
    unmoved.notePage({ account, credential: credentialOf(account) }, newestRunsOf, { path, body, readAt });
  }

  #fetch(responses: ResponseCache, account: Account, request: UpstreamRequest): Promise<Body | null> {
    const pending = responses.open(account.provider, this.#options.credentialOf(account), request);
    let calling: Promise<Body | null>;
    try {
      calling = this.#call(account, request);
    } catch (error) {
      responses.close(pending);
      throw error;
    }
    return calling.then(
      (body) => {
        if (body === null) responses.drop(pending);
        else {
          const readAt = Date.now();
          const listReadAt = request.isContinuation
            ? (this.#readListAt(account, request) ?? this.#findListReadAt(responses, account, request, readAt))
            : undefined;
          responses.store(pending, body, readAt, listReadAt);
          this.#noteList(account, request, readAt);
          this.#noteRuns(account, request, body, readAt);
        }
        return body;
      },
      (error: unknown) => {
        if (isRefusal(error)) responses.drop(pending);
        else responses.close(pending);
        throw error;
      },
    );
  }

  #noteList(account: Account, request: UpstreamRequest, readAt: number): void {
    if (request.rows === undefined || request.isContinuation) return;
    this.#listReadAt ??= new Map();
    this.#listReadAt.set(toListName(account, request), readAt);
    if (request.isAppendOnly)
      this.#options.responses?.noteList(this.#options.credentialOf(account), toListName(account, request), readAt);
  }

  /**
   * Whether a page behind the first one may be reused. Rows may have moved between the pages since: so only with the first page that it
   * was read with. Where none move on to it, an operation may also have read no first page.
   */
  #continuesList(account: Account, request: UpstreamRequest, listReadAt: number | undefined): boolean {
    const own = this.#readListAt(account, request);
    return own === undefined ? request.isAppendOnly === true : own === listReadAt;
  }

  /** When the first page was received that other operations reuse together with this one. */
  #findListReadAt(
    responses: ResponseCache,
    account: Account,
    request: UpstreamRequest,
    readAt: number,
  ): number | undefined {
    if (!request.isAppendOnly) return undefined;
    const listReadAt = responses.listReadAt(this.#options.credentialOf(account), toListName(account, request));
    return listReadAt !== undefined && ageOf(listReadAt, readAt) < this.#options.limits.freshMs
      ? listReadAt
      : undefined;
  }

  #readListAt(account: Account, request: UpstreamRequest): number | undefined {
    return this.#listReadAt?.get(toListName(account, request));
  }
}

/** The path without the page. What else is requested makes another list where several of them are remembered. */
const toListName = (account: Account, { path, isAppendOnly }: UpstreamRequest): string =>
  `${toAccountId(account)} ${isAppendOnly ? path.replace(/\bpage=\d+/, '') : path.split('?', 1)}`;
