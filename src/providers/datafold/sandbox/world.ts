/** The world of Datafold's sandbox. Nothing in it is kept: a run is worked out from the seed, its number and the time. */
import type { SandboxWorld } from '../../provider.ts';
import { createDice } from '../../sandbox/dice.ts';
import { countRuns, second, toBeginning } from '../../sandbox/timetable.ts';
import type { components } from '../openapi.d.ts';
import { toMessages } from './messages.ts';
import { type Ending, type Monitor, monitors } from './monitors.ts';

type Schemas = components['schemas'];
type MonitorRun = Schemas['MonitorRun'] & { readonly state: Schemas['MonitorRunState'] };

export interface World {
  /** The run as it stands now; `undefined` when there is none, or none yet. */
  findRun(monitorId: number, runId: number): MonitorRun | undefined;
}

/** Makes the world, with now as its origin. */
export function createWorld({ now, seed }: SandboxWorld): World {
  const origin = now();
  return {
    findRun(monitorId, runId) {
      const time = now();
      const monitor = monitors.find(({ id }) => id === monitorId);
      if (monitor === undefined || runId < 1 || runId > countRuns(monitor, time - origin)) return undefined;
      return toRun(seed, monitor, runId, origin + toBeginning(monitor, runId), time);
    },
  };
}

/** Long enough, each, for a person to see it and to ask again. */
const createdFor = 15 * second;
const queuedFor = 10 * second;
const shortestCheck = 15 * second;
const longestCheck = 30 * second;

function toRun(seed: number, monitor: Monitor, run: number, createdAt: number, time: number): MonitorRun {
  const dice = createDice(seed, 'datafold run', monitor.id, run);
  const checkingFor = dice.between(shortestCheck, longestCheck);
  const ending = toEnding(monitor, run, () => dice.pick(monitor.endings));

  const startedAt = createdAt + createdFor + queuedFor;
  const isStarted = time >= startedAt && ending !== 'skipped';
  const isEnded = time >= (ending === 'skipped' ? startedAt : startedAt + checkingFor);
  const underWay = isStarted ? 'checking' : time < createdAt + createdFor ? 'created' : 'queued';
  return {
    run_id: run,
    monitor_id: monitor.id,
    state: isEnded ? ending : underWay,
    started_at: isStarted ? new Date(startedAt).toISOString() : null,
    diff_id: isStarted && monitor.type === 'diff' ? toDiffId(monitor, run) : null,
    ...(isEnded ? toMessages(seed, monitor, run, ending) : { warnings: [], error: null }),
  };
}

function toEnding({ known, learning = 0 }: Monitor, run: number, pick: () => Ending): Ending {
  return known?.[run] ?? (run <= learning ? 'learning' : pick());
}

/** Of seven digits, as the one real id that is published; a monitor's first 10,000 runs share none with another's. */
const toDiffId = (monitor: Monitor, run: number) => 2_000_000 + monitor.id * 10_000 + run;
