/** The world of Datafold's sandbox. Nothing in it is stored: a run is worked out from the seed, its number and the time. */
import type { SandboxWorld } from '../../provider.ts';
import { countRuns, createDice, day, second, toBeginning } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';
import { type FinalState, type Monitor, monitors } from './monitors.ts';
import { settings, toMessages } from './settings.ts';

type Schemas = components['schemas'];
type MonitorRun = Schemas['MonitorRun'] & { readonly state: Schemas['MonitorRunState'] };

export interface World {
  /** The run as it stands now; `undefined` when there is none, or none yet. */
  findRun(monitorId: number, runId: number): MonitorRun | undefined;
  /** All runs of a monitor as they stand now, newest last; `undefined` when there is no such monitor. */
  runsOf(monitorId: number): readonly MonitorRun[] | undefined;
  /** All monitors as they stand now. */
  allMonitors(): readonly Schemas['MonitorFull'][];
}

/** Makes the world, with now as its origin. */
export function createWorld({ now, seed }: SandboxWorld): World {
  const origin = now();
  const toRunOf = (monitor: Monitor, runId: number, time: number) =>
    toRun(seed, monitor, runId, origin + toBeginning(monitor, runId), time);
  const toRunsOf = (monitor: Monitor, time: number) =>
    Array.from({ length: countRuns(monitor, time - origin) }, (_, place) => toRunOf(monitor, place + 1, time));
  const find = (monitorId: number) => monitors.find(({ id }) => id === monitorId);
  return {
    findRun(monitorId, runId) {
      const time = now();
      const monitor = find(monitorId);
      if (monitor === undefined || runId < 1 || runId > countRuns(monitor, time - origin)) return undefined;
      return toRunOf(monitor, runId, time);
    },
    runsOf(monitorId) {
      const monitor = find(monitorId);
      return monitor && toRunsOf(monitor, now());
    },
    allMonitors() {
      const time = now();
      return monitors.map((monitor) => toMonitor(monitor, origin + toBeginning(monitor, 1), toRunsOf(monitor, time)));
    },
  };
}

/** The monitor, made a day before its first run began; what it is set to, and what follows from its runs. */
function toMonitor(monitor: Monitor, beganAt: number, runs: readonly MonitorRun[]): Schemas['MonitorFull'] {
  const set = settings[monitor.id];
  if (set === undefined) throw new Error(`monitor ${monitor.id} has no settings`);
  return {
    id: monitor.id,
    name: monitor.name,
    monitor_type: monitor.type,
    enabled: monitor.live !== undefined,
    created_at: new Date(beganAt - day).toISOString(),
    modified_at: new Date(beganAt - day / 2).toISOString(),
    last_run: runs.findLast(({ started_at }) => started_at !== null)?.started_at ?? null,
    last_alert: runs.findLast(({ state }) => state === 'alert')?.started_at ?? null,
    state: runs.at(-1)?.state ?? null,
    ...set,
  };
}

/** Long enough, each, for a person to see it and to request again. */
const createdFor = 15 * second;
const queuedFor = 10 * second;
const shortestCheck = 15 * second;
const longestCheck = 30 * second;

function toRun(seed: number, monitor: Monitor, run: number, createdAt: number, time: number): MonitorRun {
  const dice = createDice(seed, 'datafold run', monitor.id, run);
  const checkingFor = dice.between(shortestCheck, longestCheck);
  const finalState = chooseFinalState(monitor, run, () => dice.pick(monitor.finalStates));

  const startedAt = createdAt + createdFor + queuedFor;
  const isStarted = time >= startedAt && finalState !== 'skipped';
  const isEnded = time >= (finalState === 'skipped' ? startedAt : startedAt + checkingFor);
  const underWay = isStarted ? 'checking' : time < createdAt + createdFor ? 'created' : 'queued';
  return {
    run_id: run,
    monitor_id: monitor.id,
    state: isEnded ? finalState : underWay,
    started_at: isStarted ? new Date(startedAt).toISOString() : null,
    diff_id: isStarted && monitor.type === 'diff' ? toDiffId(monitor, run) : null,
    ...(isEnded ? toMessages(seed, monitor, run, finalState) : { warnings: [], error: null }),
  };
}

function chooseFinalState({ known, learning = 0 }: Monitor, run: number, pick: () => FinalState): FinalState {
  return known?.[run] ?? (run <= learning ? 'learning' : pick());
}

/** Of seven digits, as the one real id that is published; a monitor's first 10,000 runs share none with another's. */
const toDiffId = (monitor: Monitor, run: number) => 2_000_000 + monitor.id * 10_000 + run;
