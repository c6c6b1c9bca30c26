/** What a run of the benchmark found. */
import type { Machine } from './tools.ts';
import type { Memory } from './trials/resident-memory.ts';
import type { Effort, Samples } from './trials/rounds.ts';
import type { Soak } from './trials/soak.ts';

export interface Results {
  readonly command: string;
  readonly date: string;
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
