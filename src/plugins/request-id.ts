/** Gives every request an id, and every answer the id of its request. */
import type { Plugin } from 'graphql-yoga';
import { type RequestContext, requestIdHeader, toRequestId } from '../request-id.ts';

export const useRequestId = (): Plugin<object, RequestContext> => ({
  onRequest({ request, serverContext }) {
    serverContext.requestId ??= toRequestId(request.headers.get(requestIdHeader));
  },
  onResponse({ response, serverContext }) {
    response.headers.set(requestIdHeader, toRequestId(serverContext.requestId));
  },
});
