/** The world of Olostep's sandbox. Nothing in it is kept: a run is worked out from the seed, its number and the time. */
import type { SandboxWorld } from '../../provider.ts';
import { createDice } from '../../sandbox/dice.ts';
import { countRuns, second, toBeginning } from '../../sandbox/timetable.ts';
import type { components } from '../openapi.d.ts';
import { toLog } from './log.ts';
import { type Monitor, monitors } from './monitors.ts';

type MonitorRun = components['schemas']['MonitorRun'];

export interface World {
  readonly monitorIds: readonly string[];
  /** The runs that a monitor has by now, in the order of their beginning. */
  runIdsOf(monitorId: string): string[];
  /** The run as it stands now; `undefined` when there is none, or none yet. */
  findRun(monitorId: string, runId: string): MonitorRun | undefined;
}

/** Makes the world, with now as its origin. */
export function createWorld({ now, seed }: SandboxWorld): World {
  const origin = now();
  const byId = new Map(monitors.map((monitor) => [monitor.id ?? toMonitorId(seed, monitor), monitor]));

  const runIdsOf = (monitorId: string) => {
    const monitor = byId.get(monitorId);
    if (monitor === undefined) return [];
    return Array.from({ length: countRuns(monitor, now() - origin) }, (_, place) => toRunId(seed, monitor, place + 1));
  };

  return {
    monitorIds: [...byId.keys()],
    runIdsOf,
    findRun(monitorId, runId) {
      const monitor = byId.get(monitorId);
      const run = runIdsOf(monitorId).indexOf(runId) + 1;
      if (monitor === undefined || run === 0) return undefined;
      const beganAt = origin + toBeginning(monitor, run);
      return { monitor_id: monitorId, run_id: runId, ...toRun({ seed, monitor, run, beganAt, time: now() }) };
    },
  };
}

const toMonitorId = (seed: number, { url }: Monitor) => `monitor_${createDice(seed, 'olostep monitor', url).word(10)}`;

const toRunId = (seed: number, { known, url }: Monitor, run: number) =>
  known?.[run]?.id ?? `run_${createDice(seed, 'olostep run', url, run).word(10)}`;

interface Moment {
  readonly seed: number;
  readonly monitor: Monitor;
  readonly run: number;
  readonly beganAt: number;
  readonly time: number;
}

/** The snapshot is stored a little after the log has told the end. */
const storedWithin = 2 * second;

function toRun({ seed, monitor, run, beganAt, time }: Moment): Pick<MonitorRun, 'snapshot' | 'log_group' | 'events'> {
  const { known, url, courses, page } = monitor;
  const course = known?.[run]?.course ?? createDice(seed, 'olostep course', url, run).pick(courses);
  const agent = `fda_${createDice(seed, 'olostep agent', url).word(4)}`;
  const content = page(seed, run);
  const changed = JSON.stringify(content) !== JSON.stringify(page(seed, run - 1));

  const log = toLog({ seed, monitor, run, course, beganAt, stream: `${agent}/${run}`, changed });
  const last = log.at(-1);
  const isStored = course !== 'lost' && last !== undefined && last.ts + storedWithin <= time;
  return {
    snapshot: isStored ? { url, taken_at: new Date(last.ts).toISOString(), ...content } : null,
    log_group: course === 'silent' ? null : `/olostep/agents/${agent}`,
    events: log.filter(({ ingestion_ts }) => ingestion_ts <= time),
  };
}
