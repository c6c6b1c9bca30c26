/** Merges what is read of all monitors, wave by wave, and says who may have more that belongs there. Pure. */
import { type FeedRow, headOf, isOpen, type Lane, likelyHeadOf } from './lane.ts';
import { compare } from './order.ts';

export interface Merged {
  /** The first of all that has been read, in order: as many as are wanted. */
  readonly rows: readonly FeedRow[];
  /** Whether more has been read than that. */
  readonly hasMore: boolean;
  /** The monitors of which runs may be missing among the rows: those come first whose runs are probably the newest. */
  readonly open: readonly Lane[];
}

/** Before anything is read. @param size how many runs are wanted */
export const beginMerge = (lanes: readonly Lane[], size: number): Merged => ({
  rows: [],
  hasMore: false,
  open: size === 0 ? [] : lanes.filter(isOpen).sort(compareLikely),
});

/** Adds what has just been read. Who has nothing among the first never will: they only get newer, and what is left older. */
export function mergeOn({ rows, hasMore, open }: Merged, read: readonly FeedRow[], size: number): Merged {
  const all = read.length === 0 ? rows : [...rows, ...read].sort(compare);
  const last = all[size - 1];
  const mayBelong = (lane: Lane) => last === undefined || compare(headOf(lane), last) < 0;
  return {
    rows: all.slice(0, size),
    hasMore: hasMore || all.length > size,
    open: open.filter((lane) => isOpen(lane) && mayBelong(lane)).sort(compareLikely),
  };
}

const compareLikely = (one: Lane, other: Lane): number => compare(likelyHeadOf(one), likelyHeadOf(other));
