/**
 * The slow path for `node:http`: a request, plain or from a framework, becomes a `Request`, and the `Response` is written to the client, or
 * becomes the `Response` that the runtime itself has.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, toError, toRefusal } from '../core/errors.ts';
import type { Log } from '../observability/logger.ts';
import { isStream } from './content-negotiation.ts';
import { type NodeHandler, type RequestContext, requestIdHeader, toRequestId } from './operation.ts';
import type { NodeBody, SlowPath } from './yoga.ts';

interface NodeHandlerOptions {
  readonly path: string;
  readonly loadSlowPath: () => Promise<SlowPath>;
  readonly log: Log;
}

export function createNodeHandler({ path, loadSlowPath, log }: NodeHandlerOptions): NodeHandler {
  /** @param target the path and the query */
  const answer = async (target: string, request: NodeRequest, response: ServerResponse, context: RequestContext) => {
    const { host, ':authority': authority = host } = request.headers;
    const url = `http://${authority}${target}`;
    if (!URL.canParse(url)) {
      const sentence = 'Expected a Host header and a target that form a URL.';
      return refuse(response, 400, 'BAD_USER_INPUT', sentence, idOf(request, context));
    }
    const slowPath = await loadSlowPath();
    const { content, ...body } = readNodeBody(request);
    const init = { method: request.method ?? 'GET', headers: toHeaders(request), signal: toSignal(response) };
    // `duplex` is required of a stream.
    const withBody = content === undefined ? init : { ...init, body: content, duplex: 'half' };
    const fetchRequest = new slowPath.fetchAPI.Request(url, withBody as RequestInit);
    await writeResponse(await slowPath.handleRequest(fetchRequest, { ...context, ...body }), response);
  };

  const answerSafely = (target: string, request: NodeRequest, response: ServerResponse, next?: Next) =>
    answer(target, request, response, {}).catch((error: unknown) => {
      if (response.destroyed) return;
      if (response.headersSent) return void response.destroy();
      if (next !== undefined) return next(error);
      const requestId = idOf(request, {});
      log.error({ requestId, error: toError(error).stack }, 'unexpected error');
      refuse(response, 500, 'INTERNAL_SERVER_ERROR', 'Unexpected error.', requestId);
    });

  return {
    requestListener(request, response, next) {
      const target = toGraphTarget(request, path);
      if (target === undefined && next !== undefined) return next();
      void answerSafely(target ?? split(request.url ?? '').join(''), request, response, next);
    },
    async handleNodeRequest(request, response, context = {}) {
      await answer(split(request.url ?? '').join(''), request, response, context);
    },
  };
}

type Next = (error?: unknown) => void;

const idOf = ({ headers }: IncomingMessage, { requestId }: RequestContext): string =>
  toRequestId(requestId ?? headers[requestIdHeader]?.toString());

function refuse(response: ServerResponse, status: number, code: ErrorCode, sentence: string, requestId: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', [requestIdHeader]: requestId });
  response.end(toRefusal(code, sentence, requestId));
}

/** A request, and what frameworks add to it. */
interface NodeRequest extends IncomingMessage {
  /** The target as the client has sent it, where Express or Connect has taken the path of a mount off `url`. */
  readonly originalUrl?: string;
  /** The path that an app or a router of Express is mounted at. */
  readonly baseUrl?: string;
  /** What a body parser in front has made of the body. */
  readonly body?: unknown;
}

/**
 * The target of a request to the graph, with the path that the graph is configured for: as Express has it where the listener is
 * mounted, `app.use('/graph', gateway.requestListener)`, and else by that path. `undefined` for any other request.
 */
function toGraphTarget({ url = '', originalUrl = url, baseUrl = '' }: NodeRequest, path: string) {
  const [own, query] = split(url);
  const isMountedHere = baseUrl !== '' && (own === '/' || own === '');
  return isMountedHere || own === path || split(originalUrl)[0] === path ? `${path}${query}` : undefined;
}

/**
 * The path of a target, and its query with the question mark. Proxies may send a whole URL; one whose authority makes no URL stays, and
 * is the path of nothing.
 */
function split(target: string): readonly [path: string, query: string] {
  const isPath = target.startsWith('/') || !URL.canParse(target);
  const text = isPath ? target : (readAbsoluteTarget(target)?.path ?? target);
  const end = text.indexOf('?');
  return end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end)];
}

/** The longest body, in bytes, that can be an object or a list of nothing: `{}`. */
const emptyBytes = 2;

/** `body` is what a parser has left; Express 4 leaves `{}` beside a body that it hasn't read. */
function readNodeBody(request: NodeRequest): NodeBody {
  const { body, headers } = request;
  if (request.method !== 'POST') return {};
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (body.length > 0) return { content: body as BodyInit };
  } else if (typeof body === 'object' && body !== null) {
    const isWhole = Object.keys(body).length > 0 || !(Number(headers['content-length']) > emptyBytes);
    if (isWhole && (request.readableDidRead || Object.keys(body).length > 0)) return { parsed: body };
  }
  if (request.readableDidRead) return { isLost: true };
  // Undici and Yoga take what can be iterated for a body.
  return { content: request as unknown as BodyInit };
}

/** Aborts when the client disconnects before its response is complete. */
function toSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** The headers of a request, without those that HTTP/2 has in place of a request line. */
function toHeaders({ headers, httpVersionMajor }: IncomingMessage): Record<string, string> {
  const known = headers as Record<string, string>;
  if (httpVersionMajor < 2) return known;
  return Object.fromEntries(Object.entries(known).filter(([name]) => !name.startsWith(':')));
}

/** A target that is a whole URL, as proxies send it: the absolute-form of RFC 9112, 3.2.2. */
export interface AbsoluteTarget {
  readonly scheme: 'http' | 'https';
  /** The host, perhaps with a port; unchecked. */
  readonly authority: string;
  /** The path and the query, as another target would have them. */
  readonly path: string;
}

const absoluteForm = /^(https?):\/\/([^/?]*)(.*)$/is;

/** What such a target says; `undefined` for any other. */
export function readAbsoluteTarget(target: string): AbsoluteTarget | undefined {
  const [, scheme = '', authority = '', path = ''] = absoluteForm.exec(target) ?? [];
  if (scheme === '') return undefined;
  return {
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    authority,
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

/**
 * Writes a response as fast as its client reads it; a client that disconnects ends what the response is made from.
 * @throws {unknown} when the response can't be made to its end
 */
export async function writeResponse(source: Response, response: ServerResponse): Promise<void> {
  const parts = isStream(source) ? source.body : null;
  if (response.destroyed || response.writableEnded) return parts?.cancel();
  response.writeHead(source.status, Object.fromEntries(source.headers));
  // The text of a response that has none is empty.
  if (parts === null) return void response.end(await source.text());
  const { read, cancel } = toReader(parts);
  response.once('close', cancel);
  for (;;) {
    const { done, value } = await read();
    if (done || response.destroyed) break;
    if (!response.write(value)) await isDrained(response);
  }
  response.end();
}

/** Resolves when the client has read what it was sent, or has disconnected. */
const isDrained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });

/**
 * A response of the class that `globalThis` has. The slow path has a faster class, whose body frameworks can't take: they
 * check the class, or use methods that it lacks.
 * @param onCancel called when the reader of an incremental response cancels it
 */
export async function toGlobalResponse(response: Response, onCancel: () => void): Promise<Response> {
  const isGlobal: boolean = response instanceof globalThis.Response;
  if (isGlobal) return response;
  const { status } = response;
  const headers = [...response.headers];
  const parts = isStream(response) ? response.body : null;
  if (parts !== null) return new globalThis.Response(toGlobalStream(parts, onCancel), { status, headers });
  const text = await response.text();
  return new globalThis.Response(text === '' ? null : text, { status, headers });
}

function toGlobalStream(parts: ReadableStream<Uint8Array>, onCancel: () => void): ReadableStream<Uint8Array> {
  const { read, cancel } = toReader(parts);
  return new globalThis.ReadableStream({
    async pull(controller) {
      const { done, value } = await read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      onCancel();
      cancel();
    },
  });
}

/** Reads a stream. To cancel it ends its source at once, and doesn't wait for the part that is being read. */
function toReader(parts: ReadableStream<Uint8Array>) {
  const reader = parts.getReader();
  return {
    read: () => reader.read(),
    // `cancel` of the slow path's stream works while it is read; a stream of the runtime is cancelled by its reader alone.
    cancel: () => void parts.cancel().catch(() => reader.cancel().catch(() => {})),
  };
}
