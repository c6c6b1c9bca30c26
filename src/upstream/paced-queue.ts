/** The calls that wait for one credential: by priority, and within it operations take turns. */
import { type WaitingCall, waitInList } from './bulkhead.ts';
import type { CancelToken, Timeout } from './deadline.ts';
import { LinkedList } from './linked-list.ts';

/** The most urgent first: a run or a monitor by its id, a page of a list, what is read by a program or for many monitors. */
export const priorities = ['single', 'list', 'report'] as const;

export type Priority = (typeof priorities)[number];

/**
 * Which priority is served first, in turn: the most urgent gets most, and none starves. Where nothing of it waits, the most urgent
 * that waits is served.
 */
export const priorityTurns: readonly Priority[] = ['single', 'list', 'single', 'report', 'single', 'list', 'single'];

/** An operation, by its identity. */
export interface PacedOperation {
  /** When it has to be complete, by the monotonic clock, in milliseconds. */
  readonly deadlineAt: number;
}

/** A call that waits. */
export interface PacedCall {
  readonly operation: PacedOperation;
  readonly priority: Priority;
  /** Whether it has been made before, and was refused: it goes before the others of its operation. */
  readonly isRetry: boolean;
  readonly cancellation: CancelToken;
}

/** The waiting calls of an operation. */
export class WaitingOperation implements Timeout {
  timeoutAt = 0;
  previous: Timeout | undefined;
  next: Timeout | undefined;
  /** How many calls wait. */
  size = 0;
  readonly calls: Readonly<Record<Priority, LinkedList<WaitingCall>>> = {
    single: new LinkedList(),
    list: new LinkedList(),
    report: new LinkedList(),
  };
  readonly #toError: () => Error;

  /** @param toError the error of a call that waits when there is no time left for it */
  constructor(toError: () => Error) {
    this.#toError = toError;
  }

  onTimeout(): void {
    for (const priority of priorities) {
      const calls = this.calls[priority];
      while (calls.first !== undefined) calls.first.refuse(this.#toError());
    }
  }
}

/** What waits for all credentials of a provider. */
export interface QueueLoad {
  /** How many calls. */
  calls: number;
  /** For how many credentials. */
  credentials: number;
}

export interface PacedQueueOptions {
  /** Counts the calls of this queue, too. */
  readonly load: QueueLoad;
  /** The first call of an operation is added. */
  readonly onEnter: (waiting: WaitingOperation, operation: PacedOperation) => void;
  /** The last one of them has left. */
  readonly onLeave: (waiting: WaitingOperation) => void;
  /** The error of a call that waits when there is no time left for it. */
  readonly toError: () => Error;
}

export class PacedQueue {
  readonly #options: PacedQueueOptions;
  readonly #operations = new Map<PacedOperation, WaitingOperation>();
  /** The operations with calls of a priority, the next one first. */
  readonly #turns: Readonly<Record<Priority, Set<WaitingOperation>>> = {
    single: new Set(),
    list: new Set(),
    report: new Set(),
  };
  #turn = 0;
  #size = 0;

  constructor(options: PacedQueueOptions) {
    this.#options = options;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#size;
  }

  /** Of how many operations. */
  get operations(): number {
    return this.#operations.size;
  }

  /** How many calls of the operation wait. */
  sizeOf(operation: PacedOperation): number {
    return this.#operations.get(operation)?.size ?? 0;
  }

  /** Resolves when it is the call's turn. Rejects when it is cancelled, or there is no time left for it. */
  wait(call: PacedCall): Promise<void> {
    const { operation, priority, isRetry, cancellation } = call;
    if (cancellation.reason !== undefined) return Promise.reject(cancellation.reason);
    const waiting = this.#waitingOf(operation);
    const calls = waiting.calls[priority];
    const turn = waitInList(calls, isRetry ? undefined : calls.last, cancellation, () => {
      this.#count(-1);
      if (calls.first === undefined) this.#turns[priority].delete(waiting);
      if (--waiting.size > 0) return;
      this.#operations.delete(operation);
      this.#options.onLeave(waiting);
    });
    this.#turns[priority].add(waiting);
    this.#count(1);
    waiting.size++;
    return turn;
  }

  /** Lets the next call go. */
  goNext(): void {
    const preferred = priorityTurns[this.#turn++ % priorityTurns.length] as Priority;
    const priority = this.#turns[preferred].size > 0 ? preferred : priorities.find((one) => this.#turns[one].size > 0);
    if (priority === undefined) return;
    const turns = this.#turns[priority];
    const [waiting] = turns;
    if (waiting === undefined) return;
    // To the end of the turns.
    turns.delete(waiting);
    const { first, last } = waiting.calls[priority];
    if (first !== last) turns.add(waiting);
    first?.admit();
  }

  #count(change: 1 | -1): void {
    const { load } = this.#options;
    const wasEmpty = this.#size === 0;
    this.#size += change;
    load.calls += change;
    if (wasEmpty) load.credentials++;
    else if (this.#size === 0) load.credentials--;
  }

  #waitingOf(operation: PacedOperation): WaitingOperation {
    const known = this.#operations.get(operation);
    if (known !== undefined) return known;
    const waiting = new WaitingOperation(this.#options.toError);
    this.#operations.set(operation, waiting);
    this.#options.onEnter(waiting, operation);
    return waiting;
  }
}
