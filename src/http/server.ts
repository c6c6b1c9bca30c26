/** The door: what comes in over HTTP is looked at here before the graph sees it. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type ErrorCode, toRefusal } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import type { Log } from '../log.ts';
import { requestIdHeader, toRequestId } from '../request-id.ts';
import { createGraphiQL, wantsPage } from './graphiql.ts';
import { answerMalformed } from './malformed.ts';
import { fitsIn } from './request-body.ts';
import { hasOneHost, pathOf } from './target.ts';

export interface ServerOptions {
  /** The graph, at `path`, with its own counting of the body switched off. */
  readonly gateway: Gateway;
  /** One line a request. */
  readonly log: Log;
  /** The operations that GraphiQL opens on. */
  readonly operations: readonly string[];
  /** @default '/graphql' */
  readonly path?: string;
  /** The largest request body, in bytes. @default 102400 */
  readonly maxBodyBytes?: number;
}

/** Makes the server; whoever calls it lets it listen. `GET /health` says that the process is alive. */
export function createServer(options: ServerOptions): Server {
  const { gateway, log, operations, path = '/graphql', maxBodyBytes = 100 * 1024 } = options;
  const showGraphiQL = createGraphiQL(path, operations);

  const answer = async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const refuse = (status: number, message: string) => send(response, status, 'BAD_USER_INPUT', message, requestId);
    const { expect = '100-continue' } = request.headers;
    if (expect.toLowerCase() !== '100-continue') return refuse(417, 'Expected no Expect header but 100-continue.');
    if (!hasOneHost(request)) return refuse(400, 'Expected exactly one Host header, with a host and perhaps a port.');
    if (pathOf(request) === '/health') return void response.writeHead(200).end();
    if (pathOf(request) !== path) return refuse(404, `Expected the path ${path}.`);
    if (wantsPage(request)) return showGraphiQL(response);
    if (!(await fitsIn(maxBodyBytes, request))) {
      response.setHeader('connection', 'close');
      return refuse(413, `Expected a body of at most ${maxBodyBytes} bytes.`);
    }
    return gateway.requestListener(request, response, { requestId });
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const started = performance.now();
    const requestId = toRequestId(request.headers[requestIdHeader]?.toString());
    response.setHeader(requestIdHeader, requestId);
    response.once('close', () => {
      // 499 as nginx has it: the client left before its answer was complete.
      const status = response.writableFinished ? response.statusCode : 499;
      const ms = Math.round(performance.now() - started);
      log.info({ requestId, method: request.method, path: pathOf(request), status, ms }, 'request');
    });
    answer(request, response, requestId).catch((error: unknown) => {
      if (response.destroyed) return;
      log.error({ requestId, error: error instanceof Error ? error.stack : 'not an Error' }, 'unexpected error');
      if (response.headersSent) response.destroy();
      else send(response, 500, 'INTERNAL_SERVER_ERROR', 'Unexpected error.', requestId);
    });
  };

  // What Node.js would answer by itself, and with no body, is answered here too.
  return createHttpServer({ requireHostHeader: false }, listener)
    .on('checkExpectation', listener)
    .on('clientError', (error, socket) => answerMalformed(error, socket, log));
}

function send(response: ServerResponse, status: number, code: ErrorCode, message: string, requestId: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(toRefusal(code, message, requestId));
}
