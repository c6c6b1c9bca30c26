/**
 * Every limit, time and size that is policy, in one place. Each can be set in `createGateway({ limits })`, or by an environment
 * variable of its name: `upstreamAttemptTimeoutMs` by `UPSTREAM_ATTEMPT_TIMEOUT_MS`. Names end in the unit: `Ms`, `Bytes`, `Chars`.
 * `npm run docs` writes these comments to docs/configuration.md: the first comment of each group is its heading.
 */

/** Requests and connections */
const connectionLimits = {
  /** Maximum bytes of a request body. */
  maxBodyBytes: 100 * 1024,
  /** Maximum time until the headers of a request have arrived. */
  headersTimeoutMs: 10_000,
  /** Maximum time until a request has arrived with its body. */
  requestTimeoutMs: 15_000,
  /**
   * Maximum time that a connection stays open without a request. It is longer than the idle timeout of most load balancers (60 s), so
   * that the server doesn't close a connection while one of them sends a request.
   */
  keepAliveTimeoutMs: 65_000,
  /**
   * Maximum time without any byte on a connection whose client doesn't read its response, or sends nothing. It doesn't run while a
   * client waits for an operation.
   */
  socketTimeoutMs: 20_000,
  /**
   * Maximum open connections. For one more, the server closes the connection that has been idle longest. Connections with an
   * operation in flight aren't closed.
   */
  maxConnections: 1_000,
  /** Maximum additional connections when none can be closed: only `/health` and `/ready` are answered on them. */
  maxProbeConnections: 20,
  /** Maximum requests of a connection. The server closes it after the last one. */
  maxRequestsPerConnection: 1_000,
  /**
   * Maximum requests of a connection that wait for the response before them. Beyond it, the connection is not read until all of
   * them have begun.
   */
  maxPipelinedRequests: 16,
  /** Maximum requests that wait so on all connections. Beyond it, a connection with more than `maxPipelinedRequests` is closed. */
  maxQueuedRequests: 4_096,
  /** Maximum headers of a request. */
  maxHeaders: 100,
};

/** Documents */
const documentLimits = {
  /** Maximum tokens of a document, counted while it is parsed. A hundred keys, written as literals, are about 1,200. */
  maxTokens: 2_000,
  /** Maximum levels of fields. */
  maxDepth: 10,
  /** Maximum aliases, with fragments expanded. */
  maxAliases: 50,
  /** Maximum directives, with fragments expanded. */
  maxDirectives: 20,
  /** Maximum root fields, with fragments expanded. */
  maxRootFields: 50,
  /** Maximum introspection fields (`__schema`, `__type`, `_service`) and aliases in them, with fragments expanded. */
  maxIntrospectionFields: 5,
  /** Maximum fields, with fragments expanded. */
  maxFields: 2_000,
  /** Maximum documents in the document cache, parsed and validated. */
  documentCacheEntries: 1_000,
  /**
   * Maximum characters of the documents in the document cache. A document takes some fifty bytes of memory for each character, and
   * a field that is compiled for it counts as 20 characters.
   */
  documentCacheChars: 1_000_000,
  /** Maximum automatic persisted queries: documents that clients have registered by their hash. */
  apqCacheEntries: 1_000,
  /** Maximum characters of all automatic persisted queries. */
  apqCacheChars: 1_000_000,
  /** From this use of an operation on, the gateway executes a plan that is compiled for it. */
  compileAfterUses: 3,
  /** Maximum validation errors that a response reports. */
  maxValidationErrors: 5,
};

/** Responses and log lines */
const responseLimits = {
  /** Maximum errors of a response. The last one says how many more there are. */
  maxResponseErrors: 1_000,
  /** Maximum log lines of a request, the line that each request has aside. One more line counts those that were omitted. */
  maxLogLines: 50,
  /** Maximum characters of a text in a log line. A longer one is cut, and says how long it was. */
  maxLogTextChars: 2_000,
  /** Maximum characters of a log line as JSON. The texts of a longer one are cut further. */
  maxLogLineChars: 8_192,
  /** Cost budget of a response, for what lists and aliases multiply: texts, snapshots and events, each event with 1,000 bytes more. */
  maxResponseBytes: 16 * 1024 * 1024,
  /**
   * Maximum bytes of large responses that are held at a time, all clients together: those that are being built, and those that
   * their clients have not read. An operation for which there is no room is `OVERLOADED`.
   */
  maxPendingResponseBytes: 64 * 1024 * 1024,
  /** Maximum of them for one caller, by the credentials that its requests carry. Those without credentials share the limit above. */
  maxPendingResponseBytesPerCaller: 32 * 1024 * 1024,
  /**
   * How long a response waits for its client to read it before the server may close its connection, where another response has no
   * room. The response that has waited longest is the first.
   */
  minUnreadResponseMs: 2_000,
  /** Bytes of a response that do not count for these two: smaller ones are bounded by the number of connections. */
  maxUncountedResponseBytes: 64 * 1024,
};

/** Upstream calls and lists of an operation */
const operationLimits = {
  /**
   * Maximum upstream calls of an operation, all providers together. A retry doesn't count. A call of the list of monitors that
   * decides whether a 404 means absence counts, but isn't refused.
   */
  maxUpstreamCalls: 250,
  /**
   * The high-water mark of the bytes of large upstream responses, both providers together: of those that are being read, and of
   * those that operations use. Of small ones an operation has 128 KiB that aren't counted. Above the mark one is read at a time, so
   * `maxUpstreamResponseBytes` more are possible.
   */
  maxUpstreamResponseTotalBytes: 64 * 1024 * 1024,
  /**
   * Maximum representations of an operation, all its `_entities` together. A federation gateway sends all representations of one
   * step together, each once, but the same run may come by either key: so it is twice `maxUpstreamCalls`.
   */
  maxRepresentations: 500,
  /** Maximum runs and monitors that lists add to the response of an operation. A list counts as at least one. */
  maxListNodes: 2_000,
  /** Maximum selected fields, over all list items and aliases, on items that need an upstream call each. */
  maxListFetchedFields: 3_000,
  /** Maximum `Query.runs` fields of an operation. Each merges the runs of all monitors. */
  maxRunFeeds: 5,
  /** Maximum upstream calls of all `Query.runs` of an operation. A lower number makes pages shorter, and more of them. */
  runFeedMaxCalls: 250,
  /** Maximum monitors of a provider whose runs `Query.runs` merges: those that ran last. */
  runFeedMaxMonitors: 2_000,
  /**
   * From this number of runs of a monitor, or of monitors, that are requested by id, the gateway reads a list first, where the list
   * has all selected fields.
   */
  listFetchThreshold: 3,
  /**
   * Maximum number of events pages of an Olostep monitor, 100 rows each, that are read to find a run that is requested by its
   * key. A run that may be further back has the error `OPERATION_TOO_COSTLY` in the fields that its row alone states.
   */
  maxEventsPages: 10,
  /**
   * Maximum pages of 100 runs of a monitor that `Monitor.runCounts` counts. Where the window has more, `RunCounts.isComplete` is `false`.
   */
  maxRunCountPages: 10,
  /** Maximum characters of the words that a list of monitors is searched for. */
  maxSearchLength: 200,
  /** Maximum tags that a list of monitors is filtered by. */
  maxTags: 20,
  /** Maximum characters of a tag. */
  maxTagLength: 100,
  /** Page size that the gateway requests of Datafold's lists. Datafold documents no maximum, and may send fewer rows. */
  listPageSize: 100,
};

/** Run cache and Redis */
const cacheLimits = {
  /** Maximum age of a cached response for a run that can't change any more. */
  runCacheTtlMs: 3_600_000,
  /** Maximum age of a cached response for a finished run of which the provider may still add something. */
  runCacheSettlingTtlMs: 10_000,
  /** Maximum age of a cached response that is shown while its provider is down (stale-if-error). */
  runCacheStaleIfErrorMs: 86_400_000,
  /** Maximum bytes of the run cache in memory. */
  runCacheMaxBytes: 32 * 1024 * 1024,
  /** Maximum bytes of an entry of the run cache in memory. */
  runCacheMaxEntryBytes: 1024 * 1024,
  /** Maximum bytes of an entry in Redis, or in another store outside the process: each read sends it over the network. */
  redisMaxEntryBytes: 64 * 1024,
  /** Maximum time of a request to Redis, or to another store outside the process. */
  redisTimeoutMs: 20,
};

/** Responses that may still change */
const freshnessLimits = {
  /**
   * How long a response that may still change is reused for the same credential, by whatever query requests it, and by the next
   * pages of `Query.runs`; 0: never.
   */
  freshMs: 5_000,
  /** A younger response is reused even if the client requests younger ones by `Cache-Control: max-age`. */
  freshMinMs: 1_000,
  /**
   * Maximum age of a page of finished runs that is reused because its monitor's row in the list of monitors is unchanged; 0: no page
   * is. That such a page is unchanged too is our reading of the providers, which the gateway checks once in this time.
   */
  maxReuseMs: 60_000,
  /** Maximum number of monitors whose rows are compared so. */
  maxUnmovedMonitors: 10_000,
  /**
   * Maximum number of pages of runs of which the gateway remembers the oldest run: runs that are requested by id and are older aren't
   * looked for in that page again.
   */
  maxPageRanges: 10_000,
  /** Maximum age of a response that is shown while its provider is down (`allowStale`); 0: none is. */
  staleMs: 86_400_000,
  /** Maximum bytes of all these responses in memory. */
  responseCacheMaxBytes: 32 * 1024 * 1024,
  /** Maximum number of these responses in memory. */
  responseCacheMaxEntries: 10_000,
  /** Maximum bytes of a response that is reused. */
  responseCacheMaxEntryBytes: 1024 * 1024,
};

/** Keys of a JWT issuer */
const jwksLimits = {
  /** Maximum bytes of an issuer's set of keys (JWKS). */
  maxJwksBytes: 256 * 1024,
  /** Maximum time of a request for an issuer's keys, with its body. */
  jwksTimeoutMs: 3_000,
  /** How long an issuer's keys are cached. */
  jwksCacheTtlMs: 600_000,
  /** Minimum time between two requests for an issuer's keys: after a failure, and for tokens whose key is unknown. */
  jwksMinIntervalMs: 1_000,
};

/** Deadline, load shedding and shutdown */
const processLimits = {
  /**
   * Deadline of an operation, which all its upstream calls share, with their retries and waits. At the deadline the gateway answers
   * with what it has; the rest is `UPSTREAM_TIMEOUT`.
   */
  operationTimeoutMs: 15_000,
  /** Maximum operations in flight. More are refused with 503 and `OVERLOADED`. */
  maxConcurrentOperations: 256,
  /** Maximum delay of the event loop. Beyond it, only a sixteenth of `maxConcurrentOperations` is admitted. */
  maxEventLoopLagMs: 200,
  /** How long the process accepts new requests after the signal to stop: the time that a load balancer needs to notice. */
  shutdownDelayMs: 500,
  /** Maximum time from the signal to stop until the process ends. It includes `shutdownDelayMs`. */
  shutdownTimeoutMs: 10_000,
  /** Time between two reads of the files that hold secrets, such as `API_TOKENS_FILE`: a rotated secret is used within it. */
  secretFilesPollMs: 5_000,
  /** Time between two reads of a provider's list of monitors for `MONITOR_METRICS`. A list of more than 8 pages is read less often. */
  monitorMetricsIntervalMs: 60_000,
};

/** Each provider, separately */
const providerLimits = {
  /** Maximum time of one attempt, with connecting. */
  upstreamAttemptTimeoutMs: 3_000,
  /** No attempt starts with less time than this left before the deadline. */
  upstreamMinAttemptMs: 250,
  /** Maximum time to connect; coarse, as undici's clock is. */
  connectTimeoutMs: 1_000,
  /** Maximum attempts of a call. Some failures allow fewer; none allows more than three. */
  maxAttempts: 3,
  /** First back-off between two attempts, with full jitter. It doubles each time. */
  retryBaseDelayMs: 100,
  /** Maximum back-off between two attempts. */
  retryMaxDelayMs: 1_000,
  /**
   * Maximum upstream calls a second with one credential. 0: as many as the provider takes; each 429 halves the rate, which recovers
   * slowly. `DATAFOLD_UPSTREAM_RATE` and `OLOSTEP_UPSTREAM_RATE` set it for one provider.
   */
  upstreamRate: 0,
  /** Maximum time without calls after a provider tells a credential to wait (429 or 503 with `Retry-After`). */
  rateLimitMaxCooldownMs: 60_000,
  /** Maximum credentials whose rate the gateway remembers, for each provider. */
  maxPacedCredentials: 10_000,
  /** Maximum operations that wait until the service's own credential may be used again, for each provider. */
  maxPacedOperations: 128,
  /** The same for the credential of one caller. */
  maxPacedOperationsPerCredential: 32,
  /** Maximum retries of one credential at a time. Credentials that no call has succeeded with share one such budget. */
  retryBudget: 10,
  /** How many retries each upstream call adds to the retry budget of its credential. */
  retryBudgetPerCall: 0.1,
  /** The share of known paths, those that have succeeded before, whose failure opens a credential's circuit breaker; between 0 and 1. */
  breakerThreshold: 0.5,
  /** Minimum failed paths that open the circuit breaker; and minimum failed calls in a row, on any paths, that restrict it. */
  breakerMinCalls: 20,
  /** The time window of the circuit breaker; and how long no call may have succeeded before it is restricted. */
  breakerWindowMs: 10_000,
  /** How long the circuit breaker is open at first. The time doubles after each failed probe. */
  breakerOpenMs: 5_000,
  /** Maximum time that the circuit breaker is open. A recovered provider is noticed after this time and a fifth at the latest. */
  breakerMaxOpenMs: 60_000,
  /** Successful probes in a row that close the circuit breaker. */
  breakerProbes: 3,
  /** Maximum credentials that are remembered as verified by a 200: their 404 means absence without a call of the list of monitors. */
  maxVerifiedCredentials: 10_000,
  /** Minimum credentials whose failed calls can open the circuit breaker for all credentials. */
  breakerMinCredentials: 3,
  /** Maximum credentials with a circuit breaker each: of those that have succeeded, and of all others. */
  breakerMaxCredentials: 4_000,
  /** Maximum calls in flight. */
  maxConcurrentCalls: 32,
  /** Maximum calls in flight of one caller's own credential. */
  maxConcurrentCallsPerCredential: 16,
  /** Maximum operations that wait for their first call. */
  maxQueuedOperations: 64,
  /** Maximum time that an operation waits for its first call while `maxConcurrentCalls` are in flight. */
  queueTimeoutMs: 5_000,
  /**
   * Maximum calls in the queue. Beyond it, a caller that has its share of them can't queue more: with its own key a caller is
   * one, and with the service's own key each request is. The whole queue takes longer than the deadline of an operation.
   */
  maxQueuedCalls: 8_192,
  /** Maximum events of an agent log. Olostep sends the whole log at once. */
  maxLogEvents: 100_000,
  /** Maximum nesting of a free-form value. */
  maxJsonDepth: 64,
  /**
   * Maximum values of a response that are parsed, and of each page of its lists: a member of an object counts as four, and a
   * number with more digits than a double as ten. To parse and serialize so many takes some 50 ms of the event loop.
   */
  maxValues: 200_000,
  /** Maximum bytes of an upstream response: 100,000 events of Olostep are about 14 MB. */
  maxUpstreamResponseBytes: 16 * 1024 * 1024,
  /**
   * Maximum bytes that are read of a response with another status than 200, to find out what it means. Of a larger one the status
   * alone counts.
   */
  maxErrorResponseBytes: 16 * 1024,
  /** Upstream responses above this size are parsed lazily: only selected members are decoded and validated. */
  lazyParseThresholdBytes: 16 * 1024,
};

export const defaultLimits = {
  ...connectionLimits,
  ...documentLimits,
  ...responseLimits,
  ...operationLimits,
  ...cacheLimits,
  ...freshnessLimits,
  ...jwksLimits,
  ...processLimits,
  ...providerLimits,
};

export type Limits = Readonly<typeof defaultLimits>;
export type UpstreamLimits = Readonly<typeof providerLimits>;
