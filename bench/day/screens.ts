/** What people and programs look at during the day. */
import type { Provider } from '../../src/generated/types.ts';

export interface RunKey {
  readonly provider: Provider;
  readonly monitorId: string;
  readonly runId: string;
}

export interface ShownRun extends RunKey {
  readonly isOver: boolean;
  /** Whether it is marked as stale. */
  readonly isMarked: boolean;
}

export interface ShownMonitor {
  readonly monitorId: string;
  /** What its last run found, or why it failed; `undefined` when that couldn't be had. */
  readonly detail: string | undefined;
  readonly isMarked: boolean;
}

export interface Dashboard {
  /** The newest 20, the latest first. */
  readonly runs: readonly ShownRun[];
  readonly red: readonly ShownMonitor[];
  /** Whether there is anything of Datafold's on it. */
  readonly hasDatafold: boolean;
  /** Whether it says that something is missing or stale. */
  readonly isMarked: boolean;
}

export interface Report {
  readonly runs: readonly RunKey[];
  /** Whether it says that it is all. */
  readonly isComplete: boolean;
}

/** The screens of one contender. Each rejects when there is nothing to show. */
export interface Screens {
  dashboard(): Promise<Dashboard>;
  /** Whether the run is over. */
  run(key: RunKey): Promise<boolean>;
  /** How many lines of the run's log there are. */
  log(key: RunKey): Promise<number>;
  /** All runs that started within so many milliseconds until now. */
  report(windowMs: number): Promise<Report>;
}

export const newestRuns = 20;
/** A report is patient: it requests again what it did not get: how often, and after how many milliseconds. */
export const [reportTries, reportPauseMs] = [30, 3_000];
