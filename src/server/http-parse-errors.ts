/** Answers what isn't HTTP enough to become a request: Node.js rejects it before the server gets it. */
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { toRefusal } from '../core/errors.ts';
import { requestIdHeader, toRequestId } from '../gateway/operation.ts';
import type { Log } from '../observability/logger.ts';
import type { InFlightResponses } from './connections.ts';
import { maxHeaderSize } from './request-checks.ts';
import type { RequestState } from './request-state.ts';
import { securityHeaders } from './response-headers.ts';

/** By the code of Node.js, the status and what was expected; anything else is `notHttp`. */
const statusByCode: ReadonlyMap<unknown, readonly [status: number, expected: string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, `Expected headers of at most ${maxHeaderSize} bytes.`]],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', [413, 'Expected chunks with short extensions.']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Expected the request to arrive sooner.']],
]);
const notHttp = [400, 'Expected HTTP/1.1, as RFC 9112 defines it.'] as const;

/**
 * Makes what answers a server's `clientError`.
 * @param socketTimeout how long a client may take to read what it was answered before, in milliseconds
 */
export function createParseErrorHandler(log: Log, answers: InFlightResponses, socketTimeout: () => number) {
  const met = new WeakSet<Duplex>();
  const wholeOn = (socket: Duplex) => answers.on(socket).filter(({ request }) => request.complete);
  return async (error: NodeJS.ErrnoException, socket: Duplex): Promise<void> => {
    // Whatever else comes of it comes here, too; only its end matters.
    if (met.has(socket)) return void (error.code === 'ECONNRESET' && socket.destroy());
    met.add(socket);
    // Whole requests that came before on this connection are answered before, so that no client takes this for its own. Without any,
    // this is the first response: a request whose body isn't HTTP gets no other.
    for (let before = wholeOn(socket); before.length > 0 && !(await areClosed(before, socketTimeout())); ) {
      if (!answers.isWaiting(socket)) {
        // Each byte puts off the connection's own timeout, so that sending on would hold it for ever.
        socket.destroy();
        return;
      }
      before = wholeOn(socket);
    }
    answerMalformed(error, socket, log);
  };
}

/** Whether the responses are closed, at the latest after so many milliseconds. */
async function areClosed(states: readonly RequestState[], ms: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ms);
  try {
    await Promise.all(states.map(({ response }) => once(response, 'close', { signal })));
    return true;
  } catch {
    return false;
  }
}

function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex, log: Log): void {
  // The client has left.
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, expected] = statusByCode.get(error.code) ?? notHttp;
  const requestId = toRequestId(undefined);
  const body = toRefusal('BAD_USER_INPUT', expected, requestId);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `${requestIdHeader}: ${requestId}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  log.info({ requestId, status, reason: error.code }, 'request');
}
