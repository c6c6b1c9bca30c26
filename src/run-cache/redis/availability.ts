/** Whether something outside the process is there: told once when it goes, and once when it is back. */

export interface Availability {
  readonly isAway: boolean;
  /** Whether it may be asked: always while it is there; while it is away by one now and then, who finds out. */
  mayAsk(): boolean;
  /** Somebody has asked in vain. @param reason a word for the log */
  lose(reason: string): void;
  /** Somebody has been answered. */
  find(): void;
}

export interface PresenceOptions {
  /** How long it is left alone after each failure, in milliseconds. */
  readonly restMs: number;
  readonly onLost: (reason: string) => void;
  readonly onFound: () => void;
}

/** Makes one of what is taken to be there. Its clock is monotonic. */
export function createAvailability({ restMs, onLost, onFound }: PresenceOptions): Availability {
  let isAway = false;
  let restsUntil = 0;
  const rest = () => {
    restsUntil = performance.now() + restMs;
  };
  return {
    get isAway() {
      return isAway;
    },
    mayAsk() {
      if (!isAway) return true;
      if (performance.now() < restsUntil) return false;
      // For the others it goes on resting, until this one knows.
      rest();
      return true;
    },
    lose(reason) {
      rest();
      if (isAway) return;
      isAway = true;
      onLost(reason);
    },
    find() {
      if (!isAway) return;
      isAway = false;
      onFound();
    },
  };
}
