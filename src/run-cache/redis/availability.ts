/** Whether something outside the process is there: told once when it goes, and once when it is back. */

export interface Availability {
  readonly isDown: boolean;
  /** Whether a request may be sent: always while Redis is available; otherwise one now and then, as a probe. */
  allowProbe(): boolean;
  /** A request has failed. @param reason a word for the log */
  markDown(reason: string): void;
  /** A request has succeeded. */
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
