/** The deadline of an operation: all its upstream calls share it, however deep they are nested. */

import { type CancelListener, CancelSource, type CancelToken } from './cancellation.ts';
import type { Timeout, TimeoutQueue } from './timeout-queue.ts';

/** Why the calls of an operation end whose deadline is reached. Each call reports it to the client by its own error. */
export const deadlineReached = new Error('The deadline of the operation is reached.');

/**
 * Ends the calls of an operation: when the client disconnects, with the client's reason, or when the deadline is reached, with
 * {@link deadlineReached}. A class, as every operation has one, and methods of a prototype cost it nothing.
 */
export class OperationDeadline extends CancelSource implements Timeout, CancelListener {
  timeoutAt = 0;
  previous: Timeout | undefined;
  next: Timeout | undefined;
  readonly #deadlines: TimeoutQueue;
  readonly #client: CancelToken;
  readonly #waitedMs: number;

  /**
   * @param client comes when the client disconnects
   * @param waitedMs how long the client has waited before the operation begins, in milliseconds
   */
  constructor(deadlines: TimeoutQueue, client: CancelToken, waitedMs = 0) {
    super();
    this.#deadlines = deadlines;
    this.#client = client;
    this.#waitedMs = waitedMs;
  }

  /** By the monotonic clock, in milliseconds; infinite while the operation isn't running. It may come nearer. */
  get at(): number {
    return this.timeoutAt === 0 ? Number.POSITIVE_INFINITY : this.timeoutAt;
  }

  /** Whether the operation has begun and is neither complete nor ended. */
  get isRunning(): boolean {
    return this.timeoutAt !== 0;
  }

  /** The milliseconds until the deadline: 0 once it is reached, or the client has disconnected. */
  remainingMs(): number {
    return this.reason === undefined ? Math.max(this.at - performance.now(), 0) : 0;
  }

  /** The operation begins. */
  start(): void {
    if (this.#client.reason !== undefined) {
      this.end(this.#client.reason);
      return;
    }
    this.#client.add(this);
    const now = performance.now();
    this.#deadlines.add(this, now, now - this.#waitedMs);
  }

  /** The operation is complete. */
  stop(): void {
    this.#client.delete(this);
    this.#deadlines.delete(this);
  }

  onTimeout(): void {
    this.#client.delete(this);
    this.end(deadlineReached);
  }

  handleEvent(): void {
    this.#deadlines.delete(this);
    this.end(this.#client.reason);
  }
}
