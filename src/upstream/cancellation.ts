/** Cancellation: ends work before it is done. */

/**
 * What an AbortSignal says, at a tenth of its cost: a call listens three times over, and most calls end without it.
 */
export interface CancelToken {
  /** Why it is over; `undefined` while it isn't. */
  readonly reason: unknown;
  /** Tells the listener when it is over, which it must not be yet. */
  add(listener: CancelListener): void;
  delete(listener: CancelListener): void;
}

/** As a signal tells an object. A waiting call is one already; a closure would be there as long as it waits. */
export interface CancelListener {
  handleEvent(): void;
}

/** One that its owner triggers. A class, as every request has one, and methods of a prototype cost it nothing. */
export class CancelSource implements CancelToken {
  reason: unknown;
  // Mostly there is one that listens.
  #first: CancelListener | undefined;
  #others: Set<CancelListener> | undefined;

  add(listener: CancelListener): void {
    if (this.#first === undefined) this.#first = listener;
    else {
      this.#others ??= new Set();
      this.#others.add(listener);
    }
  }

  delete(listener: CancelListener): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }

  /** Tells whatever listens, once. */
  end(reason: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#first?.handleEvent();
    for (const listener of this.#others ?? []) listener.handleEvent();
  }
}

/** The same as the signal. */
export const fromAbortSignal = (signal: AbortSignal): CancelToken => ({
  get reason() {
    return signal.aborted ? signal.reason : undefined;
  },
  add: (listener) => signal.addEventListener('abort', listener),
  delete: (listener) => signal.removeEventListener('abort', listener),
});
