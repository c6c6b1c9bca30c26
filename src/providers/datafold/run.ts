/** From Datafold's answer to a run. */
import type { DatafoldRun, DatafoldRunState, MonitorRunKey, RunOutcome, RunPhase } from '../../generated/types.ts';
import type { Body } from '../../upstream/body.ts';
import { toDigits } from '../../upstream/json.ts';
import { fromIsoText } from '../date-time.ts';
import { identifyRun } from '../identity.ts';
import type { RunFields, RunReading } from '../provider.ts';
import { createReader, toBadField } from '../reader.ts';
import type { components } from './openapi.d.ts';
import { MonitorRun } from './openapi-checks.ts';

type Schemas = components['schemas'];

/** What a word of Datafold's says on our axes. */
interface Reading {
  readonly state: DatafoldRunState;
  readonly phase: RunPhase;
  readonly outcome: RunOutcome | null;
}

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const readings: ReadonlyMap<unknown, Reading> = new Map(
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
  } satisfies Record<Schemas['MonitorRunState'], Reading>),
);

const unknown: Reading = { state: 'UNKNOWN', phase: 'UNKNOWN', outcome: null };

const read = createReader<Schemas['MonitorRun']>('DATAFOLD', MonitorRun);

/** The run in an answer. Its ids are those of the key, which the answer was held against before. */
export function toDatafoldRun(key: MonitorRunKey, body: Body, reading: RunReading): RunFields<DatafoldRun> {
  const rawState = read(body, 'state');
  const { state, phase, outcome } = readings.get(rawState) ?? unknown;
  return {
    ...identifyRun(key, reading),
    __typename: 'DatafoldRun',
    state,
    phase,
    outcome,
    rawState,
    startedAt: () => readStartedAt(body),
    diffId: () => readDiffId(body),
    error: () => read(body, 'error'),
    warnings: () => read(body, 'warnings'),
  };
}

function readStartedAt(body: Body) {
  const text = read(body, 'started_at');
  return typeof text === 'string' ? (fromIsoText(text) ?? toBadField('DATAFOLD')) : text;
}

function readDiffId(body: Body) {
  const id = read(body, 'diff_id');
  return id === null || id instanceof Error ? id : (toDigits(id) ?? toBadField('DATAFOLD'));
}
