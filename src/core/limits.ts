/** How long, how many, how much: every number that is policy, in one place. */

/** What a client may send. */
const requestLimits = {
  /** The largest body of a request, in bytes. */
  maxBodyBytes: 100 * 1024,
  /** How long the head of a request may take to arrive, in milliseconds. */
  headersTimeoutMs: 10_000,
  /** How long the whole of it may take, in milliseconds. */
  requestTimeoutMs: 15_000,
  /**
   * How long a connection is kept while nothing is asked, in milliseconds; longer than balancers keep theirs (60 s), lest
   * one is closed under a request of theirs.
   */
  keepAliveTimeoutMs: 65_000,
  /**
   * How long a connection may stand still, in milliseconds, before it is closed: its client doesn't read its answer, or sends
   * nothing. While a client waits for an operation it isn't counted.
   */
  socketTimeoutMs: 20_000,
  /** The most connections at a time. For a new one more, one that waits for its client is closed, the longest idle first. */
  maxConnections: 1_000,
  /** The most connections besides, where none of these can be closed: `/health` and `/ready` alone are answered there. */
  maxProbeConnections: 20,
  /** The most requests of a connection, which is closed behind the last one. */
  maxRequestsPerConnection: 1_000,
  /**
   * Maximum requests of a connection that wait for the response before them. Beyond it, the connection is not read until all of
   * them have begun.
   */
  maxPipelinedRequests: 16,
  /** Maximum requests that wait so on all connections. Beyond it, a connection with more than `maxPipelinedRequests` is closed. */
  maxQueuedRequests: 4_096,
  /** The most headers of a request. */
  maxHeaders: 100,
  /** The most tokens of a document, counted while it is parsed. A hundred keys written out are about 1,200. */
  maxTokens: 2_000,
  /** The most levels of fields. */
  maxDepth: 10,
  /** The most aliases, with fragments expanded. */
  maxAliases: 50,
  /** The most directives, with fragments expanded. */
  maxDirectives: 20,
  /** The most fields of the query itself, with fragments expanded. */
  maxRootFields: 50,
  /** The most fields that read the schema and aliases in them, with fragments expanded: each may be all of it. */
  maxIntrospectionFields: 5,
  /** The most fields, with fragments expanded. */
  maxFields: 2_000,
  /** The most documents that are kept parsed and validated. */
  documentCacheEntries: 1_000,
  /**
   * The most characters of all of them together. A kept document is some fifty times its text, in bytes, and a field that is
   * compiled for it counts as 20 of them.
   */
  documentCacheChars: 1_000_000,
  /** The most documents that clients have registered by their hash, as automatic persisted queries. */
  apqCacheEntries: 1_000,
  /** The most characters of all of them together. */
  apqCacheChars: 1_000_000,
  /** From which use on an operation is executed by a plan that is compiled for it. */
  compileAfterUses: 3,
  /** The most errors that an invalid document is told. */
  maxValidationErrors: 5,
  /** The most errors that an answer has: each selection of each thing in a list can be one. The last says how many more there are. */
  maxResponseErrors: 1_000,
  /** Maximum log lines of a request, the line that each request has aside. One more line counts those that were omitted. */
  maxLogLines: 50,
  /** Maximum characters of a text in a log line. A longer one is cut, and says how long it was. */
  maxLogTextChars: 2_000,
  /** Maximum characters of a log line as JSON. The texts of a longer one are cut further. */
  maxLogLineChars: 8_192,
  /** The most of an answer that lists and aliases can multiply: texts, snapshots, and events, a thousand bytes each beside these. */
  maxResponseBytes: 16 * 1024 * 1024,
  /**
   * Maximum bytes of large responses that are held at a time, all clients together: those that are being built, and those that
   * their clients have not read. An operation for which there is no room is `OVERLOADED`.
   */
  maxPendingResponseBytes: 64 * 1024 * 1024,
  /** Maximum of them for one caller, by the credentials that its requests carry. Those without credentials share the limit above. */
  maxPendingResponseBytesPerCaller: 32 * 1024 * 1024,
  /** Bytes of a response that do not count for these two: smaller ones are bounded by the number of connections. */
  maxUncountedResponseBytes: 64 * 1024,
  /**
   * The most upstream calls of an operation, all providers together. A retry doesn't count. A call of the list of monitors that
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
   * The most representations of an operation, all its `_entities` together. A gateway sends all of one step at once, each
   * once, but the same run may come by either key: twice `maxUpstreamCalls`, as more could hardly be answered in full.
   */
  maxRepresentations: 500,
  /** The most runs and monitors that lists put into the answer of an operation; a list counts as one at the least. */
  maxListNodes: 2_000,
  /** The most fields of things in lists of which something takes a call of its own, each thing and alias counted. */
  maxListFetchedFields: 3_000,
  /** The most times that an operation has `Query.runs`. Each merges the runs of all monitors anew. */
  maxRunFeeds: 5,
  /** Maximum upstream calls of all of them together. A lower number makes pages shorter, and more of them. */
  runFeedMaxCalls: 250,
  /** Maximum monitors of a provider whose runs they merge: those that ran last. */
  runFeedMaxMonitors: 2_000,
  /** How long a response that may still change is used again by the pages behind it, in milliseconds; 0: never. */
  freshMs: 5_000,
  /** From how many runs of a monitor, or monitors, asked for by id a list is read first, where it has all that is selected. */
  listFetchThreshold: 3,
  /**
   * Maximum number of events pages of an Olostep monitor, 100 rows each, that are read to find a run that is requested by its
   * key. A run that may be further back has the error `OPERATION_TOO_COSTLY` in the fields that its row alone states.
   */
  maxEventsPages: 10,
  /** The most tags that a list of monitors is requested by. */
  maxTags: 20,
  /** The most characters of a tag. */
  maxTagLength: 100,
  /** The most that a page of Datafold's lists is asked for. Datafold documents no cap, and may send fewer. */
  listPageSize: 100,
  /** How long a copy of a run that has ended for good stands for an answer, in milliseconds. */
  runCacheTtlMs: 3_600_000,
  /** The same of a run that has ended, but of which something may still come. */
  runCacheSettlingTtlMs: 10_000,
  /** How long any copy may stand in for the answer of a provider that is down, in milliseconds. */
  runCacheStaleIfErrorMs: 86_400_000,
  /** The most bytes of all copies that are kept in memory. */
  runCacheMaxBytes: 32 * 1024 * 1024,
  /** The largest copy that is kept, in bytes. */
  runCacheMaxEntryBytes: 1024 * 1024,
  /** The largest copy that is kept in a store outside the process, in bytes: it crosses the wire each time that it is read. */
  redisMaxEntryBytes: 64 * 1024,
  /** How long a store of copies outside the process may take, in milliseconds. */
  redisTimeoutMs: 20,
  /** The largest set of an issuer's keys (JWKS) that is read, in bytes. */
  maxJwksBytes: 256 * 1024,
  /** How long a look at an issuer's keys may take, its body included, in milliseconds. */
  jwksTimeoutMs: 3_000,
  /** How long an issuer's keys are cached, in milliseconds. */
  jwksCacheTtlMs: 600_000,
  /** The shortest time between two looks at an issuer's keys: after a failure, and for tokens whose key is unknown. In milliseconds. */
  jwksMinIntervalMs: 1_000,
  /**
   * How long an operation may take, in milliseconds: all its upstream calls share this deadline, their waits and retries
   * included. What has been found by then is answered, and the rest is `UPSTREAM_TIMEOUT`.
   */
  operationTimeoutMs: 15_000,
  /** The most operations under way at a time; more are turned away with 503. */
  maxConcurrentOperations: 256,
  /** The longest delay of the event loop, in milliseconds; beyond it only a sixteenth of `maxConcurrentOperations` are let in. */
  maxEventLoopLagMs: 200,
  /** How long new requests are still taken when the process is to stop, in milliseconds; as long as a balancer needs. */
  shutdownDelayMs: 500,
  /** How long the last requests have when the process is to stop, in milliseconds. */
  shutdownTimeoutMs: 10_000,
};

/** What a provider is asked for, and what it may answer; each provider by itself. */
const providerLimits = {
  /** One attempt, connecting included, in milliseconds. */
  upstreamAttemptTimeoutMs: 3_000,
  /** The time that must be left for an attempt, in milliseconds; none starts with less. */
  upstreamMinAttemptMs: 250,
  /** Connecting, in milliseconds; coarse, as undici's clock is. */
  connectTimeoutMs: 1_000,
  /** All attempts of a call together; after some failures there are fewer, and after none more than three. */
  maxAttempts: 3,
  /** The first back-off between two attempts, in milliseconds; full jitter, doubled each time. */
  retryBaseDelayMs: 100,
  /** The longest back-off, in milliseconds. */
  retryMaxDelayMs: 1_000,
  /** The longest `Retry-After` that is waited for, in milliseconds. */
  maxRetryAfterMs: 2_000,
  /** The longest cool-down of a credential that a provider asks to wait (429 or 503 with `Retry-After`), in milliseconds. */
  rateLimitMaxCooldownMs: 60_000,
  /** How many retries a provider bears at once. */
  retryBudget: 10,
  /** How many retries each call adds to the budget. */
  retryBudgetPerCall: 0.1,
  /** The share of known paths, those that have succeeded before, that opens a credential's breaker by failing, between 0 and 1. */
  breakerThreshold: 0.5,
  /** The fewest failed paths that can open it; and the fewest failed calls in a row, on any paths, that can restrict it. */
  breakerMinCalls: 20,
  /** How far back the breaker looks, in milliseconds; and how long nothing may have been answered before it is restricted. */
  breakerWindowMs: 10_000,
  /** How long it stays open at first, in milliseconds; doubled after each failed probe. */
  breakerOpenMs: 5_000,
  /** How long it stays open at the most, in milliseconds: so late, and a fifth, it may notice that a provider is well. */
  breakerMaxOpenMs: 60_000,
  /** How many good probes in a row close it. */
  breakerProbes: 3,
  /** The most credentials that are remembered as verified by a 200: their 404 means absence without a call of the list of monitors. */
  maxVerifiedCredentials: 10_000,
  /** The fewest credentials whose failed calls can open the breaker for all credentials. */
  breakerMinCredentials: 3,
  /** The most credentials that have a breaker of their own, of those that have succeeded, and of all others. */
  breakerMaxCredentials: 4_000,
  /** Calls in flight at a time. */
  maxConcurrentCalls: 32,
  /** Calls in flight of one caller's own credential at a time. */
  maxConcurrentCallsPerCredential: 16,
  /** Requests that wait for a first call at a time. */
  maxQueuedOperations: 64,
  /** How long they wait, in milliseconds. */
  queueTimeoutMs: 250,
  /**
   * Maximum calls that wait for a place. Beyond it a caller that has its share of them has no more: with a key of its own a caller is
   * one, and with the service's own key each request is. So many wait for longer than an operation may take.
   */
  maxQueuedCalls: 8_192,
  /** The most events of a log that is read; Olostep sends it whole. */
  maxLogEvents: 100_000,
  /** How deep a free-form value may be nested. */
  maxJsonDepth: 64,
  /**
   * The most values of a response that are parsed, and of each page of its lists: a member of an object counts as four, and a
   * number that keeps its digits as ten. To parse and write so many takes some 50 ms, for which nothing else is done.
   */
  maxValues: 200_000,
  /** The largest upstream response that is read, in bytes: 100,000 events of Olostep are about 14 MB. */
  maxUpstreamResponseBytes: 16 * 1024 * 1024,
  /**
   * The most bytes of a response with another status than 200 that are kept while it is read, to tell what it means. Of a larger
   * one the status alone counts.
   */
  maxErrorResponseBytes: 16 * 1024,
  /** The largest answer that is parsed whole, in bytes; of a larger one what is selected is, and the rest goes unchecked. */
  lazyParseThresholdBytes: 16 * 1024,
};

/** Each can be set in `createGateway({ limits })`, or by a variable of its name: `upstreamAttemptTimeoutMs` by `UPSTREAM_ATTEMPT_TIMEOUT_MS`. */
export const defaultLimits = { ...requestLimits, ...providerLimits };

export type Limits = Readonly<typeof defaultLimits>;
export type UpstreamLimits = Readonly<typeof providerLimits>;
