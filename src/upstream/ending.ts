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

export interface OwnEnding extends Ending {
  /** Ends whatever listens, once. */
  end(reason: unknown): void;
}

export function createEnding(): OwnEnding {
  let reason: unknown;
  // Mostly there is one that listens.
  let first: (() => void) | undefined;
  let others: Set<() => void> | undefined;
  return {
    get reason() {
      return reason;
    },
    add(leave) {
      if (first === undefined) first = leave;
      else {
        others ??= new Set();
        others.add(leave);
      }
    },
    delete(leave) {
      if (first === leave) first = undefined;
      else others?.delete(leave);
    },
    end(why) {
      if (reason !== undefined) return;
      reason = why;
      first?.();
      for (const leave of others ?? []) leave();
    },
  };
}

/** The same as the signal. */
export const toEnding = (signal: AbortSignal): Ending => ({
  get reason() {
    return signal.aborted ? signal.reason : undefined;
  },
  add: (leave) => signal.addEventListener('abort', leave),
  delete: (leave) => signal.removeEventListener('abort', leave),
});
