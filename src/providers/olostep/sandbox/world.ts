/** The world of Olostep's sandbox. Nothing in it is stored: a run is computed from the seed, its number and the time. */
import type { SandboxWorld } from '../../provider.ts';
import { countRuns, createDice, day, hour, second, toBeginning } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';
import { toLog } from './log.ts';
import { type Monitor, monitors } from './monitors.ts';

type Schemas = components['schemas'];
type MonitorRun = Schemas['MonitorRun'];

export interface World {
  readonly monitorIds: readonly string[];
  /** The runs that a monitor has by now, in the order of their beginning. */
  runIdsOf(monitorId: string): string[];
  /** The run as it stands now; `undefined` when there is none, or none yet. */
  findRun(monitorId: string, runId: string): MonitorRun | undefined;
  /** The snapshots that a monitor has by now, newest first. */
  snapshotsOf(monitorId: string): Snapshot[];
  /** The monitor as it stands now, with all that can be said of it; `undefined` when there is none. */
  findMonitor(monitorId: string): Schemas['Monitor'] | undefined;
  /** Whether the list says when the monitor ran last. */
  isLastRunListed(monitorId: string): boolean;
}

/** Makes the world, with now as its origin. */
export function createWorld({ now, seed }: SandboxWorld): World {
  const origin = now();
  const byId = new Map(monitors.map((monitor) => [monitor.id ?? toMonitorId(seed, monitor), monitor]));

  const momentsOf = (monitor: Monitor): Moment[] => {
    const time = now();
    return Array.from({ length: countRuns(monitor, time - origin) }, (_, place) => {
      const run = place + 1;
      return { seed, monitor, run, beganAt: origin + toBeginning(monitor, run), time };
    });
  };
  const runIdsOf = (monitorId: string) => {
    const monitor = byId.get(monitorId);
    return monitor === undefined ? [] : momentsOf(monitor).map(({ run }) => toRunId(seed, monitor, run));
  };
  const snapshotsOf = (monitorId: string) => {
    const monitor = byId.get(monitorId);
    return monitor === undefined ? [] : momentsOf(monitor).flatMap(toSnapshots).reverse();
  };

  return {
    monitorIds: [...byId.keys()],
    runIdsOf,
    findRun(monitorId, runId) {
      const monitor = byId.get(monitorId);
      const moment = monitor && momentsOf(monitor)[runIdsOf(monitorId).indexOf(runId)];
      return moment && { monitor_id: monitorId, run_id: runId, ...toRun(moment) };
    },
    snapshotsOf,
    findMonitor(monitorId) {
      const monitor = byId.get(monitorId);
      return monitor && toRecord({ seed, monitorId, monitor, origin, time: now(), snapshots: snapshotsOf(monitorId) });
    },
    isLastRunListed: (monitorId) => byId.get(monitorId)?.isLastRunListed === true,
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

/** What happens in the run, whatever of it can be seen by now. */
function tell({ seed, monitor, run, beganAt, time }: Moment) {
  const { known, url, courses, findings } = monitor;
  const course = known?.[run]?.course ?? createDice(seed, 'olostep course', url, run).pick(courses);
  const finding = known?.[run]?.finding ?? createDice(seed, 'olostep finding', url, run).pick(findings);
  const stream = `${toAgentId(seed, monitor)}/${run}`;
  const log = toLog({ seed, monitor, run, course, beganAt, stream, changed: finding !== null });
  const last = log.at(-1);
  const isStored = course !== 'lost' && last !== undefined && last.ts + storedWithin <= time;
  return { course, finding, log, endedAt: isStored ? last.ts : undefined };
}

function toRun(moment: Moment): Pick<MonitorRun, 'snapshot' | 'log_group' | 'events'> {
  const { seed, monitor, time } = moment;
  const { course, log } = tell(moment);
  const [row] = toSnapshots(moment);
  return {
    // Metadata of the snapshot: which isn't documented, so no more than what is said of it elsewhere too.
    snapshot: row === undefined ? null : { id: row.id, created: row.created, snapshot_url: row.snapshot_url },
    log_group: course === 'silent' ? null : `/olostep/agents/${toAgentId(seed, monitor)}`,
    events: log.filter(({ ingestion_ts }) => ingestion_ts <= time),
  };
}

/** The snapshot of the run, once it is stored. */
function toSnapshots(moment: Moment): Snapshot[] {
  const { seed, monitor, run } = moment;
  const { finding, endedAt } = tell(moment);
  if (endedAt === undefined) return [];
  const runId = toRunId(seed, monitor, run);
  return [
    {
      id: `event_${runId.slice('run_'.length)}`,
      run_id: runId,
      created: Math.floor(endedAt / second),
      // What Olostep says of the first snapshot isn't documented: taken for nothing, as there is none before it.
      changed: run === 1 ? null : finding !== null,
      summary: run === 1 ? null : finding,
      snapshot_url: `https://snapshots.olostep.example/${runId}?X-Amz-Signature=${createDice(seed, runId).word(16)}`,
    },
  ];
}

/** A row of the events page, of which these are sure to be there. */
type Snapshot = Schemas['MonitorEvent'] & {
  readonly id: string;
  readonly run_id: string;
  readonly created: number;
  readonly changed: boolean | null;
};

/** The monitor of the record, and its time. */
interface Told {
  readonly seed: number;
  readonly monitorId: string;
  readonly monitor: Monitor;
  /** Unix milliseconds, both of them. */
  readonly origin: number;
  readonly time: number;
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
}

/** All that there is to say. */
function toRecord({ seed, monitorId, monitor, origin, time, snapshots }: Told): Schemas['Monitor'] {
  const { query, url, status = 'active', errorMessage, settings } = monitor;
  const isPlanned = status !== 'provisioning' && status !== 'failed';
  const created = Math.floor((origin + toBeginning(monitor, 1)) / second) - 600;
  const [last] = snapshots;
  return {
    id: monitorId,
    object: 'monitor',
    query,
    status,
    ...(errorMessage !== undefined && { error_message: errorMessage }),
    // The words of `type` aren't documented; this one is ours.
    ...(isPlanned && {
      tracked: { type: 'urls', urls: [url], web_query: null },
      agent: { id: toAgentId(seed, monitor) },
    }),
    schedule: toSchedule(monitor, origin, time),
    ...settings,
    last_run: last === undefined ? null : toLastRun(last),
    created,
    updated: last?.created ?? created,
    total_count: snapshots.length,
    mermaid_diagram: isPlanned ? `graph TD\n  fetch["${url}"] --> extract --> compare` : null,
  };
}

/** The agent that does the work of a monitor. */
const toAgentId = (seed: number, { url }: Monitor): string => `fda_${createDice(seed, 'olostep agent', url).word(4)}`;

const schedules = new Map([
  [hour, { frequency: 'every hour', cron: '0 * * * ? *' }],
  [6 * hour, { frequency: 'every 6 hours', cron: '0 */6 * * ? *' }],
  [day, { frequency: 'every day', cron: '0 8 * * ? *' }],
]);

/** What the owner has requested. The sandbox runs faster than that, so that a person sees it move. */
function toSchedule(monitor: Monitor, origin: number, time: number): Schemas['MonitorSchedule'] {
  const next = countRuns(monitor, time - origin) + 1;
  return {
    ...schedules.get(monitor.every),
    timezone: 'UTC',
    next_run_at: monitor.live === undefined ? null : new Date(origin + toBeginning(monitor, next)).toISOString(),
  };
}

/** Of a run that left no snapshot, what Olostep says isn't documented: it is omitted. */
const toLastRun = ({ run_id: id, changed, created }: Snapshot): Schemas['MonitorLastRun'] => ({
  id,
  status: 'completed',
  change_detected: changed === true,
  ran_at: new Date(created * second).toISOString(),
});
