/** What the benchmark found. */
import type { Machine } from './tools.ts';
import type { Memory } from './trials/resident-memory.ts';
import type { Effort, Samples } from './trials/rounds.ts';
import type { Soak } from './trials/soak.ts';

/** A run of the benchmark. */
export interface Run {
  readonly command: string;
  /** Its day. */
  readonly date: string;
  /** What was measured: a commit. */
  readonly revision?: string;
}

export interface Results {
  /** Which run measured it, by workload and trial: each is measured in one go, by all contenders in turns. */
  readonly runs: Readonly<Record<string, Run>>;
  readonly machine: Machine;
  /** `lead`: how many seconds of each load come before those that count. */
  readonly effort: Effort & { readonly lead: number };
  /** By workload, then by contender. What isn't here wasn't measured. */
  readonly samples: Readonly<Record<string, Samples>>;
  readonly startMs?: Readonly<Record<string, readonly number[]>>;
  readonly memoryMb?: Readonly<Record<string, Memory>>;
  /** Ours, minute by minute. */
  readonly soakMb?: Soak;
  /** What went wrong, by workload: nothing of it is among the figures. */
  readonly failures: Readonly<Record<string, string>>;
}
