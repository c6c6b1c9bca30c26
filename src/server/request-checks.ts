/**
 * Request checks: of a request before any code reads it, and how one is refused. Its headers, where it says that it is going, what a page of
 * another site could make a browser send, and the size of its body.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, toRefusal } from '../core/errors.ts';
import { readAbsoluteTarget } from '../gateway/node-handler.ts';

/** Why a request isn't admitted. */
export interface Rejection {
  /** The HTTP status. */
  readonly status: number;
  readonly code: ErrorCode;
  /** A constant sentence that says what was expected. */
  readonly message: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Looks at a request before the graph does, and lets it pass with `undefined`. */
export type Check = (request: IncomingMessage, response: ServerResponse) => Rejection | undefined;

/** The same, of what may take time to know. */
export type AsyncCheck = (...parameters: Parameters<Check>) => ReturnType<Check> | Promise<ReturnType<Check>>;

/** Most refusals: the client sent what it shouldn't have. */
export const badInput = (status: number, message: string, headers: OutgoingHttpHeaders = {}): Rejection => ({
  status,
  code: 'BAD_USER_INPUT',
  message,
  headers,
});

/** The refusal of the first check that has one; the checks behind it aren't made. */
export function firstRejection(checks: readonly Check[], request: IncomingMessage, response: ServerResponse) {
  for (const check of checks) {
    const refusal = check(request, response);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The same, from the check at `start` on. */
export function firstRejectionAsync(
  checks: readonly AsyncCheck[],
  request: IncomingMessage,
  response: ServerResponse,
  start = 0,
): ReturnType<AsyncCheck> {
  for (let place = start; place < checks.length; place++) {
    const found = checks[place]?.(request, response);
    // Most checks know at once, and a promise for each of them would cost more than they do.
    if (found instanceof Promise) {
      return found.then((refusal) => refusal ?? firstRejectionAsync(checks, request, response, place + 1));
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Answers with the refusal, as GraphQL answers. */
export function refuse(
  response: ServerResponse,
  { status, code, message, headers }: Rejection,
  requestId: string,
): void {
  // The server mustn't wait for a body that it isn't going to read.
  if (hasUnreadBody(response.req)) response.setHeader('connection', 'close');
  const body = toRefusal(code, message, requestId);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Small bodies aside: those have arrived, or soon will have, and the connection is worth more. */
const hasUnreadBody = ({ headers, complete }: IncomingMessage): boolean =>
  !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 16_384);

/** The most bytes of a request's head. */
export const maxHeaderSize = 16 * 1024;

/**
 * Refuses more headers than `most`. Node.js would drop those beyond a number without a word, and the last ones are
 * those that a proxy in front has added.
 */
export const hasFewHeaders =
  (most: number): Check =>
  ({ rawHeaders }) =>
    rawHeaders.length > 2 * most ? badInput(431, `Expected at most ${most} headers.`) : undefined;

/** Refuses HTTP/0.9, which Node.js takes for HTTP: a request line without a version. */
export const isHttp1: Check = ({ httpVersionMajor }) =>
  httpVersionMajor === 1 ? undefined : badInput(400, 'Expected HTTP/1.1, as RFC 9112 defines it.');

export const expectsNothing: Check = ({ headers: { expect = '100-continue' } }) =>
  expect.toLowerCase() === '100-continue' ? undefined : badInput(417, 'Expected no Expect header but 100-continue.');

/** For what executes nothing, so no header need show that a page of another site hasn't sent it. */
export const isGet: Check = ({ method }) =>
  method === 'GET' || method === 'HEAD' ? undefined : badInput(405, 'Expected a GET.', { allow: 'GET, HEAD' });

/** Headers that no page can set for another site without a preflight. */
export const preflightHeaders = ['apollo-require-preflight', 'x-graphql-yoga-csrf', 'x-apollo-operation-name'] as const;

const json = /^application\/json\s*(?:;|$)/i;

/**
 * A GET needs one of {@link preflightHeaders}, or the content type of JSON, with which browsers send a preflight as well. A POST
 * is refused further in unless it is JSON, and nothing else executes at all.
 */
export const isPreflighted: Check = ({ method, headers }) => {
  if (method !== 'GET' || preflightHeaders.some((name) => headers[name]) || json.test(headers['content-type'] ?? ''))
    return undefined;
  return {
    status: 403,
    code: 'FORBIDDEN',
    message: `Expected a GET with a header that pages of other sites can't send: ${preflightHeaders.join(', ')}.`,
  };
};

const host = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?$/;

/** Whether the text is a host, perhaps with a port. */
export const isHost = (text: string): boolean =>
  // Of the grammar, but still no host: 1.2.3.4.5, [::::], a port beyond 65535.
  host.test(text) && URL.canParse(`http://${text}`);

/** The values of the header, each separately. Node.js concatenates or drops what is sent more than once. */
function valuesOf(name: string, { rawHeaders }: IncomingMessage): string[] {
  const values: string[] = [];
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const header = rawHeaders[place];
    if (header?.length === name.length && header.toLowerCase() === name) values.push(rawHeaders[place + 1] ?? '');
  }
  return values;
}

/**
 * Refuses all but exactly one Host header, and one that is a host (RFC 9112, 3.2). Anything else must be 400, and would
 * make a URL that means something else further in.
 */
export function createHostCheck(): Check {
  // Most requests name the host that the one before named.
  let known: string | undefined;
  return (request) => {
    const hosts = valuesOf('host', request);
    const host = hosts[0] ?? '';
    if (hosts.length === 1 && (host === known || isHost(host))) {
      known = host;
      return undefined;
    }
    return badInput(400, 'Expected exactly one Host header, with a host and optionally a port.');
  };
}

/** `loopback`: the names and addresses of this machine, which no page of another site can have. */
export type AllowedHosts = readonly string[] | 'loopback';

const loopbackHost = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Refuses requests to other hosts, as a browser sends them for a page whose name was made to point here (DNS rebinding).
 * @param allowed hosts; one without a port stands for all its ports. An empty list allows every host
 */
export function isAtHost(allowed: AllowedHosts): Check {
  if (allowed.length === 0) return () => undefined;
  const isAllowed = allowed === 'loopback' ? (host: string) => loopbackHost.test(host) : createListCheck(allowed);
  // Most requests name the host that the one before named.
  let last: string | undefined;
  return ({ headers: { host = '' } }) => {
    if (host === last) return undefined;
    if (!isAllowed(host)) return badInput(421, 'Expected a Host header that this service is configured for.');
    last = host;
    return undefined;
  };
}

function createListCheck(allowed: readonly string[]): (host: string) => boolean {
  const hosts = new Set(allowed.map((text) => text.toLowerCase()));
  return (host) => {
    const requested = host.toLowerCase();
    return hosts.has(requested) || hosts.has(requested.replace(/:\d+$/, ''));
  };
}

/**
 * Makes a target that is a whole URL the path in it, and its host the one that the checks behind this one look at: what the
 * Host header says doesn't count then (RFC 9112, 3.2.2). Where every host is allowed nothing but that header tells which
 * are ours, and the URL of another one stays what it is, which is found nowhere.
 */
export const createTargetCheck =
  (allowed: AllowedHosts): Check =>
  (request) => {
    const { url = '' } = request;
    // Nearly all are paths.
    const target = url.startsWith('/') ? undefined : readAbsoluteTarget(url);
    if (target === undefined) return undefined;
    const { scheme, authority, path } = target;
    if (!isHost(authority)) return badInput(400, 'Expected a target with a valid host, and optionally a port.');
    if (allowed.length === 0 && !isSameHost(scheme, authority, request.headers.host ?? '')) return undefined;
    request.headers.host = authority;
    request.url = path;
    return undefined;
  };

/** Whatever the case of their letters, and whether the usual port is said or not. */
const isSameHost = (scheme: string, one: string, other: string): boolean =>
  new URL(`${scheme}://${one}`).host === new URL(`${scheme}://${other}`).host;

export const isAtPath =
  (path: string): Check =>
  (request) =>
    pathOf(request) === path ? undefined : badInput(404, `Expected the path ${path}.`);

/** The path of the request, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** A request whose body has been read already, and how long its client has waited. */
export type WithBody = IncomingMessage & {
  body?: Buffer;
  /** The name of the API token that the request carries, where it has one. */
  caller?: string | undefined;
  /** For the issuer's keys, in milliseconds. */
  waitedMs?: number;
};

/** Refuses bodies that would have to be unpacked, which this service doesn't do. */
export const isPlain: Check = ({
  headers: { 'content-encoding': content = 'identity', 'transfer-encoding': transfer },
}) =>
  content.toLowerCase() === 'identity' && (transfer ?? 'chunked').toLowerCase() === 'chunked'
    ? undefined
    : badInput(415, 'Expected a body without content encoding, and no transfer encoding but chunked.');

/**
 * Refuses bodies of more than `most` bytes, a stated length at once. The body is read to its end, and left at
 * `request.body`.
 */
export const hasSmallBody =
  (most: number): AsyncCheck =>
  (request, response) => {
    const stated = request.headers['content-length'];
    if (Number(stated ?? 0) > most) return refuseSize(most, response);
    if (stated === undefined && request.headers['transfer-encoding'] === undefined) return undefined;
    return readWithin(most, request, response);
  };

function refuseSize(most: number, response: ServerResponse): Rejection {
  response.setHeader('connection', 'close');
  return badInput(413, `Expected a body of at most ${most} bytes.`);
}

/** @throws {Error} when the client leaves before its end */
function readWithin(most: number, request: WithBody, response: ServerResponse): ReturnType<AsyncCheck> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) return void chunks.push(chunk);
      request.pause().removeAllListeners('data');
      resolve(refuseSize(most, response));
    });
    request.on('end', () => {
      request.body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      resolve(undefined);
    });
    request.on('error', reject);
  });
}
