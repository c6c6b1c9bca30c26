/**
 * How many retries a provider gets: a share of the calls, so that retries can't multiply a failure. Each verified
 * credential has a separate budget, so the failures of one take no retries of another. All others share one, as any client can
 * invent credentials.
 */
import type { UpstreamLimits } from '../core/limits.ts';
import type { VerifiedCredentials } from './verified-credentials.ts';

type RetryBudgetLimits = Pick<UpstreamLimits, 'retryBudget' | 'retryBudgetPerCall' | 'maxVerifiedCredentials'>;

export class RetryBudgets {
  readonly #limits: RetryBudgetLimits;
  readonly #verified: Pick<VerifiedCredentials, 'has'>;
  /** How many retries are left, by the digest of the credential, where a budget isn't full. */
  readonly #left = new Map<string, number>();

  constructor(limits: RetryBudgetLimits, verified: Pick<VerifiedCredentials, 'has'>) {
    this.#limits = limits;
    this.#verified = verified;
  }

  /** A call is sent for the first time. */
  add(digest: string): void {
    // As long as no call fails there is nothing to refill.
    if (this.#left.size === 0) return;
    const owner = this.#ownerOf(digest);
    const left = this.#left.get(owner);
    if (left === undefined) return;
    const more = left + this.#limits.retryBudgetPerCall;
    if (more < this.#limits.retryBudget) this.#left.set(owner, more);
    else this.#left.delete(owner);
  }

  /** Takes a retry out, if there is one. */
  take(digest: string): boolean {
    const { retryBudget, maxVerifiedCredentials } = this.#limits;
    const owner = this.#ownerOf(digest);
    const left = this.#left.get(owner) ?? retryBudget;
    if (left < 1) return false;
    this.#left.set(owner, left - 1);
    if (this.#left.size > maxVerifiedCredentials) this.#forgetOldest();
    return true;
  }

  #ownerOf(digest: string): string {
    return this.#verified.has(digest) ? digest : unverified;
  }

  #forgetOldest(): void {
    // A Map has the order of insertion.
    for (const owner of this.#left.keys()) {
      if (owner === unverified) continue;
      this.#left.delete(owner);
      return;
    }
  }
}

/** Owns the budget of all credentials that aren't verified. No digest is empty. */
const unverified = '';
