/** The order of the run feed: newest first, then by provider, monitor and run. It is total. */

/** Where a run stands, or would. `time` is in Unix milliseconds. */
export interface SortKey {
  readonly time: number;
  readonly provider: string;
  readonly monitorId: string;
  readonly runId: string;
}

/** Negative when `a` comes first. It is 0 for the same run alone. */
export const compareKeys = (a: SortKey, b: SortKey): number =>
  (a.time === b.time ? 0 : b.time - a.time) ||
  compareText(a.provider, b.provider) ||
  compareText(a.monitorId, b.monitorId) ||
  compareText(a.runId, b.runId);

/** The key before all runs of that time. */
export const keyAt = (time: number): SortKey => ({ time, provider: '', monitorId: '', runId: '' });

/** By code units, which is the same everywhere. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
