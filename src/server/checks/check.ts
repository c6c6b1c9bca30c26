/**
 * Checks of a request before any code reads it, and how one is refused: its headers, and what a page of another site could make a
 * browser send.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, toRefusal } from '../../core/errors.ts';

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
