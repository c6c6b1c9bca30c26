/** The graph as a value with `fetch`. It listens to nothing. */
import type { AccountId } from '../core/accounts.ts';
import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import { defaultLimits, type Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import { createDocumentCache } from '../graphql/documents/document-cache.ts';
import { createAllowlist, createPersistedDocuments, type Manifest } from '../graphql/documents/persisted-documents.ts';
import { createExecute } from '../graphql/executor/execute.ts';
import { PageRanges } from '../loaders/page-ranges.ts';
import { headBytes, ResponseCache } from '../loaders/response-cache.ts';
import { UnmovedMonitors } from '../loaders/unmoved-monitors.ts';
import { consoleLog, createBoundedLog, type Log } from '../observability/logger.ts';
import type { GatewayObserver, UpstreamState } from '../observability/observer.ts';
import type { OpenTelemetryApi } from '../observability/open-telemetry.ts';
import { Tracing } from '../observability/tracing.ts';
import { Accounts, type CredentialMode, forwardedHeader } from '../providers/accounts.ts';
import { createMemoryCache, type RunCache } from '../run-cache/run-cache.ts';
import { createSafeCache } from '../run-cache/safe-cache.ts';
import { createSchema } from '../schema/create-schema.ts';
import { createSdl } from '../schema/federation.ts';
import { TimeoutQueue } from '../upstream/deadline.ts';
import { ResponseBudget } from '../upstream/response-budget.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import { createOperationPipeline } from './execute-operation.ts';
import { createMonitorLists, type MonitorList } from './monitor-lists.ts';
import { createNodeHandler, toGlobalResponse } from './node-handler.ts';
import type { ExecuteOperation, NodeHandler, RequestContext } from './operation.ts';
import { createReportOperation } from './operation-record.ts';
import {
  checkProviders,
  createCredentials,
  createUpstreams,
  listAccounts,
  listKeyed,
  type ProviderConfig,
} from './provider-config.ts';

export type { Limits } from '../core/limits.ts';
export type { Provider } from '../generated/types.ts';
export type { OperationParams } from '../graphql/documents/persisted-documents.ts';
export type { Log } from '../observability/logger.ts';
export type { GatewayObserver, OperationRecord, UpstreamCallRecord, UpstreamState } from '../observability/observer.ts';
export type { OpenTelemetryApi } from '../observability/open-telemetry.ts';
export type { RunCache, StoredEntries, StoredEntry } from '../run-cache/run-cache.ts';
export type { MonitorList, MonitorStatus } from './monitor-lists.ts';
export type { ExecuteOperation, IncrementalOperation, OperationResponse, RequestInfo } from './operation.ts';
export type { AccountConfig, ProviderConfig } from './provider-config.ts';

export interface GatewayConfig {
  /**
   * The providers to call. With `service` credentials at least one needs a key, and the fields of those without one answer
   * `PROVIDER_NOT_CONFIGURED`.
   */
  readonly providers?: Readonly<Partial<Record<Provider, ProviderConfig>>>;
  /**
   * Whose keys the providers are called with: `service`, the ones given here; or `forwarded`, the caller's own, from the headers
   * `X-Datafold-Api-Key` and `X-Olostep-Api-Key` of each request, and `X-Datafold-Eu-Api-Key` of an account `eu`. @default 'service'
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
  /**
   * The API of OpenTelemetry, as `import * as openTelemetry from '@opentelemetry/api'` gives it: operations and upstream calls are traced
   * with the SDK that is registered there. @default nothing is traced
   */
  readonly openTelemetry?: OpenTelemetryApi;
  /** Receives operations and upstream calls as they end. @default none */
  readonly observer?: GatewayObserver;
  /** How long, how many, how much. */
  readonly limits?: Partial<Limits>;
  /** Whether a server in front has held the body to `limits.maxBodyBytes` already. @default false */
  readonly bodyLimitEnforced?: boolean;
}

export interface Gateway extends NodeHandler {
  /** Answers a GraphQL request, with the `Response` of `globalThis`. The request's signal cancels its upstream calls. */
  fetch(request: Request, context?: RequestContext): Promise<Response>;
  /**
   * For a server in front that has read the request, and sends the response: executes the operation. Where an incremental response is
   * accepted and the operation has one, {@link requestListener} has it.
   */
  readonly executeOperation: ExecuteOperation;
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
  /**
   * The list of monitors of each configured account, which takes one upstream call a page and none else. Empty where callers bring their
   * own keys.
   */
  listMonitors(): readonly MonitorList[];
  /** What the upstream clients are doing, by the account. */
  readUpstreams(): ReadonlyMap<AccountId, UpstreamState>;
  /** Ends the connections to the providers, once nothing is in flight. To say so again is no harm. */
  close(): Promise<void>;
}

/**
 * Makes the graph.
 * @throws {Error} that says all that is wrong with the configuration, and never a key
 */
export function createGateway(config: GatewayConfig): Gateway {
  const { path = '/graphql', introspection = true, bodyLimitEnforced = false } = config;
  checkProviders(config);
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
  const clients = new Map<AccountId, UpstreamClient>();
  const upstreams = createUpstreams(clients, config, log, limits, budget, (digest) => {
    runCache?.forget(digest);
    responses?.revoke(digest);
  });
  // What is inferred from rows needs rows that are fresh.
  const isInferring = responses !== undefined && limits.freshMs > 0 && limits.maxReuseMs > 0;
  const unmoved = isInferring ? new UnmovedMonitors({ log, limits }) : undefined;
  const deadlines = new TimeoutQueue(limits.operationTimeoutMs);
  const credentialsOf = createCredentials(config);
  const accounts = new Accounts(listAccounts(config).map(({ provider, account }) => ({ provider, account })));
  const { executeOperation, prepare } = createOperationPipeline({
    ...{ schema, persisted, documents, execute, log, limits, deadlines },
    tracing: config.openTelemetry && new Tracing(config.openTelemetry),
    // The console shows no line of this level.
    report: createReportOperation(config.observer, config.log && log),
    ...{ upstreams, accounts, credentialsOf, runCache, responses, unmoved },
    pageRanges: new PageRanges(limits),
  });
  // Most requests take the fast path, and a process starts faster without Yoga.
  const loadSlowPath = lazy(async () => {
    const { createSlowPathServer } = await importModule(() => import('./yoga.ts'));
    return createSlowPathServer({ path, executeOperation, log, limits, bodyLimitEnforced });
  });
  // Each separately: after a failure only what has failed is closed again.
  const closings = [...Object.values(upstreams), ...(runCache ? [runCache] : [])].map((part) =>
    lazy(async () => part?.close()),
  );

  return {
    async fetch(request, context = {}) {
      const slowPath = await loadSlowPath();
      const body = new AbortController();
      const response = await slowPath.fetch(request, { ...context, bodySignal: body.signal });
      return toGlobalResponse(response, () => body.abort());
    },
    ...createNodeHandler({ path, loadSlowPath, log }),
    executeOperation,
    credentialHeaders: config.credentials === 'forwarded' ? accounts.all.map(forwardedHeader) : [],
    readSdl: introspection ? createSdl(schema) : () => undefined,
    async prepare() {
      await Promise.all([loadSlowPath(), prepare()]);
    },
    capDeadlines(ms) {
      const now = performance.now();
      deadlines.cap(now + ms, now);
    },
    listMonitors: () =>
      config.credentials === 'forwarded'
        ? []
        : createMonitorLists({
            ...{ upstreams, responses, deadlines, log, limits },
            credentialsOf: () => credentialsOf({ header: () => undefined }),
            accounts: listKeyed(config),
          }),
    readUpstreams: () => new Map([...clients].map(([id, client]) => [id, client.readState()])),
    async close() {
      await Promise.all(closings.map((close) => close()));
    },
  };
}

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
