/** What is missing in a page, and why. */
import { GraphQLError } from 'graphql';
import type { FeedGap } from '../connection.ts';
import { OperationTooCostly } from '../errors.ts';
import type { Provider } from '../generated/types.ts';

export interface Gaps {
  /**
   * Marks runs of a monitor as missing, or of any monitor of the provider: `null`.
   * @throws the error itself when it isn't one that clients are told of
   */
  add(provider: Provider, monitorId: string | null, error: unknown): void;
  /** Each once, in an order that isn't chance. */
  all(): readonly FeedGap[];
}

export function createGaps(): Gaps {
  const gaps = new Map<string, FeedGap>();
  return {
    add(provider, monitorId, error) {
      if (!(error instanceof GraphQLError)) throw error;
      const code = String(error.extensions.code);
      // Whom the calls didn't suffice for is chance.
      const whose = isCostly(error) ? null : monitorId;
      gaps.set(`${provider} ${whose} ${code}`, { __typename: 'RunFeedGap', provider, monitorId: whose, code });
    },
    all: () => [...gaps].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, gap]) => gap),
  };
}

export const isCostly = (error: unknown): boolean => error instanceof OperationTooCostly;
