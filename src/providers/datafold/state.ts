/** Datafold's words for where a run is. */
import type { DatafoldRunState, RunOutcome, RunPhase } from '../../generated/types.ts';
import type { components } from './openapi.d.ts';

/** What a word of Datafold's says on our axes. */
export interface StateReading {
  readonly state: DatafoldRunState;
  readonly phase: RunPhase;
  readonly outcome: RunOutcome | null;
}

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const readings: ReadonlyMap<unknown, StateReading> = new Map(
  Object.entries({
    created: { state: 'CREATED', phase: 'PENDING', outcome: null },
    queued: { state: 'QUEUED', phase: 'PENDING', outcome: null },
    checking: { state: 'CHECKING', phase: 'RUNNING', outcome: null },
    ok: { state: 'OK', phase: 'FINISHED', outcome: 'PASSED' },
    alert: { state: 'ALERT', phase: 'FINISHED', outcome: 'FINDING' },
    error: { state: 'ERROR', phase: 'FINISHED', outcome: 'ERRORED' },
    learning: { state: 'LEARNING', phase: 'FINISHED', outcome: 'LEARNING' },
    skipped: { state: 'SKIPPED', phase: 'FINISHED', outcome: 'SKIPPED' },
    cancelled: { state: 'CANCELLED', phase: 'FINISHED', outcome: 'CANCELLED' },
  } satisfies Record<components['schemas']['MonitorRunState'], StateReading>),
);

const unknown: StateReading = { state: 'UNKNOWN', phase: 'UNKNOWN', outcome: null };

/** What the word says, if it is one of those that are known. */
export const readState = (word: unknown): StateReading => readings.get(word) ?? unknown;
