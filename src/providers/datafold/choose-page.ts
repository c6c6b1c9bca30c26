/** Which page of a list that has numbered pages holds a part of it. Pure. */

/** A page, counted from 1, of a list that is cut into pages of `size`. */
export interface PageChoice {
  readonly page: number;
  readonly size: number;
}

/**
 * The page that has the most of the `first` items from `offset` on: all of them, unless no page of at most `maxSize` does. Of
 * those that have as much it is the smallest; of no items, one where the first would be.
 */
export function choosePage(offset: number, first: number, maxSize: number): PageChoice {
  let best = { page: offset + 1, size: 1 };
  let most = 1;
  for (let size = 2; size <= maxSize && most < first; size++) {
    const had = Math.min(first, size - (offset % size));
    if (had > most) {
      best = { page: Math.floor(offset / size) + 1, size };
      most = had;
    }
  }
  return best;
}
