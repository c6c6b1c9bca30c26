/** How many retries a provider is asked to bear: a share of the calls, so that retries can't multiply a failure. */
export interface RetryBudget {
  /** A call was made for the first time. */
  add(): void;
  /** Takes a retry out, if there is one. */
  take(): boolean;
}

/** Makes a budget that is full: `size` retries, refilled with a `share` of a retry by each call. */
export function createRetryBudget(size: number, share: number): RetryBudget {
  let left = size;
  return {
    add() {
      left = Math.min(size, left + share);
    },
    take() {
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
