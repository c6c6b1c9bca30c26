/** The id that a request has in its answer, in its errors and in every line of the log. */
import { randomUUID } from 'node:crypto';
import type { ResponseRoom } from '../core/response-memory.ts';

/** The header that carries it, both ways. */
export const requestIdHeader = 'x-request-id';

/** What a server in front of the graph may know of a request already. */
export interface RequestContext extends ResponseRoom {
  /** The id of the request. @default that of the `x-request-id` header, or a new one */
  requestId?: string;
  /** How long its client has waited already, in milliseconds: its operation has that much less time. @default 0 */
  waitedMs?: number;
}

/** The id that the client or a proxy gave, if it is harmless in a log and in a header; else a new one. */
export const toRequestId = (given: string | null | undefined): string =>
  given != null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
