/** What Yoga knows of a request beside the request itself. */
import type { IncomingMessage } from 'node:http';
import type { RequestContext } from '../request-id.ts';

export interface ServerContext extends RequestContext {
  /** Where it has come in by `node:http`; `body` is what a body parser in front has made of its body. */
  readonly req?: IncomingMessage & { readonly body?: unknown };
  /**
   * The content type that its client has sent then. What a parser in front has made of a body Yoga takes for JSON, and changes
   * the headers accordingly.
   */
  readonly contentType?: string | undefined;
}
