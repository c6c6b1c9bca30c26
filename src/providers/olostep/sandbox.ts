/**
 * Olostep's sandbox: its responses, as Olostep's documents say them, and how its runs go. Nothing is stored: a run is computed from the
 * seed, its number and the time.
 */
import {
  type CreateSandbox,
  countRuns,
  createDice,
  type SandboxAnswer,
  type SandboxWorld,
  second,
  toBeginning,
} from '../sandbox.ts';
import type { components } from './openapi.d.ts';
import { type Monitor, monitors, schedules, toLog } from './sandbox-monitors.ts';

type Schemas = components['schemas'];

const apiKey = 'sandbox-olostep-key';
const anyPath = /^\/v1\/monitors(?:\/([^/]+)(?:\/(events|planning)|\/runs\/([^/]+))?)?$/;

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  return {
    apiKey,
    answer({ path, query, header }) {
      const parts = anyPath.exec(path);
      if (parts === null) return noRoute;
      if (header('authorization') !== `Bearer ${apiKey}`) return toRefusal(401, 'Invalid API key');
      const [, monitorId, part, runId] = parts;
      if (monitorId === undefined) return toAnswer(toList(world, query));
      // The prefixes are all that Olostep promises of its ids, and for a single run alone it documents that it checks them.
      if (runId !== undefined && !monitorId.startsWith('monitor_')) return toRefusal(400, 'Invalid monitor_id');
      if (runId?.startsWith('run_') === false) return toRefusal(400, 'Invalid run_id');
      if (!world.monitorIds.includes(monitorId)) return toRefusal(404, 'Monitor not found');
      if (part === 'planning') return toAnswer(world.findPlanning(monitorId), 404, 'Monitor has no agent yet');
      if (part !== undefined) return toAnswer(toEventPage(world, monitorId, query));
      if (runId === undefined) return toAnswer(toMonitor(world, monitorId, query));
      // Olostep words its 404 for the monitor alone; what it says to an unknown run isn't documented.
      return toAnswer(world.findRun(monitorId, runId), 404, 'Run not found');
    },
  };
};

/** What the gateway in front of Olostep says of a path that there is none of, as Olostep's SDK knows it. */
const noRoute: SandboxAnswer = {
  status: 403,
  headers: { 'x-amzn-errortype': 'IncompleteSignatureException' },
  body: { message: 'Invalid key=value pair (missing equal-sign) in Authorization header.' },
};

/** The body, or a refusal where there is none. */
const toAnswer = (body: object | undefined, status = 404, error = 'Not found'): SandboxAnswer =>
  body === undefined ? toRefusal(status, error) : { status: 200, body };

/** Olostep documents the body of 400 alone. The others are taken to be alike. */
const toRefusal = (status: number, error: string): SandboxAnswer => ({
  status,
  body: { error } satisfies Schemas['ErrorResponse'],
});

/** All monitors; those that are deleted only if they are requested. */
function toList(world: World, query: URLSearchParams): Schemas['MonitorList'] {
  const withDeleted = isTrue(query.get('include_deleted'));
  const monitors = world.monitorIds.flatMap((monitorId) => {
    const {
      total_count: _count,
      mermaid_diagram: _diagram,
      last_run = null,
      ...row
    } = world.findMonitor(monitorId) ?? {};
    if (row.status === 'deleted' && !withDeleted) return [];
    return [world.isLastRunListed(monitorId) ? { ...row, last_run } : row];
  });
  return { monitors, count: monitors.length };
}

/** One monitor; its snapshots are counted unless that is declined, and its diagram is drawn on request. */
function toMonitor(world: World, monitorId: string, query: URLSearchParams): Schemas['Monitor'] {
  const { total_count = null, mermaid_diagram, ...record } = world.findMonitor(monitorId) ?? {};
  const isCounted = isTrue(query.get('include_total_count') ?? 'true');
  return {
    ...record,
    total_count: isCounted ? total_count : null,
    ...(isTrue(query.get('include-diagram')) && { mermaid_diagram }),
  };
}

/**
 * A page of the monitor's snapshots. Olostep checks little of its parameters, and how it reads unusual ones isn't
 * documented: here a cursor that is none counts for nothing, and so does such a limit.
 */
function toEventPage(world: World, monitorId: string, query: URLSearchParams): Schemas['MonitorEventPage'] {
  const limit = toLimit(query.get('limit'));
  const snapshots = world.snapshotsOf(monitorId);
  const cursor = query.get('cursor');
  const start = cursor === null ? 0 : snapshots.findIndex(({ run_id }) => toCursor(run_id) === cursor) + 1;
  const data = snapshots.slice(start, start + limit);
  const last = data.at(-1);
  const hasMore = last !== undefined && start + limit < snapshots.length;
  return {
    data,
    has_more: hasMore,
    next_cursor: hasMore ? toCursor(last.run_id) : null,
    total_count: snapshots.length,
  };
}

const defaultLimit = 25;
const maxPerPage = 100;

function toLimit(text: string | null): number {
  const limit = text === null || text === '' ? defaultLimit : Number(text);
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, maxPerPage) : defaultLimit;
}

/** The page behind that run. What is in Olostep's own cursors isn't documented. */
const toCursor = (runId: string) => Buffer.from(runId).toString('base64url');

const isTrue = (text: string | null) => text === 'true' || text === '1';

type MonitorRun = Schemas['MonitorRun'];

type World = ReturnType<typeof createWorld>;

/** Makes the world, with now as its origin. */
export function createWorld({ now, seed }: SandboxWorld) {
  const origin = now();
  const byId = new Map(monitors.map((monitor) => [monitor.id ?? toMonitorId(seed, monitor), monitor]));

  const momentsOf = (monitor: Monitor): Moment[] => {
    const time = now();
    return Array.from({ length: countRuns(monitor, time - origin) }, (_, place) => {
      const run = place + 1;
      return { seed, monitor, run, beganAt: origin + toBeginning(monitor, run), time };
    });
  };
  /** The runs that a monitor has by now, in the order of their beginning. */
  const runIdsOf = (monitorId: string): string[] => {
    const monitor = byId.get(monitorId);
    return monitor === undefined ? [] : momentsOf(monitor).map(({ run }) => toRunId(seed, monitor, run));
  };
  /** The snapshots that a monitor has by now, newest first. */
  const snapshotsOf = (monitorId: string): Snapshot[] => {
    const monitor = byId.get(monitorId);
    return monitor === undefined ? [] : momentsOf(monitor).flatMap(toSnapshots).reverse();
  };

  return {
    monitorIds: [...byId.keys()],
    runIdsOf,
    /** The run as it stands now; `undefined` when there is none, or none yet. */
    findRun(monitorId: string, runId: string): MonitorRun | undefined {
      const monitor = byId.get(monitorId);
      const moment = monitor && momentsOf(monitor)[runIdsOf(monitorId).indexOf(runId)];
      return moment && { monitor_id: monitorId, run_id: runId, ...toRun(moment) };
    },
    snapshotsOf,
    /** The monitor as it stands now, with all that can be said of it; `undefined` when there is none. */
    findMonitor(monitorId: string): Schemas['Monitor'] | undefined {
      const monitor = byId.get(monitorId);
      return monitor && toRecord({ seed, monitorId, monitor, origin, time: now(), snapshots: snapshotsOf(monitorId) });
    },
    /** The plan of the monitor's agent; `undefined` when it has none yet. */
    findPlanning(monitorId: string): Schemas['MonitorPlanning'] | undefined {
      const record = this.findMonitor(monitorId);
      if (record?.agent === undefined) return undefined;
      const { query, created } = record;
      const [url] = record.tracked?.urls ?? [];
      // The words of `status` aren't documented; this one is ours.
      const saved_at = new Date((Number(created) + 30) * second).toISOString();
      return {
        spec: { saved_at, status: 'saved', goal: query ?? null, reasoning: `All of it is at ${url}.` },
      };
    },
    /** Whether the list says when the monitor ran last. */
    isLastRunListed: (monitorId: string): boolean => byId.get(monitorId)?.isLastRunListed !== false,
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
