/**
 * How many calls a second one credential may make, as far as its provider has shown: a token bucket whose rate adapts.
 *
 * The rate is unlimited until the provider answers 429. It is then halved, once for all calls that were in flight and at most once a
 * second, and recovers linearly to the rate before within {@link recoveryMs}; from then on it doubles every {@link doublingMs}, until
 * it is unlimited again. A configured rate is never exceeded.
 */

export interface AdaptiveRateOptions {
  /** The configured rate, in calls a second; 0: none, so that the rate is learned from 429s alone. */
  readonly maxRate: number;
  /** The longest time for which no call is made, in milliseconds. */
  readonly maxPauseMs: number;
}

/** A rate that has been reduced is what it was before after so many milliseconds without another 429. */
const recoveryMs = 30_000;
/** From then on it doubles in so many milliseconds. */
const doublingMs = 60_000;
/** Beyond so many calls a second the rate is unlimited. */
const unlimitedRate = 1_000;
/** The first 429 reduces the rate as if so many calls a second had succeeded at least: one 429 is weak evidence of a low limit. */
const minFirstRate = 16;
/** Minimum time between two reductions: a provider may refuse calls because of those that it counted before. */
const minReductionMs = 1_000;
/** The lowest rate, in calls a second. */
const minRate = 0.1;
/** The bucket holds the tokens of so many seconds, and at least one. A provider that counts calls by the second sees few more. */
const bucketSeconds = 0.1;
/** The first pause after a 429 without `Retry-After`, in milliseconds; it doubles with each 429 until a call succeeds. */
const basePauseMs = 500;
const maxBasePauseMs = 8_000;

/** Times are milliseconds by the monotonic clock. */
export class AdaptiveRate {
  readonly #options: AdaptiveRateOptions;
  /** Whether any call may be made at once. */
  #isUnlimited: boolean;
  /** Before the last reduction, in calls a second. */
  #rateBefore = Number.POSITIVE_INFINITY;
  #reducedAt = Number.NEGATIVE_INFINITY;
  /** When the bucket is full again, if no call is made. */
  #fullAt = 0;
  #pausedUntil = 0;
  /** How many times it has backed off since a call succeeded last, and when it did so last. */
  #backOffs = 0;
  #backedOffAt = Number.NEGATIVE_INFINITY;
  /** Calls that succeeded, in the second since `#countedSince` and in the one before. */
  #succeeded = 0;
  #succeededBefore = 0;
  #countedSince = 0;

  constructor(options: AdaptiveRateOptions) {
    this.#options = options;
    this.#isUnlimited = options.maxRate === 0;
  }

  /** Whether nothing is known that limits the credential. */
  get isUnlimited(): boolean {
    return this.#isUnlimited;
  }

  /** How long until a call may be made, in milliseconds; 0 if it may be now. */
  waitMs(now: number): number {
    if (this.#isUnlimited) return 0;
    const pauseMs = this.#pausedUntil - now;
    const rate = this.rateAt(now);
    if (rate >= unlimitedRate && this.#options.maxRate === 0) {
      if (pauseMs > 0) return pauseMs;
      this.#isUnlimited = true;
      return 0;
    }
    const bucketMs = (Math.max(1, rate * bucketSeconds) - 1) * (1_000 / rate);
    return Math.max(pauseMs, this.#fullAt - bucketMs - now, 0);
  }

  /** Whether the provider named a time that isn't over yet. */
  isPaused(now: number): boolean {
    return this.#pausedUntil > now;
  }

  /** A call is made. */
  take(now: number): void {
    if (this.#isUnlimited) return;
    this.#fullAt = Math.max(this.#fullAt, now) + 1_000 / this.rateAt(now);
  }

  /** A call succeeded. */
  succeed(now: number): void {
    this.#backOffs = 0;
    const age = now - this.#countedSince;
    if (age >= 1_000) {
      this.#succeededBefore = age < 2_000 ? this.#succeeded : 0;
      this.#succeeded = 0;
      this.#countedSince = now;
    }
    this.#succeeded++;
  }

  /**
   * The provider answered 429.
   * @param sentAt when the call was made
   * @returns the new rate, in calls a second; `undefined` when it was reduced already
   */
  reduce(now: number, sentAt: number): number | undefined {
    if (sentAt <= this.#reducedAt || now - this.#reducedAt < minReductionMs) return undefined;
    this.#rateBefore = Math.max(this.#rateInUse(now), 2 * minRate);
    this.#reducedAt = now;
    this.#isUnlimited = false;
    return this.rateAt(now);
  }

  /**
   * No call is made for a while, as the provider answered 429 without `Retry-After`.
   * @param sentAt when the call was made: those that were in flight together count once
   */
  backOff(now: number, sentAt: number): void {
    if (sentAt <= this.#backedOffAt) return;
    this.#backedOffAt = now;
    const maxMs = Math.min(basePauseMs * 2 ** this.#backOffs++, maxBasePauseMs);
    // Full jitter: replicas that were refused together don't come back together.
    this.pause(now, Math.random() * maxMs);
  }

  /** No call is made for so many milliseconds, `maxPauseMs` at the most; a longer pause goes on. */
  pause(now: number, ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(ms, this.#options.maxPauseMs));
    this.#isUnlimited = false;
  }

  /** In calls a second. */
  rateAt(now: number): number {
    const { maxRate } = this.#options;
    const age = now - this.#reducedAt;
    const share = age < recoveryMs ? 0.5 + (0.5 * age) / recoveryMs : 2 ** ((age - recoveryMs) / doublingMs);
    const rate = this.#rateBefore * share;
    return maxRate === 0 ? rate : Math.min(rate, maxRate);
  }

  /** What is halved: the rate, but no more than what the provider has let through of late. */
  #rateInUse(now: number): number {
    const age = now - this.#countedSince;
    const succeeded =
      age < 1_000 ? Math.max(this.#succeeded, this.#succeededBefore) : age < 2_000 ? this.#succeeded : 0;
    return Math.min(this.rateAt(now), Math.max(succeeded, minFirstRate));
  }
}
