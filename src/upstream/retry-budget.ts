/**
 * How many retries a provider gets: a share of the calls, so that retries can't multiply a failure. The service's own credential
 * and each verified one of a caller have separate budgets, so the failures of one take no retries of another. All others share one,
 * as any client can invent credentials.
 */
import type { UpstreamLimits } from '../core/limits.ts';
import type { Credential } from './credential.ts';
import type { VerifiedCredentials } from './verified-credentials.ts';

type RetryBudgetLimits = Pick<UpstreamLimits, 'retryBudget' | 'retryBudgetPerCall' | 'maxVerifiedCredentials'>;

/** Whose call it is. */
type Caller = Pick<Credential, 'digest' | 'owner'>;

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
  add(credential: Caller): void {
    // As long as no call fails there is nothing to refill.
    if (this.#left.size === 0) return;
    const name = this.#nameOf(credential);
    const left = this.#left.get(name);
    if (left === undefined) return;
    const more = left + this.#limits.retryBudgetPerCall;
    if (more < this.#limits.retryBudget) this.#left.set(name, more);
    else this.#left.delete(name);
  }

  /** Takes a retry out, if there is one. */
  take(credential: Caller): boolean {
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
