/** What ends work before it is done: cancellation, the deadline of an operation, and the queue of all that have a deadline. */
import { LinkedList, type ListNode } from './linked-list.ts';

/**
 * Ends work before it is done. It says what an AbortSignal says, at a tenth of its cost: a call listens three times over, and most
 * calls end without it.
 */
export interface CancelToken {
  /** Why it is over; `undefined` while it isn't. */
  readonly reason: unknown;
  /** Tells the listener when it is over, which it must not be yet. */
  add(listener: CancelListener): void;
  delete(listener: CancelListener): void;
}

/** As a signal tells an object. A waiting call is one already; a closure would be there as long as it waits. */
export interface CancelListener {
  handleEvent(): void;
}

/** One that its owner triggers. A class, as every request has one, and methods of a prototype cost it nothing. */
export class CancelSource implements CancelToken {
  reason: unknown;
  // Mostly there is one that listens.
  #first: CancelListener | undefined;
  #others: Set<CancelListener> | undefined;

  add(listener: CancelListener): void {
    if (this.#first === undefined) this.#first = listener;
    else {
      this.#others ??= new Set();
      this.#others.add(listener);
    }
  }

  delete(listener: CancelListener): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }

  /** Tells whatever listens, once. */
  end(reason: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#first?.handleEvent();
    for (const listener of this.#others ?? []) listener.handleEvent();
  }
}

/** The same as the signal. */
export const fromAbortSignal = (signal: AbortSignal): CancelToken => ({
  get reason() {
    return signal.aborted ? signal.reason : undefined;
  },
  add: (listener) => signal.addEventListener('abort', listener),
  delete: (listener) => signal.removeEventListener('abort', listener),
});

/** Why the calls of an operation end whose deadline is reached. Each call reports it to the client by its own error. */
export const deadlineReached = new Error('The deadline of the operation is reached.');

/**
 * The deadline of an operation: all its upstream calls share it, however deep they are nested. It ends them when the client
 * disconnects, with the client's reason, or when the deadline is reached, with {@link deadlineReached}. A class, as every operation has one, and methods of a prototype
 * cost it nothing.
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

/** Something with a deadline. */
export interface Timeout extends ListNode<Timeout> {
  /** By the monotonic clock, in milliseconds; 0 while it is in no queue. */
  timeoutAt: number;
  /** Its time is up. It has been taken out of the queue. */
  onTimeout(): void;
}

/** The longest delay that `setTimeout` takes; it makes 1 ms of a longer one. */
const maxTimerMs = 2 ** 31 - 1;

/** What a sum of times is off by at the most, in milliseconds. */
const roundingMs = 0.001;

/**
 * A queue of deadlines that are all equally far away when they are added, as a rule: the oldest is reached next, so one timer is
 * enough. Most items leave it long before they are due, and then only their neighbours are touched.
 */
export class TimeoutQueue {
  readonly #ms: number;
  /** In the order of their times. */
  readonly #row = new LinkedList<Timeout>();
  /** No deadline is later than this. */
  #capAt = Number.POSITIVE_INFINITY;
  /** Runs while the queue has items, and for a while behind the last one: that costs less than to stop and start it. */
  #timer: NodeJS.Timeout | undefined;
  #firesAt = 0;

  /** @param ms how far away each deadline is */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /**
   * @param now by the monotonic clock
   * @param startedAt since when the time of this item runs
   */
  add(due: Timeout, now: number, startedAt = now): void {
    const timeoutAt = Math.min(startedAt + this.#ms, this.#capAt);
    due.timeoutAt = timeoutAt;
    let previous = this.#row.last;
    // Only one whose time began to run before it was added is not the last.
    while (previous !== undefined && previous.timeoutAt > timeoutAt) previous = previous.previous;
    this.#row.insertAfter(previous, due);
    if (this.#timer === undefined || timeoutAt < this.#firesAt) this.#start(timeoutAt, now);
  }

  /** Takes out an item that is done in time, if it is in the queue. */
  delete(due: Timeout): void {
    if (due.timeoutAt === 0) return;
    due.timeoutAt = 0;
    this.#row.delete(due);
  }

  /** From now on no deadline is later than this, neither of those in the queue nor of those that come. */
  cap(at: number, now: number): void {
    this.#capAt = Math.min(this.#capAt, at);
    for (let due = this.#row.last; due !== undefined && due.timeoutAt > this.#capAt; due = due.previous)
      due.timeoutAt = this.#capAt;
    const { first } = this.#row;
    if (first !== undefined) this.#start(first.timeoutAt, now);
  }

  #start(at: number, now: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = at;
    // What is waited for has connections, which hold the process; no other code needs the timer.
    this.#timer = setTimeout(this.#fire, Math.min(Math.ceil(at - now - roundingMs), maxTimerMs)).unref();
  }

  readonly #fire = () => {
    this.#timer = undefined;
    const now = performance.now();
    let next = this.#row.first;
    while (next !== undefined && next.timeoutAt <= now) {
      this.delete(next);
      next.onTimeout();
      next = this.#row.first;
    }
    if (next !== undefined) this.#start(next.timeoutAt, now);
  };
}
