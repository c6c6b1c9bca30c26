/** What is missing on a page of the run feed or of a list of monitors, as clients see it: a gap each. */
import { GraphQLError } from 'graphql';
import type { ErrorCode } from '../core/errors.ts';
import type { Provider } from '../generated/types.ts';

export interface FeedGap {
  readonly __typename: 'RunFeedGap';
  readonly provider: Provider;
  readonly monitorId: string | null;
  readonly code: string;
}

/** Cached rows are shown, as the provider is down: newer ones may be missing. */
export const toStaleGap = (provider: Provider, monitorId: string | null): FeedGap => ({
  __typename: 'RunFeedGap',
  provider,
  monitorId,
  code: 'STALE',
});

/** What is missing on a page, and why. */
export class FeedGaps {
  readonly #gaps = new Map<string, FeedGap>();
  readonly #report: (error: GraphQLError) => void;

  /** @param report tells the log of an error that clients see as a gap alone */
  constructor(report: (error: GraphQLError) => void) {
    this.#report = report;
  }

  /**
   * Notes that a monitor is missing, or its runs are, or any monitor of the provider: `null`.
   * @throws the error itself when it isn't one that clients may see
   */
  add(provider: Provider, monitorId: string | null, error: unknown): void {
    if (!(error instanceof GraphQLError)) throw error;
    this.#report(error);
    const code = String(error.extensions.code);
    this.#gaps.set(`${provider} ${monitorId} ${code}`, { __typename: 'RunFeedGap', provider, monitorId, code });
  }

  /** Notes that the row of a monitor leaves open whether it is wanted: the response may be as documented all the same. */
  addUndecided(provider: Provider, monitorId: string): void {
    const code = 'UPSTREAM_BAD_RESPONSE' satisfies ErrorCode;
    this.#gaps.set(`${provider} ${monitorId} ${code}`, { __typename: 'RunFeedGap', provider, monitorId, code });
  }

  /** Notes that cached rows of a monitor are shown, or of the provider's list of monitors: `null`. */
  addStale(provider: Provider, monitorId: string | null): void {
    const gap = toStaleGap(provider, monitorId);
    this.#gaps.set(`${provider} ${monitorId} ${gap.code}`, gap);
  }

  /** Each once, in an order that doesn't depend on which call ended first. */
  all(): readonly FeedGap[] {
    return [...this.#gaps].sort(([one], [other]) => (one < other ? -1 : Number(one > other))).map(([, gap]) => gap);
  }
}
