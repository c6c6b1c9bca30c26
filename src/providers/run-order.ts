/**
 * The order of a monitor's list of runs. It is read as newest first, which no document promises: what has been read is verified,
 * and a run that says no time is placed by its neighbours.
 */

/**
 * By how much a run may be later than one above it in a list that still counts as newest first, in milliseconds: lists may go by
 * when a run was created, and a run that has to wait starts minutes later.
 */
export const orderToleranceMs = 5 * 60_000;

/** Follows a list row by row. */
export class RunOrder {
  /** The time of the nearest row above that says one, in Unix milliseconds. */
  #above: number;
  readonly #readAt: number;
  #earliest = Number.POSITIVE_INFINITY;
  #isOutOfOrder = false;

  /**
   * @param readAt when the list was read first, in Unix milliseconds: a row that is later has come since, and places no other
   * @param above where a row without a time is that has none above it which says one; later than any, for a row in the middle
   */
  constructor(readAt: number, above = readAt) {
    this.#readAt = readAt;
    this.#above = above;
  }

  /** The time by which a row that says none would be placed now. */
  get above(): number {
    return this.#above;
  }

  /** Whether a row was later than one above it, by more than is tolerated. */
  get isOutOfOrder(): boolean {
    return this.#isOutOfOrder;
  }

  /** The time by which the next row is placed: its own, or that of the nearest row above. */
  place(time: number | undefined): number {
    if (time === undefined) return this.#above;
    if (time > this.#earliest + orderToleranceMs) this.#isOutOfOrder = true;
    this.#earliest = Math.min(this.#earliest, time);
    if (time <= this.#readAt) this.#above = time;
    return time;
  }
}

/** The times between which runs are wanted, both included, in Unix milliseconds. */
export interface TimeWindow {
  /** Whether all runs are. */
  readonly isWhole: boolean;
  readonly earliest: number;
  readonly latest: number;
}

export const toTimeWindow = ({ startedAfter, startedBefore }: WindowArguments): TimeWindow => ({
  isWhole: startedAfter == null && startedBefore == null,
  earliest: startedAfter == null ? Number.NEGATIVE_INFINITY : Date.parse(startedAfter),
  latest: startedBefore == null ? Number.POSITIVE_INFINITY : Date.parse(startedBefore),
});

interface WindowArguments {
  readonly startedAfter?: string | null | undefined;
  readonly startedBefore?: string | null | undefined;
}
