/** What is missing on a page, and why. */
import { GraphQLError } from 'graphql';
import type { Provider } from '../../generated/types.ts';
import { type FeedGap, toStaleGap } from '../../loaders/list-loader.ts';
import { compareText } from './sort-key.ts';

export class FeedGaps {
  readonly #gaps = new Map<string, FeedGap>();
  readonly #report: (error: GraphQLError) => void;

  /** @param report tells the log of an error that clients see as a gap alone */
  constructor(report: (error: GraphQLError) => void) {
    this.#report = report;
  }

  /**
   * Notes that runs of a monitor are missing, or of any monitor of the provider: `null`.
   * @throws the error itself when it isn't one that clients may see
   */
  add(provider: Provider, monitorId: string | null, error: unknown): void {
    if (!(error instanceof GraphQLError)) throw error;
    this.#report(error);
    const code = String(error.extensions.code);
    this.#gaps.set(`${provider} ${monitorId} ${code}`, { __typename: 'RunFeedGap', provider, monitorId, code });
  }

  /** Notes that cached rows of a monitor are shown, or of the provider's list of monitors: `null`. */
  addStale(provider: Provider, monitorId: string | null): void {
    const gap = toStaleGap(provider, monitorId);
    this.#gaps.set(`${provider} ${monitorId} ${gap.code}`, gap);
  }

  /** Each once, in an order that doesn't depend on which call ended first. */
  all(): readonly FeedGap[] {
    return [...this.#gaps].sort(([one], [other]) => compareText(one, other)).map(([, gap]) => gap);
  }
}
