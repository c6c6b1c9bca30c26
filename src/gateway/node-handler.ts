/** The slow path for `node:http`: a request becomes a `Request`, and the `Response` is written to the client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, toError, toRefusal } from '../core/errors.ts';
import type { Log } from '../observability/logger.ts';
import type { Gateway } from './create-gateway.ts';
import { type NodeRequest, readNodeBody, split, toGraphTarget, toHeaders, toSignal } from './node-request.ts';
import { type RequestContext, requestIdHeader, toRequestId } from './request-id.ts';
import { writeResponse } from './responses.ts';
import type { SlowPath } from './slow-path.ts';

export interface NodeHandlerOptions {
  readonly path: string;
  readonly loadSlowPath: () => Promise<SlowPath>;
  readonly log: Log;
}

export function createNodeHandler({
  path,
  loadSlowPath,
  log,
}: NodeHandlerOptions): Pick<Gateway, 'requestListener' | 'handleNodeRequest'> {
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
