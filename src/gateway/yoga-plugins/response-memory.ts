/** Has Yoga send no response that the process has no room for. */
import type { Plugin } from 'graphql-yoga';
import { Overloaded, toRefusal } from '../../core/errors.ts';
import { type RequestContext, toRequestId } from '../request-id.ts';

/** In front of what completes the headers of a response. */
export const useResponseMemory = (): Plugin<object, RequestContext> => ({
  onResponse({ response, serverContext, setResponse, fetchAPI }) {
    // An incremental response has no length: it is counted while it is built.
    const bytes = Number(response.headers.get('content-length') ?? 0);
    if (serverContext.settleResponse?.(bytes) ?? true) return;
    const body = toRefusal('OVERLOADED', new Overloaded().message, toRequestId(serverContext.requestId));
    const headers = { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' };
    setResponse(new fetchAPI.Response(body, { status: 503, headers }));
  },
});
