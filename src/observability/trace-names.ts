/**
 * The names in traces. Those of `graphql.` and HTTP are OpenTelemetry's semantic conventions, whose GraphQL part is in development; those
 * that they lack begin with `monitor_graph.`.
 */

export const attributes = {
  operationName: 'graphql.operation.name',
  operationType: 'graphql.operation.type',
  documentId: 'graphql.document.id',
  documentHash: 'graphql.document.hash',
  outcome: 'monitor_graph.outcome',
  errorCodes: 'monitor_graph.error_codes',
  upstreamCalls: 'monitor_graph.upstream_calls',
  requestId: 'monitor_graph.request_id',
  clientName: 'monitor_graph.client.name',
  clientVersion: 'monitor_graph.client.version',
  provider: 'monitor_graph.provider',
  account: 'monitor_graph.account',
  kind: 'monitor_graph.upstream.kind',
  reason: 'monitor_graph.upstream.reason',
  attempt: 'monitor_graph.upstream.attempt',
  fields: 'monitor_graph.fields',
  method: 'http.request.method',
  path: 'url.path',
  status: 'http.response.status_code',
  errorType: 'error.type',
} as const;

/** Span names: that of an operation is its type, and that of an attempt the method and what is requested. */
export const spans = {
  parse: 'graphql.parse_and_validate',
  attempt: 'GET',
  coalesced: 'coalesced',
  /** An operation of no known type. */
  unknown: 'GraphQL Operation',
} as const;

/** As OpenTelemetry numbers them. */
export const spanKind = { internal: 0, server: 1, client: 2 } as const;
export const statusCode = { error: 2 } as const;

/** The flag of a trace that is recorded. */
export const sampledFlag = 1;

/** The header of W3C Trace Context. */
export const traceparentHeader = 'traceparent';
