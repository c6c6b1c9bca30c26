/** Turns operations away, at hardly any cost, while there is more to do than can be done in time. */
import type { Limits } from '../core/limits.ts';
import type { Check, Rejection } from './checks/check.ts';
import { createEventLoopLag } from './event-loop-lag.ts';

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
