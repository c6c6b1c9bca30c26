/** What is tried again, and when: what may pass, within the time and the budget that there are. */
import { setImmediate as immediate } from 'node:timers/promises';
import type { CancelToken } from './cancellation.ts';
import type { Credential } from './credential.ts';
import type { RetryBudgets } from './retry-budget.ts';
import { sleep } from './sleep.ts';

/** How a failed attempt may be repeated. */
export interface RetryRule {
  /** How many times at the most, whatever else failed. */
  readonly most: number;
  /** The wait that the upstream named, in milliseconds, which is waited exactly. @default back-off */
  readonly afterMs?: number;
  /** The first back-off, in milliseconds, where it isn't the usual one. */
  readonly baseMs?: number;
  /** The time that must be left for it, in milliseconds, where it isn't the usual one. */
  readonly minLeftMs?: number;
  /** Whether the first time is at once and costs nothing, as the upstream never saw the attempt. @default false */
  readonly isFirstFree?: boolean;
}

export interface RetryOptions {
  /** What may be done about an error; `undefined` when nothing. */
  readonly ruleOf: (error: unknown) => RetryRule | undefined;
  readonly budgets: RetryBudgets;
  /** All attempts of a call together. */
  readonly maxAttempts: number;
  /** The time that must be left for an attempt, in milliseconds. */
  readonly upstreamMinAttemptMs: number;
  /** The first back-off, in milliseconds; it doubles from then on. */
  readonly retryBaseDelayMs: number;
  /** The longest back-off, in milliseconds. */
  readonly retryMaxDelayMs: number;
}

export interface Retry {
  /** A call is made with the credential. */
  begin(credential: Credential): void;
  /**
   * The wait before the next attempt, in milliseconds, once so many have failed, the last one with `error`; `undefined` when
   * there is to be none.
   */
  waitAfter(error: unknown, credential: Credential, failures: number, leftMs: number): number | undefined;
}

/** Spreads calls with the same wait, in milliseconds. */
const maxJitterMs = 100;

export function createRetry(options: RetryOptions): Retry {
  const { ruleOf, budgets, maxAttempts, upstreamMinAttemptMs, retryBaseDelayMs, retryMaxDelayMs } = options;

  return {
    begin: (credential) => budgets.add(credential),
    waitAfter(error, credential, failures, leftMs) {
      const rule = ruleOf(error);
      if (rule === undefined) return undefined;
      const { most, afterMs, baseMs = retryBaseDelayMs, minLeftMs = upstreamMinAttemptMs, isFirstFree = false } = rule;
      if (failures > most || failures >= maxAttempts) return undefined;
      const isFree = isFirstFree && failures === 1;
      // Full jitter: clients that failed together don't come back together.
      const backOff = Math.random() * Math.min(baseMs * 2 ** (failures - 1), retryMaxDelayMs);
      const wait = isFree ? 0 : afterMs === undefined ? backOff : afterMs + Math.random() * maxJitterMs;
      if (leftMs - wait < minLeftMs) return undefined;
      return isFree || budgets.take(credential) ? wait : undefined;
    },
  };
}

/** Waits before an attempt. @throws the cancellation's reason */
export const pause = (ms: number, cancellation: CancelToken): Promise<void> =>
  // Where one connection was found ended others will have been too, and this is when their ends are read.
  ms > 0 ? sleep(ms, cancellation) : immediate();
