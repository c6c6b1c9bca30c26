/** Times by which things have to be over, all of them as far away at first: the oldest comes next, so one timer does for all. */

/** Something with a deadline. It knows its neighbours by itself, so that a list of thousands takes no other memory. */
export interface Due {
  /** By the monotonic clock, in milliseconds; 0 while it is in no list. */
  dueAt: number;
  earlier: Due | undefined;
  later: Due | undefined;
  /** Its time is up. It is not in the list any more. */
  onDue(): void;
}

/** The deadlines of attempts to one provider. Most are over long before, and then nothing but their neighbours hears of it. */
export class Deadlines {
  readonly #ms: number;
  #first: Due | undefined;
  #last: Due | undefined;
  /** Runs while there are any, and for a while behind the last one: it costs less than to stop and start it. */
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how far away each is when it is added */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** @param now by the monotonic clock: no earlier than the time before */
  add(due: Due, now: number): void {
    due.dueAt = now + this.#ms;
    due.earlier = this.#last;
    if (this.#last === undefined) this.#first = due;
    else this.#last.later = due;
    this.#last = due;
    this.#timer ??= this.#start(this.#ms);
  }

  /** Takes out what is over in time, if it is in the list. */
  delete(due: Due): void {
    if (due.dueAt === 0) return;
    due.dueAt = 0;
    if (due.earlier === undefined) this.#first = due.later;
    else due.earlier.later = due.later;
    if (due.later === undefined) this.#last = due.earlier;
    else due.later.earlier = due.earlier;
    due.earlier = undefined;
    due.later = undefined;
  }

  // What is waited for has connections, which keep the process; nobody else needs the timer.
  readonly #start = (ms: number) => setTimeout(this.#ring, ms).unref();

  readonly #ring = () => {
    const now = performance.now();
    while (this.#first !== undefined && this.#first.dueAt <= now) {
      const due = this.#first;
      this.delete(due);
      due.onDue();
    }
    this.#timer = this.#first && this.#start(Math.ceil(this.#first.dueAt - now));
  };
}
