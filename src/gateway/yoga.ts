/**
 * The slow path: requests that aren't plain JSON in a POST. Yoga reads them, and writes payloads; the operation pipeline executes their
 * operations. A GET, the content types of requests and responses, `multipart/mixed` and `text/event-stream` are Yoga's.
 */
import type { ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Limits } from '../core/limits.ts';
import { type Log, RequestLog } from '../observability/logger.ts';
import { type CancelToken, fromAbortSignal } from '../upstream/deadline.ts';
import { toClientErrors, toMasked } from './error-masking.ts';
import {
  type ExecuteOperation,
  type OperationResponse,
  type RequestInfo,
  toHeaders,
  toOverloaded,
  toRejection,
} from './execute-operation.ts';
import { toWish, type Wish } from './incremental-accept.ts';
import { toRequestId } from './request-id.ts';
import { type ServerContext, useRequestForms } from './yoga-requests.ts';

export interface SlowPathOptions {
  readonly path: string;
  readonly executeOperation: ExecuteOperation;
  readonly log: Log;
  readonly limits: Limits;
  /** Whether a server in front has held the body to its limit already. */
  readonly bodyLimitEnforced: boolean;
}

export function createSlowPathServer(options: SlowPathOptions): YogaServerInstance<ServerContext, object> {
  const { path, limits, bodyLimitEnforced } = options;
  return createYoga<ServerContext>({
    graphqlEndpoint: path,
    maskedErrors: { maskError: toMasked },
    maxRequestBodySize: bodyLimitEnforced ? false : limits.maxBodyBytes,
    parserAndValidationCache: false,
    // Bugs are logged where the id of their request is known.
    logging: false,
    plugins: [useRequestForms(path), usePipeline(options)],
    // Yoga takes any URL that ends so for a health check, and no URL ends in a space.
    healthCheckEndpoint: ' ',
    // What this service doesn't need, and what would let other pages of a browser send requests with the user's cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
  });
}

/** Has the operation pipeline execute what Yoga has read, and makes rejections of what Yoga itself refuses. */
function usePipeline({ executeOperation, log, limits }: SlowPathOptions): Plugin<object, ServerContext> {
  return {
    async onParams({ request, params, context, setParams, setResult }) {
      const wish = toWish(request.headers.get('accept'));
      const requestInfo = toRequestInfo(request, context, wish);
      const given = request.method === 'GET' ? { ...params, ...idsIn(request.url) } : params;
      const operation = await executeOperation(given, requestInfo);
      const payloads = 'start' in operation ? await operation.start() : operation;
      // An incremental response has no length: its room is reserved while it is built.
      const bytes = 'body' in payloads ? payloads.bytes : 0;
      const hasRoom = context.settleResponse?.(bytes) ?? true;
      const sent = hasRoom ? payloads : toOverloaded(requestInfo);
      // The pipeline has checked the parameters. Yoga checks these behind this hook, and knows fewer.
      setParams({ query: '' });
      setResult('body' in sent ? toYogaResult(sent, wish) : sent);
    },
    onResultProcess({ request, result, serverContext, setResult }) {
      if (isAsyncIterable(result) || 'stringify' in result) return;
      const { errors = [] } = result as ExecutionResult;
      const { reason } = cancellationOf(request, serverContext);
      const requestLog = new RequestLog(log, toRequestId(serverContext.requestId), limits.maxLogLines);
      const shown = toClientErrors(errors.map(withClearMessage), requestLog, reason, limits.maxResponseErrors);
      requestLog.complete();
      const status = Math.max(400, ...errors.map(statusOf));
      const headers = status === 405 ? { allow: 'GET, POST' } : undefined;
      setResult(toYogaResult(toRejection(shown, status, status, headers), toWish(request.headers.get('accept'))));
    },
  };
}

function toRequestInfo(request: Request, context: ServerContext, { parts }: Wish): RequestInfo {
  const { requestId, waitedMs = 0, reserveResponse } = context;
  const { headers, method } = request;
  return {
    requestId: toRequestId(requestId),
    header: (name) => headers.get(name),
    acceptsParts: parts !== undefined,
    isGet: method === 'GET',
    waitedMs,
    cancellation: cancellationOf(request, context),
    reserveResponse,
  };
}

/** Ends the work for a request whose client has disconnected, or has cancelled the response. */
const cancellationOf = ({ signal }: Request, { bodySignal }: Pick<ServerContext, 'bodySignal'>): CancelToken =>
  fromAbortSignal(bodySignal === undefined ? signal : AbortSignal.any([signal, bodySignal]));

/** The parameters that Yoga knows nothing of. */
interface Ids {
  readonly documentId?: unknown;
  readonly doc_id?: unknown;
  readonly id?: unknown;
}

/** An empty one counts as none, as Yoga has it of the other parameters. */
function idsIn(url: string): Ids {
  const { searchParams } = new URL(url, 'http://localhost');
  const read = (name: keyof Ids) => searchParams.get(name) || undefined;
  return { documentId: read('documentId'), doc_id: read('doc_id'), id: read('id') };
}

/** A response in one part, for Yoga to write: as JSON, or as the only part of an incremental response where the client accepts no JSON. */
function toYogaResult(response: OperationResponse, { whole, parts }: Wish) {
  const isJson = whole === 'application/json' || (whole === undefined && parts === 'text/event-stream');
  // An incremental response says nothing of its cost in a header, as it has none when they are sent.
  const pairs = toHeaders(whole === undefined ? { ...response, calls: undefined, ageSeconds: undefined } : response);
  const headers: Record<string, string> = {};
  for (let place = 0; place < pairs.length; place += 2) headers[pairs[place] as string] = pairs[place + 1] as string;
  const status = isJson ? response.jsonStatus : response.status;
  return { stringify: () => response.body, extensions: { http: { status, headers } } };
}

/** The status that Yoga has for an error; a bug has none. */
const statusOf = ({ extensions }: GraphQLError): number => Number(extensions.http?.status ?? 500);

/** What was expected, where Yoga only says what went wrong. */
const clearer: ReadonlyMap<string, string> = new Map([
  ['POST body sent invalid JSON.', 'Expected a body of JSON, as UTF-8.'],
]);

function withClearMessage(error: GraphQLError): GraphQLError {
  error.message = clearer.get(error.message) ?? error.message;
  return error;
}
