/** The graph as a value with `fetch`. It listens to nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { type DocumentNode, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import { ProviderError } from '../core/errors.ts';
import { lazy } from '../core/lazy.ts';
import { defaultLimits, type Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import { createDocumentCache } from '../graphql/documents/document-cache.ts';
import {
  createAllowlist,
  createPersistedDocuments,
  type DocumentParams,
  type Manifest,
} from '../graphql/documents/persisted-documents.ts';
import { createExecute, type Operation } from '../graphql/executor/execute.ts';
import { headBytes, ResponseCache } from '../loaders/response-cache.ts';
import { UnmovedMonitors } from '../loaders/unmoved-monitors.ts';
import { consoleLog, createBoundedLog, type Log, RequestLog } from '../observability/logger.ts';
import {
  type CredentialMode,
  createForwardedCredentials,
  createHeldCredentials,
  forwardedHeader,
  providerNames,
  providers,
} from '../providers/index.ts';
import { Context, type RequestInfo } from '../resolvers/context.ts';
import { createMemoryCache, type RunCache } from '../run-cache/run-cache.ts';
import { createSafeCache } from '../run-cache/safe-cache.ts';
import { createSchema } from '../schema/create-schema.ts';
import { createSdl } from '../schema/federation.ts';
import { OperationCall } from '../upstream/call-context.ts';
import { callReportHeader } from '../upstream/call-report.ts';
import { createCoalescing } from '../upstream/coalescing.ts';
import {
  type Credential,
  expectedApiKey,
  expectedBaseUrl,
  isApiKey,
  isBaseUrl,
  toBaseUrl,
} from '../upstream/credential.ts';
import { OperationDeadline, TimeoutQueue } from '../upstream/deadline.ts';
import { ResponseBudget } from '../upstream/response-budget.ts';
import { createUpstream, type Upstream } from '../upstream/upstream.ts';
import { toClientErrors } from './error-masking.ts';
import { createNodeHandler } from './node-handler.ts';
import { readMaxAgeMs } from './preferences.ts';
import type { RequestContext } from './request-id.ts';
import { toGlobalResponse } from './responses.ts';
import { createSlowPath } from './slow-path.ts';

export type { Limits } from '../core/limits.ts';
export type { Provider } from '../generated/types.ts';
export type { Log } from '../observability/logger.ts';
export type { RunCache, StoredEntries, StoredEntry } from '../run-cache/run-cache.ts';

export interface GatewayConfig {
  /**
   * The providers to call. With `service` credentials at least one needs a key, and the fields of those without one answer
   * `PROVIDER_NOT_CONFIGURED`.
   */
  readonly providers?: Readonly<Partial<Record<Provider, ProviderConfig>>>;
  /**
   * Whose keys the providers are called with: `held`, the ones given here; or `forwarded`, the caller's own, from the headers
   * `X-Datafold-Api-Key` and `X-Olostep-Api-Key` of each request. @default 'service'
   */
  readonly credentials?: CredentialMode;
  /** The path that the graph is served at. @default '/graphql' */
  readonly path?: string;
  /** Whether clients may read the schema, and are helped with names that they get wrong. @default true */
  readonly introspection?: boolean;
  /**
   * The documents that clients may name by an id instead of sending them: manifests of graphql-codegen's client preset, of
   * Relay or of Apollo. Each document has to be valid and within the limits. @default none
   */
  readonly persistedDocuments?: readonly Manifest[];
  /** The same of the example operations; those beyond the limits are left out. @default none */
  readonly exampleDocuments?: Manifest;
  /** Whether only these documents are executed, for every caller. @default false */
  readonly persistedDocumentsOnly?: boolean;
  /**
   * The run cache: whether responses for finished runs are cached, by the digest of the credential that fetched them: in memory, or in
   * a store of your own, which is closed with the gateway. @default true
   */
  readonly runCache?: boolean | RunCache;
  /** Whether identical upstream calls in flight, with the same credential, share one. @default true */
  readonly coalesceCalls?: boolean;
  /** Receives failed upstream calls and bugs. @default the console, warnings and errors */
  readonly log?: Log;
  /** How long, how many, how much. */
  readonly limits?: Partial<Limits>;
  /** Whether a server in front has held the body to `limits.maxBodyBytes` already. @default false */
  readonly bodyLimitEnforced?: boolean;
}

export interface ProviderConfig {
  /**
   * The key of the provider's API, without `Key` or `Bearer` before it. A function is called for each request, so that it may return another
   * key than before; while it returns none that can be sent, the provider isn't configured.
   */
  readonly apiKey?: string | (() => string);
  /**
   * Where the API is: https to a name, or http towards loopback; more with `allowHttp`. A path is put before the API's own (`/api/v1/…` of Datafold,
   * `/v1/…` of Olostep), and must not end in that. @default the provider's
   */
  readonly baseUrl?: string;
  /**
   * Whether `baseUrl` may be http, and an address of a private network: the key is then sent unencrypted. For an API that you host.
   * @default false
   */
  readonly allowHttp?: boolean;
  /**
   * How many calls a second are made with one key at most: where the account's rate limit is known, nothing has to be learned from
   * refused calls. @default `limits.upstreamRate`
   */
  readonly upstreamRate?: number;
}

/** The parameters of a request: a document, and what to do with it. */
export interface OperationParams extends DocumentParams {
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

/** An answer in one part, with status 200. */
export interface WholeAnswer {
  /** JSON. */
  readonly body: string;
  /** The length of the body in UTF-8. */
  readonly bytes: number;
  /** How many upstream calls it took. */
  readonly calls: number;
  /** How old the oldest part of it is, in whole seconds; `undefined` when all of it was fetched for it. */
  readonly ageSeconds: number | undefined;
}

/** What the fast path has for a request; see {@link Gateway.answer}. */
export type FastAnswer = WholeAnswer | 'OVERLOADED' | undefined;

export interface Gateway {
  /** Answers a GraphQL request, with the `Response` of `globalThis`. The request's signal cancels its upstream calls. */
  fetch(request: Request, context?: RequestContext): Promise<Response>;
  /**
   * The same for `node:http`, and middleware of Express and Connect: mounted, as by `app.use('/graph', gateway.requestListener)`, it
   * answers at the path of the mount, and else at {@link GatewayConfig.path}. It calls `next` for any other request, and
   * answers 404 where there is no `next`.
   */
  requestListener(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /**
   * The same at {@link GatewayConfig.path} alone, for a server in front that knows something of the request already.
   * @returns resolves when the response is written
   */
  handleNodeRequest(request: IncomingMessage, response: ServerResponse, context?: RequestContext): Promise<void>;
  /**
   * The fast path, for a server in front that has read the request: executes the operation, and resolves with an answer with
   * status 200, in one part. Undefined, sooner or later, when that isn't what the answer is: then no call has been made
   * of any provider, and {@link requestListener} has the answer. `'OVERLOADED'`, before any upstream call: there is no room for
   * the response, as far as its size is known from the last time.
   */
  answer(params: OperationParams, requestInfo: RequestInfo): Promise<FastAnswer> | FastAnswer;
  /** The headers that requests forward keys of providers in, in lower case; none where the keys are held here. */
  readonly credentialHeaders: readonly string[];
  /** The SDL of the graph as a subgraph, for composition; undefined where clients may not read the schema. */
  readSdl(): string | undefined;
  /** Loads what the first request that isn't plain JSON in a POST would make every caller wait for. */
  prepare(): Promise<void>;
  /**
   * For a process that shuts down: from now on no operation, running or new, takes longer than so many milliseconds from
   * now. What it has found by then is answered, and the rest is `UPSTREAM_TIMEOUT`.
   */
  capDeadlines(ms: number): void;
  /** Ends the connections to the providers, once nothing is in flight. To say so again is no harm. */
  close(): Promise<void>;
}

/**
 * Makes the graph.
 * @throws {Error} that says all that is wrong with the configuration, and never a key
 */
export function createGateway(config: GatewayConfig): Gateway {
  const { path = '/graphql', introspection = true, bodyLimitEnforced = false } = config;
  checkConfig(config);
  const limits = { ...defaultLimits, ...config.limits };
  const log = createBoundedLog(config.log ?? consoleLog, limits);

  const schema = createSchema();
  const documents = createDocumentCache({ schema, limits, introspection });
  const { persistedDocuments = [], exampleDocuments = {}, persistedDocumentsOnly: isOnly = false } = config;
  const listed = createAllowlist(documents, persistedDocuments, exampleDocuments);
  const persisted = createPersistedDocuments({ documents, listed, isOnly, limits });
  const execute = createExecute({ ...limits, schema, introspection, onPlanned: documents.grow });
  const runCache = createRunCache(config.runCache, limits, log);
  const budget = new ResponseBudget(limits);
  const responses = createResponseCache(config.runCache, runCache, budget, limits);
  const upstreams = createUpstreams(config, log, limits, budget, (digest) => {
    runCache?.forget(digest);
    responses?.revoke(digest);
  });
  // What is inferred from rows needs rows that are fresh.
  const isInferring = responses !== undefined && limits.freshMs > 0 && limits.maxReuseMs > 0;
  const unmoved = isInferring ? new UnmovedMonitors({ log, limits }) : undefined;
  const isReusing = runCache !== undefined || responses !== undefined;
  const credentialsOf = createCredentials(config);

  /** How many bytes the last response of a document had, where that was a large one. */
  const largeResponses = new WeakMap<DocumentNode, number>();
  const deadlines = new TimeoutQueue(limits.operationTimeoutMs);
  const toRequestLog = (requestId: string) => new RequestLog(log, requestId, limits.maxLogLines);
  const contextOf = (requestInfo: RequestInfo, requestLog: RequestLog) =>
    new Context({
      upstreams,
      credentialOf: credentialsOf(requestInfo),
      call: new OperationCall(
        requestLog,
        new OperationDeadline(deadlines, requestInfo.cancellation, requestInfo.waitedMs),
        requestInfo.header(callReportHeader) != null,
      ),
      runCache,
      responses,
      unmoved,
      maxAgeMs: isReusing ? readMaxAgeMs(requestInfo.header('cache-control'), requestInfo.header('pragma')) : undefined,
      limits,
      room: requestInfo,
    });
  /** The response in one part; undefined where the operation can't be executed as it is. */
  const executeWhole = async (operation: Operation, requestInfo: RequestInfo): Promise<WholeAnswer | undefined> => {
    const requestLog = toRequestLog(requestInfo.requestId);
    const context = contextOf(requestInfo, requestLog);
    const { call, callReport } = context;
    let data: ExecutionResult['data'];
    let errors: readonly GraphQLError[] | undefined;
    try {
      call.start();
      const result = await execute(operation, context);
      if (context.costBudget.isLarge) await turn();
      ({ data } = result);
      if (data === undefined) return undefined;
      const { reason } = requestInfo.cancellation;
      errors = result.errors && toClientErrors(result.errors, requestLog, reason, limits.maxResponseErrors);
    } finally {
      // After a bug as well: the bytes of upstream responses are given back, and the log says how many lines were omitted.
      call.complete();
      requestLog.complete();
    }
    const extensions = callReport.isVerbose ? { upstream: callReport.show() } : undefined;
    const body = JSON.stringify({ errors, data, extensions });
    const bytes = Buffer.byteLength(body);
    const { document } = operation;
    if (bytes > limits.maxUncountedResponseBytes) largeResponses.set(document, bytes);
    else if (errors === undefined) largeResponses.delete(document);
    return { body, bytes, calls: callReport.calls(), ageSeconds: callReport.ageSeconds() };
  };
  const loadSlowPath = createSlowPath({
    ...{ path, schema, documents, persisted, execute, contextOf, toRequestLog, limits, bodyLimitEnforced },
  });
  // Each separately: after a failure only what has failed is closed again.
  const closings = [...Object.values(upstreams), ...(runCache ? [runCache] : [])].map((part) =>
    lazy(async () => part.close()),
  );

  return {
    async fetch(request, context = {}) {
      const slowPath = await loadSlowPath();
      const body = new AbortController();
      const response = await slowPath.fetch(request, { ...context, bodySignal: body.signal });
      return toGlobalResponse(response, () => body.abort());
    },
    ...createNodeHandler({ path, loadSlowPath, log }),
    answer(params, requestInfo) {
      const { variables, operationName } = params;
      const text = persisted.textOf(params);
      if (typeof text !== 'string') return undefined;
      const { document, errors: refusals } = documents.prepare(text);
      if (document === undefined || refusals.length > 0) return undefined;
      if (requestInfo.acceptsParts && documents.incrementalOf(document) !== undefined) return undefined;
      if (getOperationAST(document, operationName)?.operation !== 'query') return undefined;
      const operation = { document, operationName, variableValues: variables };
      const expectedBytes = largeResponses.get(document);
      if (expectedBytes !== undefined && requestInfo.reserveResponse?.(expectedBytes) === false) return 'OVERLOADED';
      return executeWhole(operation, requestInfo);
    },
    credentialHeaders: config.credentials === 'forwarded' ? providerNames.map(forwardedHeader) : [],
    readSdl: introspection ? createSdl(schema) : () => undefined,
    async prepare() {
      await loadSlowPath();
    },
    capDeadlines(ms) {
      const now = performance.now();
      deadlines.cap(now + ms, now);
    },
    async close() {
      await Promise.all(closings.map((close) => close()));
    },
  };
}

function checkConfig({ providers: configs = {}, credentials = 'service' }: GatewayConfig): void {
  const problems: string[] = [];
  for (const provider of providerNames) {
    const { baseUrl, allowHttp } = configs[provider] ?? {};
    const apiKey = readKey(configs[provider]);
    // A variable that isn't set and a `!` behind it get past the compiler.
    const isNeeded = credentials === 'service' && configs[provider] !== undefined;
    if (apiKey === undefined ? isNeeded : typeof apiKey !== 'string' || !isApiKey(apiKey))
      problems.push(`providers.${provider}.apiKey: expected ${expectedApiKey}.`);
    const { apiPath, defaultBaseUrl } = providers[provider];
    const isMissing = baseUrl === undefined && isNeeded && defaultBaseUrl === undefined;
    if (isMissing || (baseUrl !== undefined && !isBaseUrl(baseUrl, apiPath, allowHttp)))
      problems.push(`providers.${provider}.baseUrl: expected ${expectedBaseUrl(apiPath, allowHttp)}.`);
  }
  if (credentials === 'service' && providerNames.every((provider) => configs[provider] === undefined))
    problems.push(`providers: expected at least one of ${providerNames.join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

const baseUrlOf = (configs: NonNullable<GatewayConfig['providers']>, provider: Provider): string | undefined =>
  configs[provider]?.baseUrl ?? providers[provider].defaultBaseUrl;

function createUpstreams(
  { providers: configs = {}, coalesceCalls = true }: GatewayConfig,
  log: Log,
  limits: Limits,
  budget: ResponseBudget,
  revoke: (digest: string) => void,
) {
  const onRefused = ({ digest }: Credential) => revoke(digest);
  const upstreams = providerNames.map((provider): [Provider, Upstream] => {
    const { refusesKeyWith, readStatus, monitors } = providers[provider];
    const baseUrl = baseUrlOf(configs, provider);
    if (baseUrl === undefined) return [provider, createOffUpstream(provider)];
    const listRequest = monitors.walk(1).first;
    const { upstreamRate = limits.upstreamRate } = configs[provider] ?? {};
    const upstream = createUpstream({
      ...{ provider, baseUrl, log, budget, onRefused, listRequest, refusesKeyWith, readStatus },
      limits: { ...limits, upstreamRate },
    });
    return [provider, coalesceCalls ? createCoalescing(provider, upstream, limits) : upstream];
  });
  return Object.fromEntries(upstreams) as Record<Provider, Upstream>;
}

/** Of a provider that isn't configured: no call of it has a credential. */
const createOffUpstream = (provider: Provider): Upstream => ({
  getJson: () => Promise.reject(new ProviderError(provider, 'PROVIDER_NOT_CONFIGURED')),
  close: async () => {},
});

function createRunCache(runCache: GatewayConfig['runCache'] = true, limits: Limits, log: Log): RunCache | undefined {
  if (typeof runCache === 'object') return createSafeCache(runCache, log, limits.redisTimeoutMs);
  return runCache ? createMemoryCache(limits) : undefined;
}

/** In the store of the run cache, where that is outside the process: other processes reuse them too. */
function createResponseCache(
  configured: GatewayConfig['runCache'],
  runCache: RunCache | undefined,
  budget: ResponseBudget,
  limits: Limits,
): ResponseCache | undefined {
  // Without a run cache nothing is stored to be shown stale.
  const reuseMs = limits.freshMs === 0 ? 0 : Math.max(limits.freshMs, limits.maxReuseMs);
  const ttlMs = Math.max(reuseMs, runCache === undefined ? 0 : limits.staleMs);
  if (ttlMs === 0) return undefined;
  const isShared = typeof configured === 'object' && runCache !== undefined;
  const { responseCacheMaxBytes, responseCacheMaxEntries, responseCacheMaxEntryBytes } = limits;
  const inMemory = () =>
    createMemoryCache(
      { runCacheMaxBytes: responseCacheMaxBytes, runCacheMaxEntryBytes: responseCacheMaxEntryBytes + headBytes },
      responseCacheMaxEntries,
    );
  return new ResponseCache({ store: isShared ? runCache : inMemory(), isShared, budget, ttlMs, limits });
}

/** The credentials of a request. */
function createCredentials({ providers: configs = {}, credentials }: GatewayConfig) {
  const baseUrls = Object.fromEntries(
    providerNames.map((provider) => {
      const baseUrl = baseUrlOf(configs, provider);
      return [provider, baseUrl === undefined ? undefined : toBaseUrl(baseUrl).href];
    }),
  ) as Record<Provider, string | undefined>;
  if (credentials === 'forwarded') return createForwardedCredentials((provider) => baseUrls[provider]);
  const held = () => {
    const apiKeys = providerNames.flatMap((provider) => {
      const apiKey = readKey(configs[provider]);
      return apiKey === undefined || !isApiKey(apiKey) ? [] : [[provider, apiKey] as const];
    });
    return createHeldCredentials(new Map(apiKeys), (provider) => baseUrls[provider]);
  };
  const configured = Object.values(configs);
  let current = held();
  if (configured.every(({ apiKey }) => typeof apiKey !== 'function')) return () => current;
  let known: readonly (string | undefined)[] = configured.map(readKey);
  return () => {
    const keys = configured.map(readKey);
    if (keys.some((key, place) => key !== known[place])) {
      known = keys;
      current = held();
    }
    return current;
  };
}

const readKey = ({ apiKey }: ProviderConfig = {}): string | undefined =>
  typeof apiKey === 'function' ? apiKey() : apiKey;
