/** Whether something outside the process is there: told once when it goes, and once when it is back. */

export interface Availability {
  readonly isDown: boolean;
  /** Whether it may be asked: always while it is there; while it is away by one now and then, who finds out. */
  allowProbe(): boolean;
  /** Somebody has asked in vain. @param reason a word for the log */
  markDown(reason: string): void;
  /** Somebody has been answered. */
  find(): void;
}

export interface AvailabilityOptions {
  /** How long it is left alone after each failure, in milliseconds. */
  readonly restMs: number;
  readonly onLost: (reason: string) => void;
  readonly onFound: () => void;
}

/** Makes one of what is taken to be there. Its clock is monotonic. */
export function createAvailability({ restMs, onLost, onFound }: AvailabilityOptions): Availability {
  let isDown = false;
  let restsUntil = 0;
  const rest = () => {
    restsUntil = performance.now() + restMs;
  };
  return {
    get isDown() {
      return isDown;
    },
    allowProbe() {
      if (!isDown) return true;
      if (performance.now() < restsUntil) return false;
      // For the others it goes on resting, until this one knows.
      rest();
      return true;
    },
    markDown(reason) {
      rest();
      if (isDown) return;
      isDown = true;
      onLost(reason);
    },
    find() {
      if (!isDown) return;
      isDown = false;
      onFound();
    },
  };
}
