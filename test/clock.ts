/** The service's clock in the hand of the test. */
import { setImmediate } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';

export interface HeldClock {
  /** Lets time go by, and everything that was due in it happen. */
  pass(ms: number): Promise<void>;
  /** How many timers wait for their time. */
  timers(): number;
}

/** Stops the timers of the process until the test is over: nothing times out unless the test lets time pass. */
export function holdClock(): HeldClock {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  return {
    async pass(ms) {
      // What is due at the same instant happens at the same instant: nothing can be sent in between.
      vi.advanceTimersByTime(ms);
      await setImmediate();
    },
    timers: () => vi.getTimerCount(),
  };
}

/** Stops the calendar until the test is over. */
export function holdDate(now: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
  onTestFinished(() => void vi.useRealTimers());
}
