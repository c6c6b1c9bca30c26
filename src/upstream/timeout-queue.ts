/** Deadlines that are all equally far away when they are added, as a rule: the oldest is reached next, so one timer is enough. */
import { LinkedList, type ListNode } from './linked-list.ts';

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

/** A queue of deadlines. Most items leave it long before they are due, and then only their neighbours are touched. */
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
