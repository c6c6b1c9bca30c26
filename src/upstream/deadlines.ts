/** Times by which things have to be over, all of them as far away at first: the oldest comes next, so one timer does for all. */
import { type InRow, Row } from './row.ts';

/** Something with a deadline. */
export interface Due extends InRow<Due> {
  /** By the monotonic clock, in milliseconds; 0 while it is among none. */
  dueAt: number;
  /** Its time is up. It is not among them any more. */
  onDue(): void;
}

/** The deadlines of attempts to one provider. Most are over long before, and then nothing but their neighbours hears of it. */
export class Deadlines {
  readonly #ms: number;
  /** In the order of their times. */
  readonly #row = new Row<Due>();
  /** Runs while there are any, and for a while behind the last one: it costs less than to stop and start it. */
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how far away each is when it is added */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** @param now by the monotonic clock: no earlier than the time before */
  add(due: Due, now: number): void {
    due.dueAt = now + this.#ms;
    this.#row.add(due);
    this.#timer ??= this.#start(this.#ms);
  }

  /** Takes out what is over in time, if it is among them. */
  delete(due: Due): void {
    if (due.dueAt === 0) return;
    due.dueAt = 0;
    this.#row.delete(due);
  }

  // What is waited for has connections, which keep the process; nobody else needs the timer.
  readonly #start = (ms: number) => setTimeout(this.#ring, ms).unref();

  readonly #ring = () => {
    const now = performance.now();
    let next = this.#row.first;
    while (next !== undefined && next.dueAt <= now) {
      this.delete(next);
      next.onDue();
      next = this.#row.first;
    }
    this.#timer = next && this.#start(Math.ceil(next.dueAt - now));
  };
}
