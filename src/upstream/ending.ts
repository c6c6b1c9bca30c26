/** How work is told to end before it is done. */

/**
 * What an AbortSignal says, at a tenth of its price: a call listens three times over, and most calls end by themselves.
 */
export interface Ending {
  /** Why it is over; `undefined` while it isn't. */
  readonly reason: unknown;
  /** Calls `leave` when it is over, which it must not be yet. */
  add(leave: () => void): void;
  delete(leave: () => void): void;
}

/** One that comes when it is told to. A class, as every request has one, and methods of a prototype cost it nothing. */
export class OwnEnding implements Ending {
  reason: unknown;
  // Mostly there is one that listens.
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  add(leave: () => void): void {
    if (this.#first === undefined) this.#first = leave;
    else {
      this.#others ??= new Set();
      this.#others.add(leave);
    }
  }

  delete(leave: () => void): void {
    if (this.#first === leave) this.#first = undefined;
    else this.#others?.delete(leave);
  }

  /** Calls whatever listens, once. */
  end(reason: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#first?.();
    for (const leave of this.#others ?? []) leave();
  }
}

/** The same as the signal. */
export const toEnding = (signal: AbortSignal): Ending => ({
  get reason() {
    return signal.aborted ? signal.reason : undefined;
  },
  add: (leave) => signal.addEventListener('abort', leave),
  delete: (leave) => signal.removeEventListener('abort', leave),
});
