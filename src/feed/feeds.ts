/** What all feeds of a request have together: what they may cost, and which monitors there are. */
import { OperationTooCostly } from '../errors.ts';
import type { Provider } from '../generated/types.ts';
import type { Limits } from '../limits.ts';
import type { MonitorRow } from '../providers/provider.ts';
import { type Budget, createBudget } from './budget.ts';

type FeedLimits = Pick<Limits, 'maxFeeds' | 'maxFeedCalls'>;

/** What the list of a provider's monitors says, as far as it could be read. */
export interface Monitors {
  /** Those that may have runs. */
  readonly rows: readonly MonitorRow[];
  /** When the last of those ran that are too many, in Unix milliseconds; minus infinity when none are. */
  readonly leftOut: number;
  /** Why some are missing. */
  readonly errors: readonly unknown[];
}

/** Of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class Feeds {
  readonly #limits: FeedLimits;
  #count = 0;
  #budget: Budget | undefined;
  #monitors: Partial<Record<Provider, Promise<Monitors>>> | undefined;

  constructor(limits: FeedLimits) {
    this.#limits = limits;
  }

  /**
   * What one more feed may cost.
   * @throws {OperationTooCostly} when there are as many as there may be
   */
  open(): Budget {
    const { maxFeeds, maxFeedCalls } = this.#limits;
    if (this.#count === maxFeeds) throw new OperationTooCostly(`Expected \`runs\` at most ${maxFeeds} times.`);
    this.#count++;
    this.#budget ??= createBudget(maxFeedCalls);
    return this.#budget;
  }

  /** The monitors of a provider, read by the first feed that wants them. */
  monitorsOf(provider: Provider, read: () => Promise<Monitors>): Promise<Monitors> {
    this.#monitors ??= {};
    this.#monitors[provider] ??= read();
    return this.#monitors[provider];
  }
}
