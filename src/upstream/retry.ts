/** Retries: which failures are tried again, after how long, and how many retries each credential gets. */
import { setImmediate as immediate } from 'node:timers/promises';
import type { UpstreamLimits } from '../core/limits.ts';
import type { Credential, VerifiedCredentials } from './credential.ts';
import type { CancelToken } from './deadline.ts';

/** How a failed attempt may be repeated. */
export interface RetryRule {
  /** How many times at the most, whatever else failed. */
  readonly most: number;
  /** The first back-off, in milliseconds, where it isn't the usual one. */
  readonly baseMs?: number;
  /** The time that must be left for it, in milliseconds, where it isn't the usual one. */
  readonly minLeftMs?: number;
  /** Whether the first time is at once and costs nothing, as the upstream never saw the attempt. @default false */
  readonly isFirstFree?: boolean;
}

/** Whose call it is. */
type Caller = Pick<Credential, 'digest' | 'owner'>;

/**
 * The retries at one provider. They are a share of the calls, so that retries can't multiply a failure. The service's own credential
 * and each verified one of a caller have separate budgets, so the failures of one take no retries of another. All others share one,
 * as any client can invent credentials.
 */
export class Retry {
  readonly #limits: UpstreamLimits;
  readonly #verified: Pick<VerifiedCredentials, 'has'>;
  /** How many retries are left, by the digest of the credential, where a budget isn't full. */
  readonly #left = new Map<string, number>();

  constructor(limits: UpstreamLimits, verified: Pick<VerifiedCredentials, 'has'>) {
    this.#limits = limits;
    this.#verified = verified;
  }

  /** A call is sent for the first time: its share is added to the budget. */
  begin(credential: Caller): void {
    // As long as no call fails there is nothing to refill.
    if (this.#left.size === 0) return;
    const name = this.#nameOf(credential);
    const left = this.#left.get(name);
    if (left === undefined) return;
    const more = left + this.#limits.retryBudgetPerCall;
    if (more < this.#limits.retryBudget) this.#left.set(name, more);
    else this.#left.delete(name);
  }

  /**
   * The wait before the next attempt, in milliseconds; `undefined` when there is to be none.
   * @param rule what may be done about the last failure; `undefined` when nothing
   * @param failures how many attempts of the call have failed
   * @param leftMs the milliseconds until its deadline
   */
  waitAfter(rule: RetryRule | undefined, credential: Caller, failures: number, leftMs: number): number | undefined {
    if (rule === undefined) return undefined;
    const { maxAttempts, upstreamMinAttemptMs, retryBaseDelayMs, retryMaxDelayMs } = this.#limits;
    const { most, baseMs = retryBaseDelayMs, minLeftMs = upstreamMinAttemptMs, isFirstFree = false } = rule;
    if (failures > most || failures >= maxAttempts) return undefined;
    const isFree = isFirstFree && failures === 1;
    // Full jitter: clients that failed together don't come back together.
    const wait = isFree ? 0 : Math.random() * Math.min(baseMs * 2 ** (failures - 1), retryMaxDelayMs);
    if (leftMs - wait < minLeftMs) return undefined;
    return isFree || this.#take(credential) ? wait : undefined;
  }

  /** Takes a retry out of the budget, if there is one. */
  #take(credential: Caller): boolean {
    const { retryBudget, maxVerifiedCredentials } = this.#limits;
    const name = this.#nameOf(credential);
    const left = this.#left.get(name) ?? retryBudget;
    if (left < 1) return false;
    this.#left.set(name, left - 1);
    if (this.#left.size > maxVerifiedCredentials) this.#forgetOldest();
    return true;
  }

  /** Whose budget it is: the digest of a credential, or `unverified`. */
  #nameOf({ digest, owner }: Caller): string {
    return owner === 'service' || this.#verified.has(digest) ? digest : unverified;
  }

  #forgetOldest(): void {
    // A Map has the order of insertion.
    for (const name of this.#left.keys()) {
      if (name === unverified) continue;
      this.#left.delete(name);
      return;
    }
  }
}

/** Names the budget that callers' credentials share before a call has succeeded with them. No digest is empty. */
const unverified = '';

/** Waits before an attempt. @throws the cancellation's reason */
export const pause = (ms: number, cancellation: CancelToken): Promise<void> =>
  // Where one connection was found ended others will have been too, and this is when their ends are read.
  ms > 0 ? sleep(ms, cancellation) : immediate();

/** Resolves after `ms`. Rejects with the cancellation's reason at once, and leaves no timer. */
function sleep(ms: number, cancellation: CancelToken): Promise<void> {
  return new Promise((resolve, reject) => {
    if (cancellation.reason !== undefined) return reject(cancellation.reason);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      cancellation.delete(listener);
      settle();
    };
    const listener = { handleEvent: () => end(() => reject(cancellation.reason)) };
    const timer = setTimeout(() => end(resolve), ms);
    cancellation.add(listener);
  });
}
