/** How many upstream calls the run feeds of an operation may still make. */
import { OperationTooCostly } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';

type FeedLimits = Pick<Limits, 'maxRunFeeds' | 'runFeedMaxCalls'>;

/** Of one operation, for all its feeds together. */
export class RunFeedBudget {
  readonly #limits: FeedLimits;
  #feeds = 0;
  #calls = 0;

  constructor(limits: FeedLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a feed.
   * @throws {OperationTooCostly} when there are as many as there may be
   */
  open(): void {
    const { maxRunFeeds } = this.#limits;
    if (this.#feeds === maxRunFeeds) throw new OperationTooCostly(`Expected \`runs\` at most ${maxRunFeeds} times.`);
    this.#feeds++;
  }

  /** How many calls are left. */
  get left(): number {
    return this.#limits.runFeedMaxCalls - this.#calls;
  }

  spend(): void {
    this.#calls++;
  }

  /** The call was not made. */
  refund(): void {
    this.#calls--;
  }

  toError(): OperationTooCostly {
    return new OperationTooCostly(
      `Expected at most ${this.#limits.runFeedMaxCalls} upstream calls for all \`runs\` of a request.`,
    );
  }
}
