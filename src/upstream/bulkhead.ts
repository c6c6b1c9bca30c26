/**
 * Bounds the calls in flight, fairly: callers take turns, so that one with many calls holds up no other. A caller waits a
 * short while for its first place; once it has one, its other calls follow as places become free.
 */
import type { CancelToken } from './cancellation.ts';
import { LinkedList, type ListNode } from './linked-list.ts';

export interface Bulkhead {
  /** Takes a place for a task of the line, if it needn't wait for one. */
  enter(line: Line): boolean;
  /**
   * Waits for a place and takes it. A task that is ended while it waits gets none.
   * @throws {Error} when there is no place to wait at, or none came free in time
   */
  wait(line: Line, cancellation: CancelToken): Promise<void>;
  /** Gives the place back. */
  leave(line: Line): void;
}

/** The tasks of one caller. */
export interface Line {
  /** The most of them at a time. */
  readonly permits: number;
  active: number;
  /** In the order of coming. */
  readonly waiting: LinkedList<Waiter>;
  /** How many those are. */
  queued: number;
  /** Runs while the caller waits for its first place. */
  timer: NodeJS.Timeout | undefined;
}

interface Waiter extends ListNode<Waiter> {
  readonly enter: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Makes the queue of a caller, to be stored as long as it has tasks. It refers to nothing, so it may be stored for longer. */
export const createLine = (permits: number): Line => ({
  permits,
  active: 0,
  waiting: new LinkedList(),
  queued: 0,
  timer: undefined,
});

/** Whether the caller has no tasks. */
export const isIdle = ({ active, waiting }: Line): boolean => active === 0 && waiting.first === undefined;

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
  const readyQueues = new Set<Line>();
  let active = 0;
  let withoutPlace = 0;
  /** The tasks that wait, and the callers that have any. */
  let queued = 0;
  let queues = 0;

  /** Brings a line's place in the turns, its timer and the count of those without a place up to date. */
  const settle = (line: Line) => {
    const isWaiting = line.waiting.first !== undefined;
    if (!isWaiting || line.active >= line.permits) readyQueues.delete(line);
    else readyQueues.add(line);
    const waitsForFirst = line.active === 0 && isWaiting;
    if (waitsForFirst && line.timer === undefined) {
      withoutPlace++;
      line.timer = setTimeout(() => {
        while (line.waiting.first !== undefined) line.waiting.first.refuse(refuse());
      }, queueTimeoutMs);
    } else if (!waitsForFirst && line.timer !== undefined) {
      withoutPlace--;
      clearTimeout(line.timer);
      line.timer = undefined;
    }
  };

  const waitForTurn = (line: Line, cancellation: CancelToken) =>
    new Promise<void>((resolve, reject) => {
      const end = (settleIt: () => void) => {
        cancellation.delete(listener);
        line.waiting.delete(waiter);
        queued--;
        if (--line.queued === 0) queues--;
        settleIt();
        settle(line);
      };
      const listener = { handleEvent: () => waiter.refuse(cancellation.reason) };
      const waiter: Waiter = {
        enter: () => end(resolve),
        refuse: (reason) => end(() => reject(reason)),
        previous: undefined,
        next: undefined,
      };
      line.waiting.add(waiter);
      queued++;
      if (line.queued++ === 0) queues++;
      cancellation.add(listener);
      settle(line);
    });

  const takePlace = (line: Line) => {
    active++;
    line.active++;
  };

  /** Gives free places to the lines in turn. */
  const dispatchNext = () => {
    for (const line of readyQueues) {
      if (active >= permits) return;
      // To the end of the turns; what is added while a Set is iterated is iterated, too.
      readyQueues.delete(line);
      const next = line.waiting.first;
      if (next === undefined) continue;
      takePlace(line);
      next.enter();
    }
  };

  return {
    enter(line) {
      if (active >= permits || readyQueues.size > 0 || line.active >= line.permits) return false;
      takePlace(line);
      return true;
    },
    async wait(line, cancellation) {
      if (cancellation.reason !== undefined) throw cancellation.reason;
      if (isIdle(line) && withoutPlace >= maxQueuedOperations) throw refuse();
      if (queued >= maxQueued && line.queued >= maxQueued / queues) throw refuse();
      return waitForTurn(line, cancellation);
    },
    leave(line) {
      active--;
      line.active--;
      // Most of the time the queues are empty.
      if (line.waiting.first !== undefined) settle(line);
      if (readyQueues.size > 0) dispatchNext();
    },
  };
}
