/** The truth of a simulated stretch of a day: which monitors there are, and when which of their runs starts and how it ends. */
import type { Provider } from '../../src/generated/types.ts';

/** Times are milliseconds since the stretch began; those before it are negative. */
export interface Run {
  readonly provider: Provider;
  readonly monitorId: string;
  readonly runId: string;
  readonly start: number;
  readonly end: number;
  /** As Datafold has it; `alert` is a change at Olostep. */
  readonly state: 'ok' | 'alert' | 'error';
}

export interface Monitor {
  readonly provider: Provider;
  readonly monitorId: string;
  /** The oldest first. */
  readonly runs: readonly Run[];
}

export interface DayWorld {
  readonly durationMs: number;
  readonly monitors: readonly Monitor[];
  /** The runs that a deploy starts, one list for each deploy. */
  readonly deploys: readonly (readonly Run[])[];
  /** When Datafold answers no call. */
  readonly outage: { readonly start: number; readonly end: number };
  readonly reportAt: number;
  find(provider: Provider, monitorId: string): Monitor | undefined;
}

const minute = 60_000;
const hour = 60 * minute;

export const datafoldMonitors = 150;
export const olostepMonitors = 50;
const deployRuns = 20;
/** What the nightly report covers. */
export const reportMs = 24 * hour;
const intervals = { DATAFOLD: hour, OLOSTEP: 80 * minute } as const;
/** One run of so many raises an alert, or fails. */
const [oneAlertOf, oneErrorOf] = [12, 25];
const [minRunMs, maxRunMs] = [20_000, 90_000];

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
export function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function createDayWorld(seed: number, durationMs: number): DayWorld {
  const dice = createDice(seed);
  const longest = Math.min(maxRunMs, durationMs / 8);
  const shortest = Math.min(minRunMs, longest / 2);
  const deployTimes = [0.25, 0.55].map((share) => share * durationMs);
  const toState = () => {
    const value = dice();
    if (value < 1 / oneAlertOf) return 'alert';
    return value < 1 / oneAlertOf + 1 / oneErrorOf ? 'error' : 'ok';
  };
  const toRun = (provider: Provider, number: number, start: number): Omit<Run, 'runId'> => ({
    provider,
    monitorId: provider === 'DATAFOLD' ? `${number}` : `monitor_${number}`,
    start: Math.round(start),
    end: Math.round(start + shortest + dice() * (longest - shortest)),
    state: toState(),
  });

  const create = (provider: Provider, number: number): Monitor => {
    const interval = intervals[provider];
    const runs: Omit<Run, 'runId'>[] = [];
    const first = -reportMs - hour + dice() * interval;
    for (let start = first; start < durationMs; start += interval) runs.push(toRun(provider, number, start));
    // Each deploy checks other monitors.
    const deploy = provider === 'DATAFOLD' ? Math.floor((number - 1) / deployRuns) : -1;
    const deployAt = deployTimes[deploy];
    if (deployAt !== undefined) runs.push(toRun(provider, number, deployAt + dice() * 5_000));
    runs.sort((one, other) => one.start - other.start);
    const prefix = provider === 'DATAFOLD' ? `${number}` : `run_${number}x`;
    return {
      provider,
      monitorId: provider === 'DATAFOLD' ? `${number}` : `monitor_${number}`,
      runs: runs.map((run, place) => ({ ...run, runId: `${prefix}${String(place).padStart(4, '0')}` })),
    };
  };

  const monitors = [
    ...Array.from({ length: datafoldMonitors }, (_, place) => create('DATAFOLD', place + 1)),
    ...Array.from({ length: olostepMonitors }, (_, place) => create('OLOSTEP', place + 1)),
  ];
  const byName = new Map(monitors.map((monitor) => [`${monitor.provider} ${monitor.monitorId}`, monitor]));
  const deploys = deployTimes.map((time, deploy) =>
    monitors.slice(deploy * deployRuns, (deploy + 1) * deployRuns).map(({ runs }) => {
      const run = runs.find(({ start }) => start >= time && start <= time + 5_000);
      if (run === undefined) throw new Error('A deploy starts a run of each of its monitors');
      return run;
    }),
  );
  return {
    durationMs,
    monitors,
    deploys,
    outage: { start: 0.75 * durationMs, end: 0.75 * durationMs + Math.min(minute, durationMs / 6) },
    reportAt: 0.35 * durationMs,
    find: (provider, monitorId) => byName.get(`${provider} ${monitorId}`),
  };
}

/** The run of a monitor that started last, as a list of monitors says it. */
export const lastRunAt = ({ runs }: Monitor, time: number): Run | undefined =>
  runs.findLast(({ start }) => start <= time);

export const isOver = ({ end }: Run, time: number): boolean => end <= time;

/** Whether the monitor is shown in red: its last run is over, and found something or failed. */
export function isRed(monitor: Monitor, time: number): boolean {
  const run = lastRunAt(monitor, time);
  return run !== undefined && isOver(run, time) && run.state !== 'ok';
}
