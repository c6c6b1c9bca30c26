/**
 * The operation pipeline: persisted document, document cache, limits, plan or graphql-js, error masking, call report. The fast path calls
 * it directly and the slow path through a plugin of Yoga; both send what it returns.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql';
import { type ErrorCode, toClientError } from '../core/errors.ts';
import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import { presentText } from '../core/operation-params.ts';
import type { ResponseRoom } from '../core/response-memory.ts';
import type { DocumentCache } from '../graphql/documents/document-cache.ts';
import type { IncrementalPlan } from '../graphql/documents/incremental-directives.ts';
import {
  documentIdOf,
  type OperationParams,
  type PersistedDocuments,
} from '../graphql/documents/persisted-documents.ts';
import type { Execute, Operation } from '../graphql/executor/execute.ts';
import type { Part } from '../graphql/executor/execute-incrementally.ts';
import { type Log, RequestLog } from '../observability/logger.ts';
import type { OperationRecord } from '../observability/observer.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import { Context, type ContextOptions } from '../resolvers/context.ts';
import { OperationCall } from '../upstream/call-context.ts';
import { ageHeader, callReportHeader } from '../upstream/call-report.ts';
import { type CancelToken, OperationDeadline, type TimeoutQueue } from '../upstream/deadline.ts';
import { readMaxAgeMs } from './content-negotiation.ts';
import { capErrors, toClientErrors, toOverloaded, toRejection } from './error-masking.ts';
import { OperationProgress } from './operation-record.ts';

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

type Outcome = OperationResponse | IncrementalOperation;

/** Executes an operation. The caller sends the response, if there is room for its bytes. @throws {unknown} a bug */
export type ExecuteOperation = (params: OperationParams, requestInfo: RequestInfo) => Promise<Outcome> | Outcome;

/** What operations share. */
export interface PipelineOptions
  extends Pick<
    ContextOptions,
    'upstreams' | 'accounts' | 'runCache' | 'responses' | 'unmoved' | 'pageRanges' | 'limits'
  > {
  readonly schema: GraphQLSchema;
  readonly persisted: PersistedDocuments;
  readonly documents: DocumentCache;
  readonly execute: Execute;
  readonly credentialsOf: (requestInfo: RequestInfo) => CredentialOf;
  readonly deadlines: TimeoutQueue;
  readonly log: Log;
  /** @default no operation is traced */
  readonly tracing: Tracing | undefined;
  /** Reports an operation that has ended. */
  readonly report: (progress: OperationProgress, requestInfo: RequestInfo) => void;
}

export interface OperationPipeline {
  readonly executeOperation: ExecuteOperation;
  /** Loads what the first incremental response would wait for. */
  prepare(): Promise<void>;
}

export function createOperationPipeline(options: PipelineOptions): OperationPipeline {
  const { schema, persisted, documents, execute, log, limits, deadlines, report, tracing } = options;
  const { upstreams, accounts, credentialsOf, runCache, responses, unmoved, pageRanges } = options;
  const isReusing = runCache !== undefined || responses !== undefined;
  const { maxResponseErrors, maxUncountedResponseBytes } = limits;
  /** How many bytes the last response of a document had, where that was a large one. */
  const largeResponses = new WeakMap<DocumentNode, number>();
  // Most clients accept no incremental response, and a process starts faster without its executor.
  const loadIncremental = lazy(async () => {
    const { createExecuteIncrementally } = await importModule(
      () => import('../graphql/executor/execute-incrementally.ts'),
    );
    return createExecuteIncrementally(schema, execute);
  });

  const trace = (progress: OperationProgress, requestInfo: RequestInfo) => {
    if (tracing !== undefined) progress.beginTrace(tracing, requestInfo);
  };

  const reject = (
    errors: readonly GraphQLError[],
    progress: OperationProgress,
    requestInfo: RequestInfo,
    status: number,
    jsonStatus = status,
    headers?: OperationResponse['headers'],
  ): OperationResponse => {
    const shown = capErrors(errors, maxResponseErrors).map((error) => toClientError(error, requestInfo.requestId));
    progress.reject(shown);
    trace(progress, requestInfo);
    report(progress, requestInfo);
    // GraphQL only says what it has done.
    for (const error of shown) if (error.message === 'Validation aborted.') error.message = expectedFewer;
    return toRejection(shown, status, jsonStatus, headers);
  };

  const createContext = (requestInfo: RequestInfo) =>
    new Context({
      upstreams,
      accounts,
      credentialOf: credentialsOf(requestInfo),
      call: new OperationCall(
        new RequestLog(log, requestInfo.requestId, limits.maxLogLines),
        new OperationDeadline(deadlines, requestInfo.cancellation, requestInfo.waitedMs),
        requestInfo.header(callReportHeader) != null,
      ),
      runCache,
      responses,
      unmoved,
      pageRanges,
      maxAgeMs: isReusing ? maxAgeOf(requestInfo) : undefined,
      limits,
      room: requestInfo,
    });

  /** The same as the document cache does, and when, unless the document was cached. */
  const prepareTraced = (text: string, progress: OperationProgress) => {
    const startedAt = performance.now();
    const { parsed } = documents;
    const prepared = documents.prepare(text);
    progress.text = text;
    if (documents.parsed !== parsed) progress.parsedAt = [startedAt, performance.now()];
    return prepared;
  };

  const toResponse = (
    { data, errors }: ExecutionResult,
    { document }: Operation,
    { call, callReport }: Context,
    progress: OperationProgress,
    requestInfo: RequestInfo,
  ): OperationResponse => {
    const { reason } = requestInfo.cancellation;
    const shown = errors && toClientErrors(errors, call.log, reason, maxResponseErrors);
    progress.complete(data, shown, reason !== undefined);
    const extensions = callReport.isVerbose ? { upstream: callReport.show() } : undefined;
    const body = JSON.stringify({ errors: shown, data, extensions });
    const bytes = Buffer.byteLength(body);
    if (bytes > maxUncountedResponseBytes) largeResponses.set(document, bytes);
    else if (errors === undefined) largeResponses.delete(document);
    // Only what never began has errors without data: its variables are wrong. That is 400, whatever the client accepts.
    const status = data === undefined ? 400 : 200;
    const calls = callReport.calls();
    const ageSeconds = callReport.ageSeconds();
    return { status, jsonStatus: status, body, bytes, calls, ageSeconds, headers: undefined };
  };

  const executeWhole = async (
    operation: Operation,
    progress: OperationProgress,
    requestInfo: RequestInfo,
  ): Promise<OperationResponse> => {
    trace(progress, requestInfo);
    const context = createContext(requestInfo);
    context.call.trace = progress.trace;
    try {
      progress.calls = context.callReport.ofAccounts;
      context.call.start();
      const result = await execute(operation, context);
      if (context.costBudget.isLarge) await turn();
      return toResponse(result, operation, context, progress, requestInfo);
    } catch (bug) {
      progress.fail();
      throw bug;
    } finally {
      // After a bug as well: the bytes of upstream responses are given back, and the log says how many lines were omitted.
      context.call.complete();
      context.log.complete();
      report(progress, requestInfo);
    }
  };

  /** The deadline is that of all payloads together. */
  const startIncremental = async (
    incremental: IncrementalPlan,
    operation: Operation,
    progress: OperationProgress,
    requestInfo: RequestInfo,
  ): Promise<Payloads> => {
    const executeIncrementally = await loadIncremental();
    trace(progress, requestInfo);
    const context = createContext(requestInfo);
    context.call.trace = progress.trace;
    const complete = () => {
      context.call.complete();
      context.log.complete();
      report(progress, requestInfo);
    };
    let parts: AsyncIterable<Part> | undefined;
    try {
      progress.calls = context.callReport.ofAccounts;
      context.call.start();
      const result = await executeIncrementally(incremental, operation, context);
      if (!(Symbol.asyncIterator in result)) return toResponse(result, operation, context, progress, requestInfo);
      parts = result;
    } catch (bug) {
      progress.fail();
      throw bug;
    } finally {
      if (parts === undefined) complete();
    }
    return toPayloads(parts, context, progress, requestInfo, complete);
  };

  async function* toPayloads(
    parts: AsyncIterable<Part>,
    { call, callReport }: Context,
    progress: OperationProgress,
    { cancellation }: RequestInfo,
    complete: () => void,
  ): AsyncGenerator<Part> {
    /** How many errors all payloads together still have room for; each payload can say how many of its errors are omitted. */
    let room = maxResponseErrors;
    const toClient = <Errors extends Pick<Part, 'errors'>>(part: Errors): Errors => {
      if (part.errors === undefined) return part;
      const errors = toClientErrors(part.errors, call.log, cancellation.reason, Math.max(room, 1));
      room -= errors.length;
      progress.addErrors(errors, cancellation.reason !== undefined);
      return { ...part, errors };
    };
    const toPayload = (part: Part): Part => {
      const { incremental, ...rest } = toClient(part);
      if (rest.data !== undefined) progress.complete(rest.data, rest.errors, cancellation.reason !== undefined);
      const payload = incremental === undefined ? rest : { incremental: incremental.map(toClient), ...rest };
      // An incremental response has cost all that it does when the last payload comes.
      const isReported = callReport.isVerbose && !part.hasNext;
      return isReported ? { ...payload, extensions: { upstream: callReport.show() } } : payload;
    };
    try {
      for await (const part of parts) yield toPayload(part);
    } catch (error) {
      yield toPayload({ errors: [error as GraphQLError], hasNext: false });
    } finally {
      complete();
    }
  }

  return {
    executeOperation(params, requestInfo) {
      const progress = new OperationProgress(documentIdOf(params));
      requestInfo.beginOperation?.(progress);
      const text = persisted.textOf(params);
      // Clients that send an unknown id send the text next, and expect no failure of HTTP.
      if (typeof text !== 'string') return reject([text], progress, requestInfo, isUnknownId(text) ? 200 : 400);
      const { document, errors } = tracing === undefined ? documents.prepare(text) : prepareTraced(text, progress);
      if (document === undefined) return reject(errors, progress, requestInfo, 400, 200);
      // Another value than a text is the name of no operation.
      const operationName = presentText(params.operationName) as string | null | undefined;
      const selected = getOperationAST(document, operationName);
      if (!selected) return reject([new GraphQLError(expectedOperation)], progress, requestInfo, 400);
      const kind = selected.operation;
      progress.name = selected.name?.value;
      progress.type = kind;
      if (kind === 'mutation' && requestInfo.isGet === true)
        return reject([new GraphQLError(noMutation)], progress, requestInfo, 405, 405, { allow: 'GET, POST' });
      if (errors.length > 0) return reject(errors, progress, requestInfo, 400, 200);

      const { variables } = params as { variables?: Operation['variableValues'] };
      const operation = { document, operationName, variableValues: variables };
      const incremental = requestInfo.acceptsParts === true ? documents.incrementalOf(document) : undefined;
      if (incremental !== undefined && kind === 'query')
        return { start: () => startIncremental(incremental, operation, progress, requestInfo) };
      const expectedBytes = largeResponses.get(document);
      if (expectedBytes !== undefined && requestInfo.reserveResponse?.(expectedBytes) === false) {
        progress.overload();
        trace(progress, requestInfo);
        report(progress, requestInfo);
        return toOverloaded(requestInfo);
      }
      return executeWhole(operation, progress, requestInfo);
    },
    async prepare() {
      await loadIncremental();
    },
  };
}

/** How old the response may be for its client, in milliseconds. Most requests don't say. */
function maxAgeOf(requestInfo: RequestInfo): number | undefined {
  const cacheControl = requestInfo.header('cache-control');
  return cacheControl ? readMaxAgeMs(cacheControl, requestInfo.header('pragma')) : undefined;
}

const isUnknownId = ({ extensions }: GraphQLError): boolean =>
  extensions.code === ('PERSISTED_QUERY_NOT_FOUND' satisfies ErrorCode);

const expectedOperation = 'Expected one operation, or an `operationName` that is the name of one of several.';

const expectedFewer = 'Expected fewer selections of one name.';

const noMutation = 'Can only perform a mutation operation from a POST request.';

/** The headers of a response that come from its operation: names and values in turn. */
export function toHeaders({ calls, ageSeconds, headers }: OperationResponse): string[] {
  const pairs: string[] = headers === undefined ? [] : Object.entries(headers).flat();
  if (calls !== undefined) pairs.push(callReportHeader, String(calls));
  if (ageSeconds !== undefined) pairs.push(ageHeader, String(ageSeconds));
  return pairs;
}
