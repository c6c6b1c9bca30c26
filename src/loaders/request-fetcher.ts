/** What one request fetches from the providers: each path once, and no more calls than a request may make. */
import { isRefusal, mayPass, OperationTooCostly } from '../core/errors.ts';
import { Memo } from '../core/lazy.ts';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import { logBadGap } from '../observability/invalid-parts.ts';
import type { Reading } from '../providers/fields.ts';
import type { CredentialOf } from '../providers/index.ts';
import type { Get, MonitorRow } from '../providers/lists.ts';
import { ageOf } from '../run-cache/run-cache.ts';
import type { OperationCall, UpstreamRequest } from '../upstream/call-context.ts';
import type { Body } from '../upstream/read-response.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { PageRanges } from './page-ranges.ts';
import type { CachedResponse, ResponseCache } from './response-cache.ts';
import type { UnmovedMonitors } from './unmoved-monitors.ts';

/** What a request goes out with. */
export interface RequestFetcherOptions {
  /** The upstream client of every provider. */
  readonly upstreams: Readonly<Record<Provider, Upstream>>;
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
  readonly #stale: Partial<Record<Provider, Memo<Promise<Body | undefined>>>> = {};
  /** When the first page of each list was received that was requested, by the path without the page. */
  #listReadAt: Map<string, number> | undefined;
  /** By the path. */
  readonly #pending: Partial<Record<Provider, Memo<Promise<Body | null>>>> = {};
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
  get(provider: Provider, request: UpstreamRequest, allowStale = false): Promise<Body | null> {
    const loading = this.#get(provider, request);
    return allowStale ? loading.catch((error: unknown) => this.#orStale(provider, request, error)) : loading;
  }

  #get(provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const answers = this.#answersOf(provider);
    const known = answers.get(request.path);
    if (known !== undefined) return known;
    const loading = this.#load(provider, request);
    answers.set(request.path, loading);
    return loading;
  }

  #answersOf(provider: Provider): Memo<Promise<Body | null>> {
    this.#pending[provider] ??= new Memo();
    return this.#pending[provider];
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
  isRequested(provider: Provider, { path }: UpstreamRequest): boolean {
    return this.#pending[provider]?.get(path) !== undefined;
  }

  /** The same, of one provider. */
  of(provider: Provider, allowStale = false): Get {
    return (request) => this.get(provider, request, allowStale);
  }

  /** The same, and how old the oldest response is. */
  track(provider: Provider, allowStale = false): TrackedGet {
    let oldest = Number.POSITIVE_INFINITY;
    let isStale = false;
    return {
      get: async (request) => {
        const body = await this.get(provider, request, allowStale);
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
    provider: Provider,
    request: UpstreamRequest,
    pick: (body: Body) => Found | undefined,
  ): Promise<{ readonly found: Found; readonly readAt: number } | undefined> {
    const known = this.#pending[provider]?.get(request.path);
    if (known !== undefined) return undefined;
    const { responses, credentialOf } = this.#options;
    const maxAgeMs = this.#maxAgeMsOf(request);
    if (responses === undefined || maxAgeMs <= 0) return undefined;
    const response = await responses.find(provider, credentialOf(provider), request, maxAgeMs);
    if (response === undefined || !this.#isReusable(provider, request, response, false)) return undefined;
    const found = pick(response.body);
    const body = found === undefined ? undefined : this.#take(responses, provider, request, response);
    if (body === undefined || found === undefined) return undefined;
    this.#answersOf(provider).set(request.path, Promise.resolve(body));
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
  async #orStale(provider: Provider, request: UpstreamRequest, error: unknown): Promise<Body> {
    const { responses } = this.#options;
    if (responses === undefined || !mayPass(error)) throw error;
    this.#stale[provider] ??= new Memo();
    let finding = this.#stale[provider].get(request.path);
    if (finding === undefined) {
      finding = this.#findStale(responses, provider, request);
      this.#stale[provider].set(request.path, finding);
    }
    const body = await finding;
    if (body === undefined) throw error;
    return body;
  }

  async #findStale(responses: ResponseCache, provider: Provider, request: UpstreamRequest): Promise<Body | undefined> {
    const { credentialOf, limits, call } = this.#options;
    const response = await responses.find(provider, credentialOf(provider), request, limits.staleMs);
    if (response === undefined || !responses.count(response, call)) return undefined;
    const { body, readAt } = response;
    this.#note(body, { readAt, isStale: true });
    call.callReport.of(provider).stale++;
    return body;
  }

  #note(body: Body, reading: Reading): void {
    this.#reused ??= new WeakMap();
    this.#reused.set(body, reading);
    this.#options.call.callReport.noteReadAt(reading.readAt);
  }

  /** Notes what a row of the list of monitors says of the monitor's last run. @param readAt Unix milliseconds */
  noteMonitor(provider: Provider, row: MonitorRow, readAt: number): void {
    const { unmoved, credentialOf } = this.#options;
    unmoved?.noteRow({ provider, credential: credentialOf(provider) }, row, readAt);
  }

  /** Whether the first page of a monitor's runs had only newer runs than this one when it was read last, with the same credential. */
  isOlderThanPage(provider: Provider, { path }: UpstreamRequest, runId: string): boolean {
    const { pageRanges, credentialOf } = this.#options;
    return pageRanges?.excludes({ provider, credential: credentialOf(provider) }, path, runId) === true;
  }

  #load(provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const { responses } = this.#options;
    try {
      return responses === undefined ? this.#call(provider, request) : this.#reuseOrCall(responses, provider, request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws {OperationTooCostly | ProviderError} as {@link RequestFetcher.get} rejects */
  #call(provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const { upstreams, credentialOf, call, limits, pageRanges } = this.#options;
    // Counted here, so that no shape of a query gets around it.
    if (++this.#calls + call.extraCalls > limits.maxUpstreamCalls)
      throw new OperationTooCostly(`Expected at most ${limits.maxUpstreamCalls} upstream calls.`);
    const credential = credentialOf(provider);
    const calling = upstreams[provider].getJson(request, credential, call);
    const { path, newestRunsOf } = request;
    if (pageRanges === undefined || newestRunsOf === undefined) return calling;
    return calling.then((body) => {
      if (body !== null) pageRanges.note({ provider, credential }, newestRunsOf, path, body);
      return body;
    });
  }

  #reuseOrCall(responses: ResponseCache, provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const credential = this.#options.credentialOf(provider);
    const maxAgeMs = this.#maxAgeMsOf(request);
    const found = maxAgeMs > 0 ? responses.find(provider, credential, request, maxAgeMs) : undefined;
    if (found instanceof Promise)
      return found.then(
        (response) => this.#reuse(responses, provider, request, response) ?? this.#fetch(responses, provider, request),
      );
    const body = this.#reuse(responses, provider, request, found);
    return body === undefined ? this.#fetch(responses, provider, request) : Promise.resolve(body);
  }

  /** How old a response may be, in milliseconds. */
  #maxAgeMsOf({ newestRunsOf }: UpstreamRequest): number {
    return newestRunsOf === undefined ? this.#reuseMs : Math.max(this.#reuseMs, this.#unchangedMs);
  }

  /** Takes a response of an earlier operation, if there is one that may be reused. */
  #reuse(
    responses: ResponseCache,
    provider: Provider,
    request: UpstreamRequest,
    response: CachedResponse | undefined,
  ): Body | undefined {
    if (response === undefined || !this.#isReusable(provider, request, response, true)) return undefined;
    return this.#take(responses, provider, request, response);
  }

  /**
   * Whether a response is young enough, or unchanged, and may stand beside what this operation has read already.
   * @param isNeeded whether it is requested otherwise: then it may be the turn of this one to be checked
   */
  #isReusable(
    provider: Provider,
    request: UpstreamRequest,
    { readAt, listReadAt }: CachedResponse,
    isNeeded: boolean,
  ): boolean {
    if (request.isContinuation && !this.#continuesList(provider, request, listReadAt)) return false;
    return this.#isFresh(readAt) || this.#isUnchanged(provider, request, readAt, isNeeded);
  }

  #isFresh(readAt: number): boolean {
    return ageOf(readAt, Date.now()) < this.#reuseMs;
  }

  #take(
    responses: ResponseCache,
    provider: Provider,
    request: UpstreamRequest,
    response: CachedResponse,
  ): Body | undefined {
    const { body, readAt } = response;
    if (!responses.count(response, this.#options.call)) return undefined;
    this.#noteList(provider, request, readAt);
    this.#note(body, { readAt, isStale: false });
    const calls = this.#options.call.callReport.of(provider);
    if (this.#isFresh(readAt)) calls.fresh++;
    else calls.unchanged++;
    return body;
  }

  /** Whether the page that was received then is as it was, by a row of the list of monitors that is fresh. */
  #isUnchanged(
    provider: Provider,
    { path, newestRunsOf }: UpstreamRequest,
    readAt: number,
    isNeeded: boolean,
  ): boolean {
    const { unmoved, credentialOf } = this.#options;
    if (unmoved === undefined || newestRunsOf === undefined) return false;
    const owner = { provider, credential: credentialOf(provider) };
    if (unmoved.findPage(owner, newestRunsOf, path, Date.now() - this.#reuseMs) !== readAt) return false;
    return !isNeeded || !unmoved.takeCheck(owner);
  }

  #noteRuns(provider: Provider, { path, newestRunsOf }: UpstreamRequest, body: Body, readAt: number): void {
    const { unmoved, credentialOf } = this.#options;
    if (unmoved === undefined || newestRunsOf === undefined) return;
    unmoved.notePage({ provider, credential: credentialOf(provider) }, newestRunsOf, { path, body, readAt });
  }

  #fetch(responses: ResponseCache, provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const pending = responses.open(provider, this.#options.credentialOf(provider), request);
    let calling: Promise<Body | null>;
    try {
      calling = this.#call(provider, request);
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
            ? (this.#readListAt(provider, request) ?? this.#findListReadAt(responses, provider, request, readAt))
            : undefined;
          responses.store(pending, body, readAt, listReadAt);
          this.#noteList(provider, request, readAt);
          this.#noteRuns(provider, request, body, readAt);
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

  #noteList(provider: Provider, request: UpstreamRequest, readAt: number): void {
    if (request.rows === undefined || request.isContinuation) return;
    this.#listReadAt ??= new Map();
    this.#listReadAt.set(toListName(provider, request), readAt);
    if (request.isAppendOnly)
      this.#options.responses?.noteList(this.#options.credentialOf(provider), toListName(provider, request), readAt);
  }

  /**
   * Whether a page behind the first one may be reused. Rows may have moved between the pages since: so only with the first page that it
   * was read with. Where none move on to it, an operation may also have read no first page.
   */
  #continuesList(provider: Provider, request: UpstreamRequest, listReadAt: number | undefined): boolean {
    const own = this.#readListAt(provider, request);
    return own === undefined ? request.isAppendOnly === true : own === listReadAt;
  }

  /** When the first page was received that other operations reuse together with this one. */
  #findListReadAt(
    responses: ResponseCache,
    provider: Provider,
    request: UpstreamRequest,
    readAt: number,
  ): number | undefined {
    if (!request.isAppendOnly) return undefined;
    const listReadAt = responses.listReadAt(this.#options.credentialOf(provider), toListName(provider, request));
    return listReadAt !== undefined && ageOf(listReadAt, readAt) < this.#options.limits.freshMs
      ? listReadAt
      : undefined;
  }

  #readListAt(provider: Provider, request: UpstreamRequest): number | undefined {
    return this.#listReadAt?.get(toListName(provider, request));
  }
}

/** The path without the page. What else is requested makes another list where several of them are remembered. */
const toListName = (provider: Provider, { path, isAppendOnly }: UpstreamRequest): string =>
  `${provider} ${isAppendOnly ? path.replace(/\bpage=\d+/, '') : path.split('?', 1)}`;
