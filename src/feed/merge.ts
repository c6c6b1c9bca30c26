/** Merges what has been read of all monitors, and says who may have more that belongs there. Pure. */
import { type FeedRow, headOf, isOpen, isShown, type Lane } from './lane.ts';
import { compare } from './order.ts';

export interface Merged {
  /** The first of all that has been read, in order. */
  readonly rows: readonly FeedRow[];
  /** Whether more has been read than that. */
  readonly hasMore: boolean;
  /** The monitors of which runs may be missing among the rows: those come first whose runs may be the newest. */
  readonly open: readonly Lane[];
}

/** @param size how many runs are wanted */
export function merge(lanes: readonly Lane[], size: number): Merged {
  const all = lanes.flatMap(({ items }) => items.filter(isShown)).sort(compare);
  const last = all[size - 1];
  const mayBelong = (lane: Lane) => size > 0 && (last === undefined || compare(headOf(lane), last) < 0);
  return {
    rows: all.slice(0, size),
    hasMore: all.length > size,
    open: lanes
      .filter((lane) => isOpen(lane) && mayBelong(lane))
      .sort((one, other) => compare(headOf(one), headOf(other))),
  };
}
