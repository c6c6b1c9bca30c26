/**
 * Bounds the calls in flight, fairly: callers take turns, so that one with many calls holds up no other. A caller waits a
 * short while for its first place; once it has one, its other calls follow as places become free.
 */
import type { CancelToken } from './deadline.ts';
import { LinkedList, type ListNode } from './linked-list.ts';

export interface Bulkhead {
  /** Takes a place for a task of the caller, if it needn't wait for one. */
  enter(queue: CallerQueue): boolean;
  /**
   * Waits for a place and takes it. A task that is ended while it waits gets none.
   * @throws {Error} when there is no place to wait at, or none came free in time
   */
  wait(queue: CallerQueue, cancellation: CancelToken): Promise<void>;
  /** How many tasks have a place. */
  readonly active: number;
  /** How many tasks wait for one. */
  readonly queued: number;
  /** Gives the place back. */
  leave(queue: CallerQueue): void;
}

/** The tasks of one caller. */
export interface CallerQueue {
  /** The most of them at a time. */
  readonly permits: number;
  active: number;
  /** In the order of coming. */
  readonly waiting: LinkedList<WaitingCall>;
  /** How many those are. */
  queued: number;
  /** Runs while the caller waits for its first place. */
  timer: NodeJS.Timeout | undefined;
}

/** Makes the queue of a caller, to be stored as long as it has tasks. It refers to nothing, so it may be stored for longer. */
export const createCallerQueue = (permits: number): CallerQueue => ({
  permits,
  active: 0,
  waiting: new LinkedList(),
  queued: 0,
  timer: undefined,
});

/** Whether the caller has no tasks. */
export const isIdle = ({ active, waiting }: CallerQueue): boolean => active === 0 && waiting.first === undefined;

export interface BulkheadOptions {
  /** The error of a task that found no place. */
  readonly refuse: () => Error;
  /** The most tasks at a time. */
  readonly permits: number;
  /** The most callers that wait for a first place. */
  readonly maxQueuedOperations: number;
  /** How long they wait, in milliseconds. */
  readonly queueTimeoutMs: number;
  /** The most tasks that wait: beyond it a caller that has its share of them, as all who wait have the same, has no more. */
  readonly maxQueued: number;
}

/** Makes a bulkhead. One a provider, so that a slow one can't starve the other. */
export function createBulkhead(options: BulkheadOptions): Bulkhead {
  const { refuse, permits, maxQueuedOperations, queueTimeoutMs, maxQueued } = options;
  /** Those that can go on as soon as there is a place, the next first. */
  const readyQueues = new Set<CallerQueue>();
  let active = 0;
  let withoutPlace = 0;
  /** The tasks that wait, and the callers that have any. */
  let queued = 0;
  let queues = 0;

  /** Updates the caller's place in the turns, its timer and the number of callers without a place. */
  const settle = (queue: CallerQueue) => {
    const isWaiting = queue.waiting.first !== undefined;
    if (!isWaiting || queue.active >= queue.permits) readyQueues.delete(queue);
    else readyQueues.add(queue);
    const waitsForFirst = queue.active === 0 && isWaiting;
    if (waitsForFirst && queue.timer === undefined) {
      withoutPlace++;
      queue.timer = setTimeout(() => {
        while (queue.waiting.first !== undefined) queue.waiting.first.refuse(refuse());
      }, queueTimeoutMs);
    } else if (!waitsForFirst && queue.timer !== undefined) {
      withoutPlace--;
      clearTimeout(queue.timer);
      queue.timer = undefined;
    }
  };

  const waitForTurn = (queue: CallerQueue, cancellation: CancelToken): Promise<void> => {
    const { waiting } = queue;
    const turn = waitInList(waiting, waiting.last, cancellation, () => {
      queued--;
      if (--queue.queued === 0) queues--;
      settle(queue);
    });
    queued++;
    if (queue.queued++ === 0) queues++;
    settle(queue);
    return turn;
  };

  const takePlace = (queue: CallerQueue) => {
    active++;
    queue.active++;
  };

  /** Gives free places to the callers in turn. */
  const dispatchNext = () => {
    for (const queue of readyQueues) {
      if (active >= permits) return;
      // To the end of the turns; what is added while a Set is iterated is iterated, too.
      readyQueues.delete(queue);
      const next = queue.waiting.first;
      if (next === undefined) continue;
      takePlace(queue);
      next.admit();
    }
  };

  return {
    get active() {
      return active;
    },
    get queued() {
      return queued;
    },
    enter(queue) {
      if (active >= permits || readyQueues.size > 0 || queue.active >= queue.permits) return false;
      takePlace(queue);
      return true;
    },
    async wait(queue, cancellation) {
      if (cancellation.reason !== undefined) throw cancellation.reason;
      if (isIdle(queue) && withoutPlace >= maxQueuedOperations) throw refuse();
      if (queued >= maxQueued && queue.queued >= maxQueued / queues) throw refuse();
      return waitForTurn(queue, cancellation);
    },
    leave(queue) {
      active--;
      queue.active--;
      // Most of the time the queues are empty.
      if (queue.waiting.first !== undefined) settle(queue);
      if (readyQueues.size > 0) dispatchNext();
    },
  };
}

/** A call that waits in a list until it is let through, refused or cancelled. The list has no other calls. */
export interface WaitingCall extends ListNode<WaitingCall> {
  /** Lets the call through. */
  readonly admit: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Adds a call to the list. Resolves when it is let through; rejects when it is refused, or cancelled with the reason of that.
 * @param previous the call of the list that goes before it; `undefined`: none
 * @param onLeave called when the call is no longer in the list
 */
export function waitInList(
  list: LinkedList<WaitingCall>,
  previous: WaitingCall | undefined,
  cancellation: CancelToken,
  onLeave: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      cancellation.delete(listener);
      list.delete(call);
      onLeave();
    };
    const call: WaitingCall = {
      admit: () => {
        leave();
        resolve();
      },
      refuse: (reason) => {
        leave();
        reject(reason);
      },
      previous: undefined,
      next: undefined,
    };
    const listener = { handleEvent: () => call.refuse(cancellation.reason) };
    list.insertAfter(previous, call);
    cancellation.add(listener);
  });
}
