/**
 * Bounds the bytes of large responses that the process holds at a time: while they are built, and until their clients have read
 * them. A client that does not read costs no more than that, over however many connections, and holds the room from others for
 * `minUnreadResponseMs` only: then its connection is closed where another response needs the room.
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

type ResponseMemoryLimits = Pick<
  Limits,
  'maxPendingResponseBytes' | 'maxPendingResponseBytesPerCaller' | 'minUnreadResponseMs'
>;

/** All reservations of the process. */
export class ResponseMemory {
  readonly #limits: ResponseMemoryLimits;
  #bytes = 0;
  /** By caller; those without reservations have no entry. */
  readonly #bytesOf = new Map<string, number>();
  /** Those of responses that are sent, and that their clients may not have read: the first one sent first. */
  readonly #sent = new Set<ResponseReservation>();

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

  /**
   * @param caller undefined where callers cannot be distinguished: the limit of all of them is the only one then
   * @param reservation what they are added to, which makes no room for itself
   */
  reserve(bytes: number, caller: string | undefined, reservation: ResponseReservation): boolean {
    const { maxPendingResponseBytesPerCaller } = this.#limits;
    if (caller !== undefined && this.#of(caller) + bytes > maxPendingResponseBytesPerCaller) return false;
    if (!this.#makeRoom(bytes, reservation)) return false;
    if (caller !== undefined) this.#bytesOf.set(caller, this.#of(caller) + bytes);
    this.#bytes += bytes;
    return true;
  }

  addSent(reservation: ResponseReservation): void {
    this.#sent.add(reservation);
  }

  deleteSent(reservation: ResponseReservation): void {
    this.#sent.delete(reservation);
  }

  /** Whether there is room for so many bytes; disconnects clients that haven't read for long, if that is what makes it. */
  #makeRoom(bytes: number, own: ResponseReservation): boolean {
    let missing = this.#bytes + bytes - this.#limits.maxPendingResponseBytes;
    if (missing <= 0) return true;
    const sentBefore = performance.now() - this.#limits.minUnreadResponseMs;
    const late: ResponseReservation[] = [];
    for (const reservation of this.#sent) {
      if (missing <= 0 || reservation.sentAt > sentBefore) break;
      if (reservation === own || !reservation.isUnread) continue;
      missing -= reservation.bytes;
      late.push(reservation);
    }
    // Otherwise they would be disconnected for nothing.
    if (missing > 0) return false;
    for (const reservation of late) reservation.disconnect();
    return true;
  }

  #of(caller: string): number {
    return this.#bytesOf.get(caller) ?? 0;
  }

  release(bytes: number, caller: string | undefined): void {
    this.#bytes -= bytes;
    if (caller === undefined) return;
    const left = this.#of(caller) - bytes;
    if (left > 0) this.#bytesOf.set(caller, left);
    else this.#bytesOf.delete(caller);
  }
}

/** The client that a response is sent to. */
export interface ResponseClient {
  /** Whether a part of what was sent to it waits to be read. */
  readonly isUnread: boolean;
  disconnect(): void;
}

/** The reservation of one response. */
export class ResponseReservation {
  readonly #memory: ResponseMemory;
  readonly #caller: string | undefined;
  #bytes = 0;
  #isReleased = false;
  /** When the response was sent, or begun to be, by the monotonic clock, in milliseconds. */
  sentAt = Number.POSITIVE_INFINITY;
  #client: ResponseClient | undefined;

  constructor(memory: ResponseMemory, caller: string | undefined) {
    this.#memory = memory;
    this.#caller = caller;
  }

  /** See {@link ResponseRoom.reserveResponse}. */
  growTo(bytes: number): boolean {
    if (this.#isReleased) return false;
    const more = bytes - this.#bytes;
    if (more <= 0) return true;
    if (!this.#memory.reserve(more, this.#caller, this)) return false;
    this.#bytes += more;
    return true;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isUnread(): boolean {
    return this.#client?.isUnread === true;
  }

  /** The response is sent to the client, which is disconnected if it doesn't read it and another response needs the room. */
  sendTo(client: ResponseClient): void {
    if (this.#bytes === 0 || this.#client !== undefined) return;
    this.#client = client;
    this.sentAt = performance.now();
    this.#memory.addSent(this);
  }

  /** Gives back everything, and disconnects the client. */
  disconnect(): void {
    const client = this.#client;
    this.release();
    client?.disconnect();
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
    this.#memory.deleteSent(this);
    this.#client = undefined;
  }
}
