/** Which runs of a monitor are asked for, by the times of their snapshots. */
import type { RunWindow } from '../provider.ts';

export interface Bounds {
  /** Whether all runs are. */
  readonly isWhole: boolean;
  /** Which list that is, as text: no two have the same. */
  readonly list: string;
  /** Where a time, in Unix milliseconds, stands; `within` too if it isn't known. */
  sideOf(time: number | undefined): 'earlier' | 'within' | 'later';
}

/** The bounds of the window, both of them within. */
export function toBounds(monitorId: string, { startedAfter, startedBefore }: RunWindow): Bounds {
  const earliest = startedAfter == null ? Number.NEGATIVE_INFINITY : Date.parse(startedAfter);
  const latest = startedBefore == null ? Number.POSITIVE_INFINITY : Date.parse(startedBefore);
  return {
    isWhole: startedAfter == null && startedBefore == null,
    list: `${monitorId} ${startedAfter ?? ''} ${startedBefore ?? ''}`,
    sideOf(time) {
      if (time === undefined) return 'within';
      if (time < earliest) return 'earlier';
      return time > latest ? 'later' : 'within';
    },
  };
}
