/**
 * The slow path: requests that aren't plain JSON in a POST. Yoga reads them, and writes payloads; the operation pipeline executes their
 * operations. A GET, the content types of requests and responses, `multipart/mixed` and `text/event-stream` are Yoga's.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { toRefusal } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { withoutMarkInText } from '../json/lossless.ts';
import { type Log, RequestLog } from '../observability/logger.ts';
import { type CancelToken, fromAbortSignal } from '../upstream/deadline.ts';
import { isStream, toWish, type Wish } from './content-negotiation.ts';
import { toClientErrors, toMasked, toOverloaded, toRejection } from './error-masking.ts';
import {
  type ExecuteOperation,
  type OperationResponse,
  type RequestContext,
  type RequestInfo,
  requestIdHeader,
  toHeaders,
  toRequestId,
} from './operation.ts';

export interface SlowPathOptions {
  readonly path: string;
  readonly executeOperation: ExecuteOperation;
  readonly log: Log;
  readonly limits: Limits;
  /** Whether a server in front has held the body to its limit already. */
  readonly bodyLimitEnforced: boolean;
}

export type SlowPath = YogaServerInstance<ServerContext, object>;

export function createSlowPathServer(options: SlowPathOptions): SlowPath {
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
  const { requestId, waitedMs = 0, reserveResponse, beginOperation } = context;
  const { headers, method } = request;
  return {
    requestId: toRequestId(requestId),
    header: (name) => headers.get(name),
    acceptsParts: parts !== undefined,
    isGet: method === 'GET',
    waitedMs,
    cancellation: cancellationOf(request, context),
    reserveResponse,
    ...(beginOperation && { beginOperation }),
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

/** What is known of a body before anything of it is read. */
export interface NodeBody {
  /** For the `Request`: bytes, text, or the stream of the client. */
  readonly content?: BodyInit;
  /** What a body parser in front has made of it. */
  readonly parsed?: object;
  /** Whether something in front has read it, and nothing of it is left. */
  readonly isLost?: boolean;
}

/** What is known of a request beside the request itself. */
interface ServerContext extends RequestContext, Omit<NodeBody, 'content'> {
  /** Aborts when the body of an incremental response is cancelled by its reader. */
  readonly bodySignal?: AbortSignal;
}

/** Types that a page of another site can't post without a preflight, as it can a form. */
const json = /^(application\/(?:graphql\+)?json)[ \t]*(?=[;,]|$)/i;

/** Makes Yoga read requests as the fast path does, by their content type and their Accept header, and dresses its responses. */
function useRequestForms(path: string): Plugin<object, ServerContext> {
  /** What was expected, where Yoga says so with a status alone. */
  const sentences: Readonly<Record<number, string>> = {
    404: `Expected the path ${path}.`,
    406: 'Expected an Accept header that admits application/json or application/graphql-response+json.',
    415: 'Expected a POST with the content type application/json.',
  };
  return {
    onRequest({ request, serverContext, setRequest }) {
      serverContext.requestId = toRequestId(serverContext.requestId ?? request.headers.get(requestIdHeader));
      const headers = new Map<string, string>();
      const { whole, parts } = toWish(request.headers.get('accept'));
      const accept = [parts, whole].filter((type) => type !== undefined).join(', ');
      if (accept !== '') headers.set('accept', accept);
      const type = request.headers.get('content-type');
      // In capitals they mean the same, but Yoga has parsers for small letters alone.
      if (request.method === 'POST' && type !== null)
        headers.set(
          'content-type',
          type.replace(json, (_type, name: string) => name.toLowerCase()),
        );
      setHeaders(request, setRequest, headers);
    },
    onRequestParse({ request, serverContext, requestParser, setRequestParser, endResponse, fetchAPI }) {
      const isPost = request.method === 'POST';
      const { headers } = request;
      // Of the client's own header: what a parser in front has made of a body says nothing of what the client has sent.
      if (isPost && !json.test(headers.get('content-type') ?? ''))
        return endResponse(new fetchAPI.Response(null, { status: 415 }));
      const { whole, parts } = toWish(headers.get('accept'));
      // Before anything is executed that couldn't be answered.
      if ((isPost || request.method === 'GET') && whole === undefined && parts === undefined)
        return endResponse(new fetchAPI.Response(null, { status: 406 }));
      const { parsed, isLost } = serverContext;
      if (isPost && (request.bodyUsed || isLost)) throw toBadRequest(expectedUnread);
      if (isPost && parsed !== undefined) return setRequestParser(() => parsed);
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(isPost ? withoutMark(request) : request);
        } catch (error) {
          // Yoga parses these two of a query string without a look at what comes of it.
          throw error instanceof SyntaxError ? toBadRequest('Expected `variables` and `extensions` as JSON.') : error;
        }
      });
    },
    onResponse({ response, serverContext, setResponse, fetchAPI }) {
      const requestId = toRequestId(serverContext.requestId);
      const sentence = response.headers.has('content-type') ? undefined : sentences[response.status];
      if (sentence !== undefined) {
        const headers = { 'content-type': 'application/json; charset=utf-8', [requestIdHeader]: requestId };
        const body = toRefusal('BAD_USER_INPUT', sentence, requestId);
        return setResponse(new fetchAPI.Response(body, { status: response.status, headers }));
      }
      const { headers } = response;
      headers.set(requestIdHeader, requestId);
      if (!isStream(response)) return;
      // How the connection goes on is the server's to say, and Yoga's coding is none.
      for (const name of ['connection', 'transfer-encoding', 'content-encoding']) headers.delete(name);
      // A compressor like Express's would hold parts back.
      headers.set('cache-control', 'no-store, no-transform');
      // A proxy like nginx would collect them otherwise.
      headers.set('x-accel-buffering', 'no');
    },
  };
}

const expectedUnread =
  'Expected an unread body: other middleware has read this one already. Mount the graph before it.';

/** An error of the request itself, which is 400 whatever the client accepts. */
const toBadRequest = (expected: string) => new GraphQLError(expected, { extensions: { http: { status: 400 } } });

/** The body of a POST, which is all that Yoga's parser of JSON looks at. */
const withoutMark = (request: Request): Request =>
  ({ json: async () => JSON.parse(withoutMarkInText(await request.text())) }) as Request;

/** @param setRequest takes another request, where the headers of this one can't be changed, as on Deno or in a worker */
function setHeaders(
  request: Request,
  setRequest: (request: Request) => void,
  changes: ReadonlyMap<string, string>,
): void {
  const changed = [...changes].filter(([name, value]) => request.headers.get(name) !== value);
  if (changed.length === 0) return;
  try {
    for (const [name, value] of changed) request.headers.set(name, value);
  } catch {
    const headers = new Headers(request.headers);
    for (const [name, value] of changed) headers.set(name, value);
    setRequest(new Request(request, { headers }));
  }
}
