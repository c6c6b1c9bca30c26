/**
 * Bounds the bytes of large responses that the process holds at a time: while they are built, and until their clients have read
 * them. A client that does not read costs no more than that, over however many connections.
 */
import type { Limits } from './limits.ts';

/** Where a response finds room. */
export interface ResponseRoom {
  /**
   * Reserves room for a response before it is built, and more as it grows. @param bytes all of the response so far
   * @returns false where there is no room: what was reserved before stays reserved. @default there is always room
   */
  reserveResponse?: ((bytes: number) => boolean) | undefined;
  /** The same for the response as it is sent, no more and no less. False: it must not be sent. @default there is always room */
  settleResponse?: ((bytes: number) => boolean) | undefined;
}

type ResponseMemoryLimits = Pick<Limits, 'maxPendingResponseBytes' | 'maxPendingResponseBytesPerCaller'>;

/** All reservations of the process. */
export class ResponseMemory {
  readonly #limits: ResponseMemoryLimits;
  #bytes = 0;
  /** By caller; those without reservations have no entry. */
  readonly #bytesOf = new Map<string, number>();

  constructor(limits: ResponseMemoryLimits) {
    this.#limits = limits;
  }

  /** Bytes that are reserved at the moment. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Callers that have reservations at the moment. */
  get callers(): number {
    return this.#bytesOf.size;
  }

  /** @param caller undefined where callers cannot be told apart: the limit of all of them is the only one then */
  reserve(bytes: number, caller: string | undefined): boolean {
    const { maxPendingResponseBytes, maxPendingResponseBytesPerCaller } = this.#limits;
    if (this.#bytes + bytes > maxPendingResponseBytes) return false;
    if (caller !== undefined) {
      const ofCaller = (this.#bytesOf.get(caller) ?? 0) + bytes;
      if (ofCaller > maxPendingResponseBytesPerCaller) return false;
      this.#bytesOf.set(caller, ofCaller);
    }
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number, caller: string | undefined): void {
    this.#bytes -= bytes;
    if (caller === undefined) return;
    const left = (this.#bytesOf.get(caller) ?? 0) - bytes;
    if (left > 0) this.#bytesOf.set(caller, left);
    else this.#bytesOf.delete(caller);
  }
}

/** The reservation of one response. */
export class ResponseReservation {
  readonly #memory: ResponseMemory;
  readonly #caller: string | undefined;
  #bytes = 0;
  #isReleased = false;

  constructor(memory: ResponseMemory, caller: string | undefined) {
    this.#memory = memory;
    this.#caller = caller;
  }

  /** See {@link ResponseRoom.reserveResponse}. */
  growTo(bytes: number): boolean {
    if (this.#isReleased) return false;
    const more = bytes - this.#bytes;
    if (more <= 0) return true;
    if (!this.#memory.reserve(more, this.#caller)) return false;
    this.#bytes += more;
    return true;
  }

  /** Gives back what the response turned out not to need. */
  shrinkTo(bytes: number): void {
    if (bytes >= this.#bytes) return;
    this.#memory.release(this.#bytes - bytes, this.#caller);
    this.#bytes = bytes;
  }

  /** Gives back everything, for good: once the client has read the response, or has disconnected. */
  release(): void {
    this.shrinkTo(0);
    this.#isReleased = true;
  }
}
