/**
 * Bounds the memory of large upstream responses, all providers together: of those that are being read, and of those that
 * operations use. Responses of at most {@link maxUncountedBytes} aren't counted, so that most calls don't pay for it; but beyond
 * {@link maxUncountedOperationBytes} all responses of an operation are, as 250 small ones are as much as a large one.
 *
 * Each response that is being read has a rank: the one whose operation has the earliest deadline is the first. Above the
 * high-water mark the first alone is read, and the others are paused, so that TCP holds their bytes back at the provider. The
 * first may exceed the mark by one response of maximum size: that is the maximum of all counted bytes, but for what is in
 * flight when a response is paused. The bytes of a response that has been read stay counted until the last operation that
 * uses them is complete. Calls that are coalesced have one response, which is counted once.
 *
 * No deadlock is possible. Below the maximum the first response is always read, so it ends, or its attempt times out. At the
 * maximum it is paused until bytes are given back. Either an operation that waits for no large response uses some: it gives
 * them back when it is complete, at the latest at its deadline. Or all operations that use bytes wait for more: then the
 * last response is refused, its operation goes on without it, and the first is read with the bytes that it gave back. Each
 * refusal ends a response, so this ends as well, in the worst case with the first itself, whose operation then needs more than
 * the maximum alone. The budget decides again whenever a response is paused, has been read, gets a user or loses one. Only an
 * operation that is coalesced with a call in flight is noticed later: at the latest when that attempt times out.
 */
import { LinkedList, type ListNode } from './linked-list.ts';

/** Responses up to this size, in bytes, aren't counted. */
export const maxUncountedBytes = 64 * 1024;

/** So many bytes of an operation's responses aren't counted, all of them together. */
export const maxUncountedOperationBytes = 128 * 1024;

/** Reads a large response. */
export interface ResponseReader {
  /** By the monotonic clock, in milliseconds: when the operation has to be complete that the response is read for. */
  readonly deadlineAt: number;
  /** Whether the response is read for this user. */
  isFor(user: ByteUser): boolean;
  /** Called while the reader passes on bytes. */
  pause(): void;
  /** Never called while the reader passes on bytes. It may pass on some before it returns. */
  resume(): void;
  /** There is no room for the response. The reader releases it before it returns. */
  refuse(): void;
}

/** An operation, or anything else that uses the bytes of a response. Known by its identity. */
export type ByteUser = object;

/** Bytes that stay counted as long as an operation uses them. */
export interface HeldBytes {
  retain(user: ByteUser): void;
  /** The user doesn't need them any more. */
  release(user: ByteUser): void;
}

export interface ResponseBudgetOptions {
  /** The high-water mark, in bytes. */
  readonly maxUpstreamResponseTotalBytes: number;
  /** The maximum size of a response, in bytes. */
  readonly maxUpstreamResponseBytes: number;
}

/** A large response. Its reader is its first user. */
export class CountedResponse implements HeldBytes, ListNode<CountedResponse> {
  previous: CountedResponse | undefined;
  next: CountedResponse | undefined;
  readonly reader: ResponseReader;
  readonly deadlineAt: number;
  bytes: number;
  isPaused = false;
  /** Whether it has ever been paused: its provider didn't have all the time then. */
  hasBeenPaused = false;
  readonly users: Set<ByteUser>;
  readonly #budget: ResponseBudget;

  /** @param bytes how many of them are there already */
  constructor(budget: ResponseBudget, reader: ResponseReader, bytes = 0) {
    this.#budget = budget;
    this.reader = reader;
    this.bytes = bytes;
    this.deadlineAt = reader.deadlineAt;
    this.users = new Set([reader]);
  }

  /** More bytes of it have been read. May pause the reader. */
  add(bytes: number): void {
    this.bytes += bytes;
    this.#budget.add(this, bytes);
  }

  /** Nothing more of it is read. */
  end(): void {
    this.#budget.end(this);
  }

  retain(user: ByteUser): void {
    this.users.add(user);
    this.#budget.settleLater();
  }

  release(user: ByteUser): void {
    if (!this.users.delete(user)) return;
    if (this.users.size === 0) this.#budget.release(this);
    else this.#budget.settleLater();
  }
}

/** Reads nothing: the response is there. */
const reusedReader: ResponseReader = {
  deadlineAt: Number.POSITIVE_INFINITY,
  isFor: () => false,
  pause() {},
  resume() {},
  refuse() {},
};

export class ResponseBudget {
  readonly #highWaterMark: number;
  readonly #maxBytes: number;
  #bytes = 0;
  /** Those that are being read, by their ranks. */
  readonly #reading = new LinkedList<CountedResponse>();
  /** Those that have been read, and are used. */
  readonly #held = new Set<CountedResponse>();
  #isScheduled = false;

  constructor({ maxUpstreamResponseTotalBytes, maxUpstreamResponseBytes }: ResponseBudgetOptions) {
    this.#highWaterMark = maxUpstreamResponseTotalBytes;
    this.#maxBytes = maxUpstreamResponseTotalBytes + maxUpstreamResponseBytes;
  }

  /** Starts to count a response that is being read. */
  open(reader: ResponseReader): CountedResponse {
    const response = new CountedResponse(this, reader);
    let previous = this.#reading.last;
    while (previous !== undefined && previous.deadlineAt > response.deadlineAt) previous = previous.previous;
    this.#reading.insertAfter(previous, response);
    return response;
  }

  /**
   * Counts a response that is reused: nothing more of it is read.
   * @param user its first user
   * @returns `undefined` when there is no room for it below the high-water mark
   */
  openReused(bytes: number, user: ByteUser): HeldBytes | undefined {
    if (this.#bytes + bytes > this.#highWaterMark) return undefined;
    const response = new CountedResponse(this, reusedReader, bytes);
    response.retain(user);
    response.users.delete(reusedReader);
    this.#held.add(response);
    this.#bytes += bytes;
    return response;
  }

  add(response: CountedResponse, bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#limitOf(response)) return;
    response.isPaused = true;
    response.hasBeenPaused = true;
    response.reader.pause();
    this.settleLater();
  }

  end(response: CountedResponse): void {
    this.#reading.delete(response);
    response.isPaused = false;
    this.#held.add(response);
    this.settleLater();
  }

  release(response: CountedResponse): void {
    this.#held.delete(response);
    this.#bytes -= response.bytes;
    this.settleLater();
  }

  /** As many bytes there may be for the response to be read. */
  #limitOf(response: CountedResponse): number {
    return response === this.#reading.first ? this.#maxBytes : this.#highWaterMark;
  }

  /**
   * Resumes and refuses responses as their ranks, the bytes and their users have it by then. Not at once: readers pass on bytes
   * now, and operations may be about to give some back.
   */
  settleLater(): void {
    if (this.#isScheduled || this.#reading.first === undefined) return;
    this.#isScheduled = true;
    setImmediate(this.#settle);
  }

  readonly #settle = (): void => {
    this.#isScheduled = false;
    let response = this.#reading.first;
    while (response !== undefined) {
      const { next } = response;
      if (this.#bytes > this.#limitOf(response)) break;
      if (response.isPaused) {
        response.isPaused = false;
        response.reader.resume();
      }
      response = next;
    }
    const { first, last } = this.#reading;
    if (first?.isPaused && !this.#canWait()) last?.reader.refuse();
  };

  /** Whether bytes are given back without any response that is being read. */
  #canWait(): boolean {
    // An operation may use hundreds.
    const waiting = new Set<ByteUser>();
    for (const { users } of this.#held) {
      let isAwaited = false;
      for (const user of users) {
        if (!waiting.has(user) && this.#isReadFor(user)) waiting.add(user);
        isAwaited ||= waiting.has(user);
      }
      if (!isAwaited) return true;
    }
    return false;
  }

  #isReadFor(user: ByteUser): boolean {
    for (let response = this.#reading.first; response !== undefined; response = response.next)
      if (response.reader.isFor(user)) return true;
    return false;
  }
}

/** So many are stored as they arrive. Of more, small ones are concatenated: each takes some hundred bytes beside its content. */
const maxSeparate = 16;
/** Chunks of at least so many bytes are never concatenated. */
const maxSmallBytes = 4 * 1024;
const blockBytes = 64 * 1024;

/** The chunks of a response, until its body is whole. */
export class BodyChunks {
  readonly #chunks: Buffer[];
  #length: number;
  /** What small chunks are copied to, and how much of it is in use. */
  #block = nothing;
  #used = 0;

  constructor(first: Buffer) {
    this.#chunks = [first];
    this.#length = first.length;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#chunks.length < maxSeparate) this.#chunks.push(chunk);
    else if (chunk.length < maxSmallBytes) this.#join(chunk);
    else {
      this.#endBlock();
      this.#chunks.push(chunk);
    }
  }

  /**
   * The whole body. For a moment its bytes are there twice. That takes less memory than to allocate all of it when its length is
   * announced: many may be announced at a time, and few are read.
   */
  toBody(): Buffer {
    this.#endBlock();
    return Buffer.concat(this.#chunks, this.#length);
  }

  #join(chunk: Buffer): void {
    if (this.#used + chunk.length > this.#block.length) {
      this.#endBlock();
      if (chunk.length > this.#block.length) this.#block = Buffer.allocUnsafeSlow(blockBytes);
    }
    chunk.copy(this.#block, this.#used);
    this.#used += chunk.length;
  }

  /** Makes a chunk of what is in use; the rest of the block is for the next small chunks. */
  #endBlock(): void {
    if (this.#used === 0) return;
    this.#chunks.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}

const nothing = Buffer.alloc(0);
