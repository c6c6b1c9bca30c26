/** What the operation pipeline takes of a request, what it returns, and how requests of `node:http` reach it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponseRoom } from '../core/response-memory.ts';
import type { OperationParams } from '../graphql/documents/persisted-documents.ts';
import type { Part } from '../graphql/executor/execute-incrementally.ts';
import type { OperationRecord } from '../observability/observer.ts';
import { ageHeader, callReportHeader } from '../upstream/call-report.ts';
import type { CancelToken } from '../upstream/deadline.ts';

/** The header that carries the id of a request, both ways: it is in the response, in its errors and in every line of the log. */
export const requestIdHeader = 'x-request-id';

/** What a server in front of the graph may know of a request already. */
export interface RequestContext extends ResponseRoom {
  /** The id of the request. @default that of the `x-request-id` header, or a new one */
  requestId?: string;
  /** How long its client has waited already, in milliseconds: its operation has that much less time. @default 0 */
  waitedMs?: number;
  /** Receives the record of the operation as it begins: its members change until the operation ends. @default the log has a line of it */
  beginOperation?(record: OperationRecord): void;
}

/** The id that the client or a proxy gave, if it is harmless in a log and in a header; else a new one. */
export const toRequestId = (given: string | null | undefined): string =>
  given != null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();

/** What is known of the request. */
export interface RequestInfo extends ResponseRoom {
  readonly requestId: string;
  /** The value of a header of the request, given its name in lower case. */
  header(name: string): string | null | undefined;
  /** Whether the client accepts an incremental response. @default false */
  readonly acceptsParts?: boolean;
  /** Whether the request is a GET, by which no mutation is executed. @default false */
  readonly isGet?: boolean;
  /** How long its client has waited before the operation begins, in milliseconds. @default 0 */
  readonly waitedMs?: number;
  /** Cancelled when the client no longer waits for the response. */
  readonly cancellation: CancelToken;
  /** Receives the record of the operation as it begins: its members change until the operation ends. @default the log has a line of it */
  beginOperation?(record: OperationRecord): void;
}

/** A response in one part: the result of the operation, or a rejection, which says why the operation isn't executed. */
export interface OperationResponse {
  /** The HTTP status: 200 of a result. */
  readonly status: number;
  /** The HTTP status for `application/json`: 200 also where the document is invalid, as GraphQL over HTTP has it. */
  readonly jsonStatus: number;
  /** JSON. */
  readonly body: string;
  /** The length of the body in UTF-8. */
  readonly bytes: number;
  /** How many upstream calls it took; `undefined` of what was rejected before it was executed. */
  readonly calls: number | undefined;
  /** How old the oldest part of it is, in whole seconds; `undefined` when all of it was fetched for it. */
  readonly ageSeconds: number | undefined;
  /** Headers of a rejection: names in lower case. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** The payloads of an incremental response, or the response in one part where nothing comes later. */
export type Payloads = OperationResponse | AsyncIterable<Part>;

/** An operation for an incremental response: nothing of it is executed before its start. */
export interface IncrementalOperation {
  start(): Promise<Payloads>;
}

export type Outcome = OperationResponse | IncrementalOperation;

/** Executes an operation. The caller sends the response, if there is room for its bytes. @throws {unknown} a bug */
export type ExecuteOperation = (params: OperationParams, requestInfo: RequestInfo) => Promise<Outcome> | Outcome;

/** The headers of a response that come from its operation: names and values in turn. */
export function toHeaders({ calls, ageSeconds, headers }: OperationResponse): string[] {
  const pairs: string[] = headers === undefined ? [] : Object.entries(headers).flat();
  if (calls !== undefined) pairs.push(callReportHeader, String(calls));
  if (ageSeconds !== undefined) pairs.push(ageHeader, String(ageSeconds));
  return pairs;
}

/** What a server of `node:http` hands requests to. */
export interface NodeHandler {
  /**
   * A listener of `node:http`, and middleware of Express and Connect: mounted, as by `app.use('/graph', gateway.requestListener)`, it
   * answers at the path of the mount, and else at the configured path. It calls `next` for any other request, and
   * answers 404 where there is no `next`.
   */
  requestListener(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /**
   * Answers a request at the configured path alone, for a server in front that knows something of the request already.
   * @returns resolves when the response is written
   */
  handleNodeRequest(request: IncomingMessage, response: ServerResponse, context?: RequestContext): Promise<void>;
}
