/**
 * The operation pipeline: persisted document, document cache, limits, plan or graphql-js, error masking, call report. The fast path calls
 * it directly and the slow path through a plugin of Yoga; both send what it returns.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql';
import { type ErrorCode, toClientError } from '../core/errors.ts';
import { presentText } from '../core/operation-params.ts';
import type { DocumentCache } from '../graphql/documents/document-cache.ts';
import { documentIdOf, type PersistedDocuments } from '../graphql/documents/persisted-documents.ts';
import type { Execute, Operation } from '../graphql/executor/execute.ts';
import { type Log, RequestLog } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import { Context, type ContextOptions } from '../resolvers/context.ts';
import { OperationCall } from '../upstream/call-context.ts';
import { callReportHeader } from '../upstream/call-report.ts';
import { OperationDeadline, type TimeoutQueue } from '../upstream/deadline.ts';
import { readMaxAgeMs } from './content-negotiation.ts';
import { capErrors, toClientErrors, toOverloaded, toRejection } from './error-masking.ts';
import { createIncrementalDelivery } from './incremental-delivery.ts';
import type { ExecuteOperation, OperationResponse, RequestInfo } from './operation.ts';
import { OperationProgress, type ReportOperation } from './operation-record.ts';

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
  readonly report: ReportOperation;
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

  const incremental = createIncrementalDelivery({
    schema,
    execute,
    trace,
    createContext,
    toResponse,
    report,
    maxResponseErrors,
  });

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
      const plan = requestInfo.acceptsParts === true ? documents.incrementalOf(document) : undefined;
      if (plan !== undefined && kind === 'query')
        return { start: () => incremental.start(plan, operation, progress, requestInfo) };
      const expectedBytes = largeResponses.get(document);
      if (expectedBytes !== undefined && requestInfo.reserveResponse?.(expectedBytes) === false) {
        progress.overload();
        trace(progress, requestInfo);
        report(progress, requestInfo);
        return toOverloaded(requestInfo);
      }
      return executeWhole(operation, progress, requestInfo);
    },
    prepare: incremental.prepare,
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
