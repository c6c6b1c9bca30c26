/** The order of the runs of all monitors: newest first, and by their names where they have the same time. */

/** Where a run stands, or would. Times are Unix milliseconds. */
export interface Place {
  readonly time: number;
  readonly provider: string;
  readonly monitorId: string;
  readonly runId: string;
}

/** Negative when `a` comes first. It is 0 for the same run alone. */
export const compare = (a: Place, b: Place): number =>
  b.time - a.time ||
  compareText(a.provider, b.provider) ||
  compareText(a.monitorId, b.monitorId) ||
  compareText(a.runId, b.runId);

/** The place before all runs of that time. */
export const startOf = (time: number): Place => ({ time, provider: '', monitorId: '', runId: '' });

// By code units, as that is the same everywhere.
const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
