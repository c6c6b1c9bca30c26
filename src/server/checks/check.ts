/** What a request can be refused with, and how that is said. */
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
