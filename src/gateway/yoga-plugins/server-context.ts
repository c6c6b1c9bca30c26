/** What Yoga knows of a request beside the request itself: its id and its log among them. */

import type { Plugin } from 'graphql-yoga';
import type { RequestLog } from '../../observability/logger.ts';
import { type CancelToken, fromAbortSignal } from '../../upstream/deadline.ts';
import type { NodeBody } from '../node-request.ts';
import { type RequestContext, requestIdHeader, toRequestId } from '../request-id.ts';

export interface ServerContext extends RequestContext, Omit<NodeBody, 'content'> {
  /** Set by `useRequestId`, before any other hook needs it. */
  requestLog?: RequestLog | undefined;
  /** Aborts when the body of an incremental response is cancelled by its reader. */
  readonly bodySignal?: AbortSignal;
}

/** Ends the work for a request whose client has disconnected, or has cancelled the response. */
export const cancellationOf = ({ signal }: Request, { bodySignal }: Pick<ServerContext, 'bodySignal'>): CancelToken =>
  fromAbortSignal(bodySignal === undefined ? signal : AbortSignal.any([signal, bodySignal]));

/** The log of the request. */
export function requestLogOf({ requestLog }: Pick<ServerContext, 'requestLog'>): RequestLog {
  if (requestLog === undefined) throw new Error('Expected `useRequestId` among the plugins.');
  return requestLog;
}

export const useRequestId = (toRequestLog: (requestId: string) => RequestLog): Plugin<object, ServerContext> => ({
  onRequest({ request, serverContext }) {
    serverContext.requestId ??= toRequestId(request.headers.get(requestIdHeader));
    serverContext.requestLog = toRequestLog(toRequestId(serverContext.requestId));
  },
  onResponse({ response, serverContext }) {
    response.headers.set(requestIdHeader, toRequestId(serverContext.requestId));
  },
});
