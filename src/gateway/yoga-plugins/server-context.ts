/** What Yoga knows of a request beside the request itself. */
import type { IncomingMessage } from 'node:http';
import type { RequestLog } from '../../observability/bounded-log.ts';
import type { RequestContext } from '../request-id.ts';

export interface ServerContext extends RequestContext {
  /** Set by `useRequestId`, before any other hook needs it. */
  requestLog?: RequestLog | undefined;
  /** Where it has come in by `node:http`; `body` is what a body parser in front has made of its body. */
  readonly req?: IncomingMessage & { readonly body?: unknown };
  /**
   * The content type that its client has sent then. What a parser in front has made of a body Yoga takes for JSON, and changes
   * the headers accordingly.
   */
  readonly contentType?: string | undefined;
}

/** The log of the request. */
export function requestLogOf({ requestLog }: Pick<ServerContext, 'requestLog'>): RequestLog {
  if (requestLog === undefined) throw new Error('Expected `useRequestId` among the plugins.');
  return requestLog;
}
