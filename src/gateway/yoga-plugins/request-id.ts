/** Gives every request an id and a log, and every answer the id of its request. */
import type { Plugin } from 'graphql-yoga';
import type { RequestLog } from '../../observability/bounded-log.ts';
import { requestIdHeader, toRequestId } from '../request-id.ts';
import type { ServerContext } from './server-context.ts';

export const useRequestId = (toRequestLog: (requestId: string) => RequestLog): Plugin<object, ServerContext> => ({
  onRequest({ request, serverContext }) {
    serverContext.requestId ??= toRequestId(request.headers.get(requestIdHeader));
    serverContext.requestLog = toRequestLog(toRequestId(serverContext.requestId));
  },
  onResponse({ response, serverContext }) {
    response.headers.set(requestIdHeader, toRequestId(serverContext.requestId));
  },
});
