/** When the monitors of a sandbox run. All times are milliseconds; the origin is the moment at which the sandbox starts. */

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A monitor's runs, numbered from 1. */
export interface Timetable {
  /** How many of them began before the origin and have long ended. */
  readonly history: number;
  /** The time between those. */
  readonly every: number;
  /**
   * Those after the history: when the first begins, counted from the origin (below zero it is in progress there), and the
   * time between them, much shorter than `every`, so that a person sees the world move. A paused monitor has none.
   */
  readonly live?: { readonly from: number; readonly every: number };
}

/** How many runs have begun. */
export const countRuns = ({ history, live }: Timetable, sinceOrigin: number): number =>
  live === undefined || sinceOrigin < live.from
    ? history
    : history + 1 + Math.floor((sinceOrigin - live.from) / live.every);

/** When a run begins, counted from the origin. */
export function toBeginning({ history, every, live }: Timetable, run: number): number {
  const sinceHistory = run - history - 1;
  return live === undefined || sinceHistory < 0 ? sinceHistory * every : live.from + sinceHistory * live.every;
}
