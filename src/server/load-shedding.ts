/** Load shedding: turns operations away, at hardly any cost, while there is more to do than can be done in time. */
import type { Limits } from '../core/limits.ts';
import type { Check, Rejection } from './request-checks.ts';

export interface LoadShedder {
  /** Turns an operation away before its body is read. */
  readonly isCalm: Check;
  /**
   * Lets an operation in, and counts it until it leaves; or turns it away. Behind its body, as clients that send theirs slowly
   * would be counted for as long as that takes.
   */
  admit(): Rejection | undefined;
  /** Called when the response to an admitted one is over. */
  leave(): void;
  /** Whether there is no more than one in flight. */
  isAlone(): boolean;
  /** How many are in flight. */
  inFlight(): number;
  /** How late the event loop is, in milliseconds. */
  eventLoopLagMs(): number;
  close(): void;
}

export function createLoadShedder({
  maxConcurrentOperations,
  maxEventLoopLagMs,
}: Pick<Limits, 'maxConcurrentOperations' | 'maxEventLoopLagMs'>): LoadShedder {
  const eventLoopLag = createEventLoopLag();
  // A loop that one operation made late is no load: the first one of a process, or one beside the first GraphiQL page.
  const few = maxConcurrentOperations / 16;
  let underWay = 0;
  const isBusy = () =>
    underWay >= maxConcurrentOperations || (underWay >= few && eventLoopLag.ms() > maxEventLoopLagMs);
  return {
    isCalm: () => (isBusy() ? toOverloaded() : undefined),
    admit() {
      if (isBusy()) return toOverloaded();
      underWay++;
      return undefined;
    },
    leave() {
      underWay--;
    },
    isAlone: () => underWay <= 1,
    inFlight: () => underWay,
    eventLoopLagMs: eventLoopLag.ms,
    close: eventLoopLag.close,
  };
}

/** The response to a client that is rejected because of others. */
export const toOverloaded = (): Rejection => ({
  status: 503,
  code: 'OVERLOADED',
  message: 'Too busy. Try again soon.',
  // Seconds, and not the same for all, so that they don't all come back together.
  headers: { 'retry-after': `${1 + Math.floor(3 * Math.random())}` },
});

/** How late the event loop is. */
export interface EventLoopLag {
  /** The longest delay of the last second or two, in milliseconds. */
  ms(): number;
  close(): void;
}

/**
 * A timer that knows when it is due. `monitorEventLoopDelay` of Node.js wakes the process as often, and was seen to miss
 * what holds the loop up around the moment at which its histogram is read and emptied.
 */
export function createEventLoopLag(): EventLoopLag {
  const tickMs = 50;
  let due = performance.now() + tickMs;
  let since = due;
  let before = 0;
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + tickMs;
    if (now - since < 1_000) return;
    [since, before, worst] = [now, worst, 0];
  }, tickMs).unref();
  return {
    ms: () => Math.max(before, worst),
    close: () => clearInterval(timer),
  };
}
