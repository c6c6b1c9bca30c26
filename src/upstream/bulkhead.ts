/**
 * Bounds the calls in flight, fairly: callers take turns, so that one with many calls holds up no other. A caller waits a
 * short while for its first place; once it has one, its other calls follow as places become free.
 */
import type { Ending } from './ending.ts';

export interface Bulkhead {
  /**
   * Takes a place for a task of the caller: at once where it can, with a promise where the task has to wait. A task that is
   * ended while it waits gets none.
   */
  enter(by: Caller, ending: Ending): Promise<void> | undefined;
  /** Gives the place back. */
  leave(by: Caller): void;
}

export interface Caller {
  /** Whatever tells it from others. */
  readonly caller: unknown;
  /** The most of its tasks at a time. */
  readonly places: number;
}

export interface BulkheadOptions {
  /** The error of a task that found no place. */
  readonly refuse: () => Error;
  /** The most tasks at a time. */
  readonly places: number;
  /** The most callers that wait for a first place. */
  readonly maxWaiting: number;
  /** How long they wait, in milliseconds. */
  readonly maxWaitMs: number;
}

/** A caller that has tasks inside or waiting. */
interface Line {
  readonly by: Caller;
  inside: number;
  /** In the order of coming. */
  readonly waiting: Set<Waiter>;
  /** Runs while the caller waits for its first place. */
  timer?: NodeJS.Timeout | undefined;
}

interface Waiter {
  readonly enter: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Makes a bulkhead. One a provider, so that a slow one can't starve the other. */
export function createBulkhead(options: BulkheadOptions): Bulkhead {
  const { refuse, places, maxWaiting, maxWaitMs } = options;
  const lines = new Map<unknown, Line>();
  /** Those that can go on as soon as there is a place, the next first. */
  const turns = new Set<Line>();
  let inside = 0;
  let withoutPlace = 0;

  /** Brings a line's place in the turns, its timer and the count of those without a place up to date. */
  const settle = (line: Line) => {
    if (line.waiting.size === 0 || line.inside >= line.by.places) turns.delete(line);
    else turns.add(line);
    const waitsForFirst = line.inside === 0 && line.waiting.size > 0;
    if (waitsForFirst && line.timer === undefined) {
      withoutPlace++;
      line.timer = setTimeout(() => {
        for (const waiter of line.waiting) waiter.refuse(refuse());
      }, maxWaitMs);
    } else if (!waitsForFirst && line.timer !== undefined) {
      withoutPlace--;
      clearTimeout(line.timer);
      line.timer = undefined;
    }
    if (line.inside === 0 && line.waiting.size === 0) lines.delete(line.by.caller);
  };

  const wait = (line: Line, ending: Ending) =>
    new Promise<void>((resolve, reject) => {
      const leave = () => waiter.refuse(ending.reason);
      const end = (settleIt: () => void) => {
        ending.delete(leave);
        line.waiting.delete(waiter);
        settleIt();
        settle(line);
      };
      const waiter: Waiter = { enter: () => end(resolve), refuse: (reason) => end(() => reject(reason)) };
      line.waiting.add(waiter);
      ending.add(leave);
      settle(line);
    });

  const takePlace = (line: Line) => {
    inside++;
    line.inside++;
  };

  /** Gives free places to the lines in turn. */
  const goOn = () => {
    for (const line of turns) {
      if (inside >= places) return;
      // To the end of the turns; what is added while a Set is iterated is iterated, too.
      turns.delete(line);
      const [next] = line.waiting;
      if (next === undefined) continue;
      takePlace(line);
      next.enter();
    }
  };

  return {
    enter(by, ending) {
      if (ending.reason !== undefined) return Promise.reject(ending.reason);
      const line = lines.get(by.caller) ?? { by, inside: 0, waiting: new Set() };
      if (inside < places && turns.size === 0 && line.inside < by.places) {
        takePlace(line);
        lines.set(by.caller, line);
        return undefined;
      }
      const isNew = line.inside === 0 && line.waiting.size === 0;
      if (isNew && withoutPlace >= maxWaiting) return Promise.reject(refuse());
      lines.set(by.caller, line);
      return wait(line, ending);
    },
    leave({ caller }) {
      const line = lines.get(caller);
      if (line === undefined) return;
      inside--;
      line.inside--;
      settle(line);
      goOn();
    },
  };
}
