/** Requests of `node:http`, plain or from a framework, as `Request`s of the slow path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readAbsoluteTarget } from './absolute-target.ts';

/** A request, and what frameworks add to it. */
export interface NodeRequest extends IncomingMessage {
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
export function toGraphTarget({ url = '', originalUrl = url, baseUrl = '' }: NodeRequest, path: string) {
  const [own, query] = split(url);
  const isMountedHere = baseUrl !== '' && (own === '/' || own === '');
  return isMountedHere || own === path || split(originalUrl)[0] === path ? `${path}${query}` : undefined;
}

/**
 * The path of a target, and its query with the question mark. Proxies may send a whole URL; one whose authority makes no URL stays, and
 * is the path of nothing.
 */
export function split(target: string): readonly [path: string, query: string] {
  const isPath = target.startsWith('/') || !URL.canParse(target);
  const text = isPath ? target : (readAbsoluteTarget(target)?.path ?? target);
  const end = text.indexOf('?');
  return end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end)];
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

/** The longest body, in bytes, that can be an object or a list of nothing: `{}`. */
const emptyBytes = 2;

/** `body` is what a parser has left; Express 4 leaves `{}` beside a body that it hasn't read. */
export function readNodeBody(request: NodeRequest): NodeBody {
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
export function toSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** The headers of a request, without those that HTTP/2 has in place of a request line. */
export function toHeaders({ headers, httpVersionMajor }: IncomingMessage): Record<string, string> {
  const known = headers as Record<string, string>;
  if (httpVersionMajor < 2) return known;
  return Object.fromEntries(Object.entries(known).filter(([name]) => !name.startsWith(':')));
}
