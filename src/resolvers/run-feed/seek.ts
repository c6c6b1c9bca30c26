/** Which page of a numbered list to read to find a time in it: a guess by rows per time, then bisection. Pure. */

/** What is known. Pages count from 1, times are Unix milliseconds. */
export interface Seek {
  /** The page after one that is wholly later than the time; or the first. */
  readonly lower: number;
  /** A page that begins at the time or earlier, or may; `undefined` when none is known. */
  readonly upper: number | undefined;
  /** The time of the row above `lower`. */
  readonly timeAbove: number | undefined;
  /** The time of the top of the list, about. */
  readonly newestTime: number;
  readonly soughtTime: number;
  readonly lastPage: number | undefined;
}

export function chooseProbe({ lower, upper, timeAbove, newestTime, soughtTime, lastPage }: Seek): number {
  if (upper !== undefined) return upper <= lower ? lower : Math.floor((lower + upper) / 2);
  if (timeAbove === undefined || timeAbove >= newestTime) return lower;
  const pagesPerMs = (lower - 1) / (newestTime - timeAbove);
  const guess = 1 + Math.floor(pagesPerMs * (newestTime - soughtTime));
  return Math.max(lower, Math.min(guess, lastPage ?? 2 * lower));
}
