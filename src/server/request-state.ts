/** A request and its response, as the HTTP server knows them. */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponseClient, ResponseReservation } from '../core/response-memory.ts';
import type { RequestInfo } from '../gateway/operation.ts';
import { requestIdHeader, toRequestId } from '../gateway/operation.ts';
import type { OperationRecord } from '../observability/observer.ts';
import { CancelSource } from '../upstream/deadline.ts';
import type { WithBody } from './request-checks.ts';
import { securityHeaders } from './response-headers.ts';

/** Makes the reservation of a response. */
export interface Reservations {
  /** Bytes that need no reservation. */
  readonly uncountedBytes: number;
  open(request: IncomingMessage): ResponseReservation;
}

/** A class, as every request is one, and methods of a prototype cost it nothing. */
export class RequestState implements RequestInfo, ResponseClient {
  readonly request: WithBody;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly startedAt = performance.now();
  /** Comes when the answer is over: if it isn't complete by then, its client has left. */
  readonly cancellation = new CancelSource();
  acceptsParts = false;
  /** Its operation, once that has begun. */
  operation: OperationRecord | undefined;
  /** The code of its rejection, if it became no operation. */
  rejectedBy: string | undefined;
  /** Whether it is a probe, or a scrape of metrics: most logs aren't to have it. */
  isProbe = false;
  /** Whether it is an operation that is counted among those in flight. */
  isAdmitted = false;
  readonly #reservations: Reservations;
  #reservation: ResponseReservation | undefined;
  #isReleased = false;

  constructor(request: WithBody, response: ServerResponse, reservations: Reservations) {
    this.request = request;
    this.response = response;
    this.#reservations = reservations;
    this.requestId = toRequestId(this.header(requestIdHeader));
  }

  get waitedMs(): number {
    return this.request.waitedMs ?? 0;
  }

  beginOperation(record: OperationRecord): void {
    this.operation = record;
  }

  header(name: string): string | undefined {
    return this.request.headers[name]?.toString();
  }

  /** Reserves room for a response that is being built. False where there is none. */
  reserveResponse(bytes: number): boolean {
    if (bytes <= this.#reservations.uncountedBytes) return true;
    if (this.#isReleased) return false;
    this.#reservation ??= this.#reservations.open(this.request);
    if (!this.#reservation.growTo(bytes)) return false;
    // An incremental response grows while it is sent.
    if (this.response.headersSent) this.#reservation.sendTo(this);
    return true;
  }

  /** Reserves room for the response as it is sent, no more and no less. False where there is none: it must not be sent then. */
  settleResponse(bytes: number): boolean {
    if (!this.reserveResponse(bytes)) return false;
    this.#reservation?.shrinkTo(bytes <= this.#reservations.uncountedBytes ? 0 : bytes);
    this.#reservation?.sendTo(this);
    return true;
  }

  get isUnread(): boolean {
    return this.response.writableLength > 0;
  }

  disconnect(): void {
    this.response.destroy();
  }

  /** Gives the room back, for good. */
  releaseResponse(): void {
    this.#isReleased = true;
    this.#reservation?.release();
  }

  /** Sets the headers that every response has. The fast path sets them itself, at less cost. */
  writeCommonHeaders(): ServerResponse {
    this.response.setHeader(requestIdHeader, this.requestId);
    for (const [name, value] of Object.entries(securityHeaders)) this.response.setHeader(name, value);
    return this.response;
  }
}

/**
 * A digest of the credentials that a request carries: its token, and the provider keys that it forwards. Undefined where it has
 * none. @param credentialHeaders the headers that forwarded keys come in, in lower case
 */
export function toCaller({ headers }: IncomingMessage, credentialHeaders: readonly string[]): string | undefined {
  const credentials = ['authorization', ...credentialHeaders].map((name) => headers[name]?.toString());
  if (credentials.every((credential) => credential === undefined)) return undefined;
  return createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
}

/** What Node.js reports of a client whose request does not arrive in time. */
export const toRequestTimeout = (): NodeJS.ErrnoException =>
  Object.assign(new Error('The request is late.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
