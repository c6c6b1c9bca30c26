/** The service's clock, and its dice, in the hand of the test. */
import { setImmediate } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';

export interface HeldClock {
  /** Lets time go by, and everything that was due in it happen. */
  pass(ms: number): Promise<void>;
  /** Resolves once the service waits for that many milliseconds, now or later; the same wait is found once. */
  waitOf(ms: number): Promise<void>;
  /** Moves the calendar, and nothing else; it has to stand already. */
  setDate(date: string): void;
  /** How many timers wait for their time. */
  timers(): number;
}

/**
 * Stops the clock of the process until the test is over: nothing times out unless the test lets time pass.
 * @param date the time of the calendar; without, it goes on
 */
export function holdClock(date?: string): HeldClock {
  const toFake = ['setTimeout', 'clearTimeout', 'performance'] as const;
  vi.useFakeTimers({ toFake: date ? [...toFake, 'Date'] : [...toFake], ...(date && { now: new Date(date) }) });
  const set = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => {
    set.mockRestore();
    vi.useRealTimers();
  });
  return {
    async pass(ms) {
      // What is due at the same instant happens at the same instant: nothing can be sent in between.
      vi.advanceTimersByTime(ms);
      await setImmediate();
    },
    async waitOf(ms) {
      const find = () => set.mock.calls.findIndex(([, delay]) => delay === ms);
      await until(() => find() >= 0);
      set.mock.calls.splice(find(), 1);
    },
    setDate: (date) => void vi.setSystemTime(date),
    timers: () => vi.getTimerCount(),
  };
}

/** Resolves once it is so, and takes no time of the clock for it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

/** Makes every throw of the dice come out the same, from 0 to 1, until the test is over: back-off is that share of its most. */
export function holdDice(value: number): void {
  const dice = vi.spyOn(Math, 'random').mockReturnValue(value);
  onTestFinished(() => dice.mockRestore());
}

/** Stops the calendar, and nothing else, until the test is over. */
export function holdDate(now: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
  onTestFinished(() => void vi.useRealTimers());
}
