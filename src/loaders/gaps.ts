/** What is missing on a page of the run feed or of a list of monitors, as clients see it: a gap each. */
import { GraphQLError } from 'graphql';
import { type Account, toAccountId } from '../core/accounts.ts';
import { type ErrorCode, ofAccount } from '../core/errors.ts';

export interface FeedGap extends Account {
  readonly __typename: 'RunFeedGap';
  readonly monitorId: string | null;
  readonly code: string;
}

const toGap = ({ provider, account }: Account, monitorId: string | null, code: string): FeedGap => ({
  __typename: 'RunFeedGap',
  provider,
  account,
  monitorId,
  code,
});

/** Cached rows are shown, as the provider is down: newer ones may be missing. */
export const toStaleGap = (account: Account, monitorId: string | null): FeedGap => toGap(account, monitorId, 'STALE');

/** What is missing on a page, and why. */
export class FeedGaps {
  readonly #gaps = new Map<string, FeedGap>();
  readonly #report: (error: GraphQLError) => void;

  /** @param report tells the log of an error that clients see as a gap alone */
  constructor(report: (error: GraphQLError) => void) {
    this.#report = report;
  }

  /**
   * Notes that a monitor is missing, or its runs are, or any monitor of the account: `null`.
   * @throws the error itself when it isn't one that clients may see
   */
  add(account: Account, monitorId: string | null, error: unknown): void {
    if (!(error instanceof GraphQLError)) throw error;
    this.#report(ofAccount(error, account));
    this.#set(toGap(account, monitorId, String(error.extensions.code)));
  }

  /** Notes that the row of a monitor leaves open whether it is wanted: the response may be as documented all the same. */
  addUndecided(account: Account, monitorId: string): void {
    this.#set(toGap(account, monitorId, 'UPSTREAM_BAD_RESPONSE' satisfies ErrorCode));
  }

  /** Notes that cached rows of a monitor are shown, or of the account's list of monitors: `null`. */
  addStale(account: Account, monitorId: string | null): void {
    this.#set(toStaleGap(account, monitorId));
  }

  #set(gap: FeedGap): void {
    this.#gaps.set(`${toAccountId(gap)} ${gap.monitorId} ${gap.code}`, gap);
  }

  /** Each once, in an order that doesn't depend on which call ended first. */
  all(): readonly FeedGap[] {
    return [...this.#gaps].sort(([one], [other]) => (one < other ? -1 : Number(one > other))).map(([, gap]) => gap);
  }
}
