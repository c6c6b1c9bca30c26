/** Random worlds of monitors and runs at both providers, and by brute force what the run feed has to deliver of them. */

import { ProviderError } from '../../src/core/errors.ts';
import { defaultLimits } from '../../src/core/limits.ts';
import type { Provider, QueryRunsArgs, RunOutcome } from '../../src/generated/types.ts';
import { SelectedFields, type SelectedOf } from '../../src/graphql/selected-fields.ts';
import { ParsedObject } from '../../src/json/lazy-object.ts';
import { RequestLog, silentLog } from '../../src/observability/logger.ts';
import { Accounts } from '../../src/providers/accounts.ts';
import { Context } from '../../src/resolvers/context.ts';
import { readRunFeed } from '../../src/resolvers/run-feed/run-feed.ts';
import { createMemoryCache, type RunCache } from '../../src/run-cache/run-cache.ts';
import { OperationCall } from '../../src/upstream/call-context.ts';
import { CancelSource, OperationDeadline, TimeoutQueue } from '../../src/upstream/deadline.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { toCredential } from './credential.ts';

/** The time of the first page in every world. */
export const firstPageTime = Date.parse('2026-11-20T08:00:00.000Z');

/** A run may start so much later than the list of monitors says. */
const maxLagMs = 5 * 60_000;

export interface WorldRun {
  readonly id: string;
  /** Unix milliseconds; `undefined` when the list doesn't say. */
  time: number | undefined;
  /** `undefined`: the row has one that can't be read. */
  readonly outcome: RunOutcome | null | undefined;
}

export interface WorldMonitor {
  readonly provider: Provider;
  readonly id: string;
  readonly createdAt: number;
  /** In the order of the list. */
  readonly runs: WorldRun[];
  /** What the list of monitors says of its last run. */
  readonly saysLastRun: 'yes' | 'null' | 'nothing';
  /** Of which run the list of monitors says the state: of the newest one, or of the newest one that has started. No document says. */
  readonly saysStateOf: 'newest' | 'started';
  readonly lagMs: number;
  /** `undefined`: its row doesn't say. Olostep's have none. */
  readonly tags: readonly string[] | null | undefined;
  isFailing: boolean;
}

export interface RandomWorld {
  readonly monitors: WorldMonitor[];
  readonly isOffsetCursor: boolean;
  /** The most rows of a page of any list, whatever was requested. */
  readonly maxRows: number;
  readonly unitMs: number;
  failingLists: Provider[];
}

export type Random = () => number;

/** Mulberry32: the same numbers for the same seed, everywhere. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random: Random, end: number): number => Math.floor(random() * end);
export const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)] as Item;
const chance = (random: Random, share: number): boolean => random() < share;

let runIds = 0;
const toRunId = (provider: Provider, random: Random): string => {
  const number = 1_000_000 + (runIds++ % 900_000) * 7 + below(random, 7);
  return provider === 'DATAFOLD' ? String(number) : `run_${number.toString(36)}`;
};

const datedOutcomes = ['PASSED', 'PASSED', 'PASSED', 'FINDING', 'ERRORED'] as const;

function createRun(provider: Provider, time: number | undefined, random: Random, mayFail: boolean): WorldRun {
  const dated =
    provider === 'OLOSTEP' ? pick(random, ['PASSED', 'FINDING', 'UNKNOWN'] as const) : pick(random, datedOutcomes);
  const outcome =
    time === undefined && provider === 'DATAFOLD' ? pick(random, ['SKIPPED', 'CANCELLED', null] as const) : dated;
  return { id: toRunId(provider, random), time, outcome: mayFail && chance(random, 0.03) ? undefined : outcome };
}

export interface WorldOptions {
  readonly mayFail: boolean;
  readonly maxMonitors?: number;
}

export function createRandomWorld(random: Random, { mayFail, maxMonitors = 14 }: WorldOptions): RandomWorld {
  runIds = 0;
  const unitMs = pick(random, [1_000, 60_000, 3_600_000]);
  const span = pick(random, [2, 12, 60]);
  const undatedShare = pick(random, [0, 0, 0.2, 0.5]);
  const maxRuns = pick(random, [3, 8, 30]);
  const monitors = Array.from({ length: below(random, maxMonitors + 1) }, (_, place): WorldMonitor => {
    const provider: Provider = chance(random, 0.6) ? 'DATAFOLD' : 'OLOSTEP';
    const times = Array.from(
      { length: below(random, maxRuns + 1) },
      () => firstPageTime - below(random, span) * unitMs,
    );
    times.sort((one, other) => other - one);
    const runs = times.map((time) =>
      createRun(provider, chance(random, undatedShare) ? undefined : time, random, mayFail),
    );
    return {
      provider,
      id: provider === 'DATAFOLD' ? String(place + 1) : `monitor_${place}`,
      createdAt: firstPageTime - 400 * 86_400_000,
      runs,
      saysLastRun: pick(random, ['yes', 'yes', 'yes', 'null', 'nothing'] as const),
      lagMs: pick(random, [0, 0, unitMs === 1_000 ? 2_000 : 120_000]),
      isFailing: mayFail && chance(random, 0.1),
      saysStateOf: pick(random, ['newest', 'newest', 'started'] as const),
      // By its place, so that it takes no random choice from the others.
      tags: [['a', 'b'], ['b'], null, mayFail ? undefined : ['a'], ['x', 'a']][place % 5],
    };
  });
  return {
    monitors,
    unitMs,
    isOffsetCursor: chance(random, 0.5),
    maxRows: pick(random, [2, 5, 100]),
    failingLists: mayFail && chance(random, 0.05) ? [pick(random, ['DATAFOLD', 'OLOSTEP'] as const)] : [],
  };
}

/** Runs that come in, start late, or whose monitors are deleted or created while a client pages. */
export function changeWorld(world: RandomWorld, now: number, random: Random) {
  /** Runs that start now belong to a later window, whether or not a page has shown them. */
  const started: string[] = [];
  /** Runs without a start that come in at the top of their list: while a page stands at the snapshot's time, it may show them. */
  const queued: string[] = [];
  /** Runs without a start that are placed by what the list of monitors said of the run below them, which it says no more. */
  const displaced: string[] = [];
  /** Runs without a start that may come twice: cursors that count from the top name other rows once there are more above. */
  const repeatable: string[] = [];
  for (const monitor of world.monitors) {
    const { provider, id, runs } = monitor;
    const [top] = runs;
    if (provider === 'OLOSTEP' && world.isOffsetCursor)
      for (const run of runs) if (!hasTime(run)) repeatable.push(`${provider}:${id}:${run.id}`);
    const startless = Number.isFinite(toRowBound(monitor)) ? runs.slice(0, runs.findIndex(hasTime)) : [];
    // Olostep's times are whole seconds.
    const later = Math.max(Math.ceil(now / 1_000) * 1_000, firstPageTime + 1_000);
    if (top !== undefined && top.time === undefined && chance(random, 0.2)) {
      top.time = later;
      started.push(`${provider}:${id}:${top.id}`);
    } else if (chance(random, 0.3)) {
      // Now and then more than a page of them.
      for (let left = chance(random, 0.2) ? 1 + below(random, 6) : 1; left > 0; left--) {
        const isDated = provider === 'OLOSTEP' || chance(random, 0.8);
        const run = createRun(provider, isDated ? later : undefined, random, false);
        runs.unshift(run);
        if (!isDated) queued.push(`${provider}:${id}:${run.id}`);
      }
    }
    if (!Number.isFinite(toRowBound(monitor)) || toRowBound(monitor) > firstPageTime)
      for (const run of startless) displaced.push(`${provider}:${id}:${run.id}`);
  }
  if (chance(random, 0.1)) {
    const provider: Provider = 'DATAFOLD';
    const runs = [createRun(provider, now + 1_000, random, false)];
    const id = String(1_000 + runIds++);
    world.monitors.push({ ...plain, provider, id, createdAt: now + 1, runs });
  }
  const isDeleting = world.monitors.length > 0 && chance(random, 0.1);
  const deleted = isDeleting ? world.monitors.splice(below(random, world.monitors.length), 1) : [];
  // Another one may come in its place, as when tags or rights change: an old monitor, first by its id.
  if (isDeleting && chance(random, 0.5)) {
    const createdAt = firstPageTime - 400 * 86_400_000;
    world.monitors.unshift({ ...plain, provider: 'DATAFOLD', id: String(100_000 + runIds++), createdAt, runs: [] });
  }
  return { started, queued, displaced, repeatable, deleted: deleted.map(({ provider, id }) => `${provider} ${id}`) };
}

const plain = { saysLastRun: 'yes', saysStateOf: 'newest', lagMs: 0, tags: null, isFailing: false } as const;

const hasTime = ({ time }: WorldRun): boolean => time !== undefined;

export interface ExpectedRun {
  readonly provider: Provider;
  readonly monitorId: string;
  readonly runId: string;
  readonly time: number;
  /** Whether a filter can't be held against it. */
  readonly isUnreadable: boolean;
}

const compare = (one: ExpectedRun, other: ExpectedRun): number =>
  other.time - one.time ||
  (one.provider === other.provider ? 0 : one.provider < other.provider ? -1 : 1) ||
  (one.monitorId === other.monitorId ? 0 : one.monitorId < other.monitorId ? -1 : 1) ||
  (one.runId < other.runId ? -1 : 1);

/** Whether Olostep's lists can have runs with one of the outcomes. */
const isOlostepListed = ({ outcomes }: QueryRunsArgs): boolean =>
  !outcomes || outcomes.some((outcome) => ['PASSED', 'FINDING', 'UNKNOWN'].includes(outcome));

/** Whether the monitor has all tags that are wanted; `undefined` when its row doesn't say. */
export function hasWantedTags({ provider, tags }: WorldMonitor, args: QueryRunsArgs): boolean | undefined {
  if (!args.tags?.length) return true;
  if (provider === 'OLOSTEP') return false;
  return tags === undefined ? undefined : args.tags.every((tag) => tags?.includes(tag));
}

/** All runs that the pages have to deliver, in order, by looking at each at the time of the first page. */
export function toExpected({ monitors }: RandomWorld, args: QueryRunsArgs): ExpectedRun[] {
  const since = args.since ? Date.parse(args.since) : -Infinity;
  const until = args.until ? Date.parse(args.until) : Infinity;
  const end = Math.min(until, firstPageTime);
  return monitors
    .filter((monitor) => hasWantedTags(monitor, args) === true)
    .flatMap((monitor) => {
      const { provider, id: monitorId, runs } = monitor;
      let above = until < firstPageTime ? Infinity : Math.min(end, toRowBound(monitor));
      return runs.map(({ id: runId, time, outcome }) => {
        above = time ?? above;
        const isByState = args.outcomes != null || (args.phases != null && provider === 'DATAFOLD');
        const isUnreadable = outcome === undefined && isByState;
        const phase = outcome !== null ? 'FINISHED' : time === undefined ? 'PENDING' : 'RUNNING';
        return { provider, monitorId, runId, time: above, outcome, phase, isUnreadable } as const;
      });
    })
    .filter(({ time }) => time >= since && time <= end)
    .filter(({ provider }) => args.providers?.includes(provider) ?? true)
    .filter(({ provider }) => provider === 'DATAFOLD' || isOlostepListed(args))
    .filter(({ phase, isUnreadable }) => isUnreadable || !args.phases || args.phases.includes(phase))
    .filter(
      ({ outcome, isUnreadable }) => isUnreadable || !args.outcomes || args.outcomes.includes(outcome as RunOutcome),
    )
    .sort(compare);
}

const states: Readonly<Record<string, string>> = {
  PASSED: 'ok',
  FINDING: 'alert',
  ERRORED: 'error',
  SKIPPED: 'skipped',
  CANCELLED: 'cancelled',
};

const toState = ({ outcome, time }: WorldRun): string | null =>
  outcome === undefined
    ? null
    : outcome === null
      ? time === undefined
        ? 'queued'
        : 'checking'
      : (states[outcome] ?? 'ok');

const toText = (time: number): string => new Date(time).toISOString();

/** When the list of monitors says that the monitor ran last. */
function toLastRun({ runs, saysLastRun, lagMs }: WorldMonitor): string | null | undefined {
  if (saysLastRun === 'nothing') return undefined;
  const last = Math.max(...runs.map(({ time }) => time ?? -Infinity));
  return saysLastRun === 'null' || last === -Infinity ? null : toText(last - lagMs);
}

/** The state that it says. */
function toMonitorState({ runs, saysStateOf }: WorldMonitor): string | null {
  const run = (saysStateOf === 'started' ? runs.find(hasTime) : undefined) ?? runs[0];
  return run === undefined ? null : (toState(run) ?? 'ok');
}

/** Whether it says when an Olostep monitor ran last, as no run without a time is newer. */
const isLastRunSaid = ({ runs, saysStateOf }: WorldMonitor): boolean =>
  saysStateOf === 'started' || runs[0]?.time !== undefined;

/** By what it says, no run of the monitor is later; infinity when it doesn't say. */
function toRowBound(monitor: WorldMonitor): number {
  const lastRun = toLastRun(monitor);
  const isSure =
    monitor.provider === 'OLOSTEP'
      ? isLastRunSaid(monitor)
      : ['ok', 'alert', 'error'].includes(toMonitorState(monitor) ?? '');
  return lastRun == null || !isSure ? Infinity : Date.parse(lastRun) + maxLagMs;
}

/** Both providers, as their documents have them. */
function serve(world: RandomWorld, path: string): object {
  const url = new URL(path, 'http://upstream');
  const get = (name: string) => Number(url.searchParams.get(name));
  const own = (provider: Provider) => world.monitors.filter((monitor) => monitor.provider === provider);
  const toNumbered = (name: string, items: readonly object[]) => {
    const size = Math.min(get('page_size'), world.maxRows);
    const page = get('page');
    const part = items.slice((page - 1) * size, page * size);
    return { count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size), [name]: part };
  };
  if (url.pathname === '/api/v1/monitors') {
    if (world.failingLists.includes('DATAFOLD')) throw new ProviderError('DATAFOLD', 'UPSTREAM_UNAVAILABLE');
    const rows = own('DATAFOLD').map((monitor) => ({
      id: Number(monitor.id),
      created_at: toText(monitor.createdAt),
      last_run: toLastRun(monitor),
      state: toMonitorState(monitor),
      tags: monitor.tags,
    }));
    return toNumbered('monitors', rows);
  }
  if (url.pathname === '/v1/monitors') {
    if (world.failingLists.includes('OLOSTEP')) throw new ProviderError('OLOSTEP', 'UPSTREAM_UNAVAILABLE');
    const monitors = own('OLOSTEP').map((monitor) => {
      const ran_at = toLastRun(monitor);
      const last_run = ran_at === undefined ? undefined : ran_at && { ran_at };
      return {
        id: monitor.id,
        status: 'active',
        created: Math.floor(monitor.createdAt / 1_000),
        ...(isLastRunSaid(monitor) && { last_run }),
      };
    });
    return { monitors, count: monitors.length };
  }
  const [, id] = /\/monitors\/(\w+)\/(?:runs|events)$/.exec(url.pathname) ?? [];
  const monitor = world.monitors.find((one) => one.id === id);
  if (monitor === undefined) throw new NotFound();
  if (monitor.isFailing) throw new ProviderError(monitor.provider, 'UPSTREAM_UNAVAILABLE');
  if (monitor.provider === 'DATAFOLD') {
    const rows = monitor.runs.map((run) => {
      const started_at = run.time === undefined ? null : toText(run.time);
      return { run_id: Number(run.id), monitor_id: Number(id), started_at, state: toState(run) };
    });
    return toNumbered('runs', rows);
  }
  const rows = monitor.runs.map(({ id: run_id, time, outcome }) => ({
    run_id,
    created: time === undefined ? null : time / 1_000,
    changed: outcome === undefined ? 'yes' : outcome === 'UNKNOWN' ? null : outcome === 'FINDING',
  }));
  const cursor = url.searchParams.get('cursor');
  const place = world.isOffsetCursor ? Number(cursor ?? 0) : rows.findIndex(({ run_id }) => run_id === cursor) + 1;
  const end = place + Math.min(get('limit'), world.maxRows);
  const next_cursor = end >= rows.length ? null : world.isOffsetCursor ? String(end) : rows[end - 1]?.run_id;
  return { data: rows.slice(place, end), has_more: end < rows.length, next_cursor, total_count: rows.length };
}

class NotFound extends Error {}

/** `forgetful` loses half of what it is given. */
export type CacheKind = 'memory' | 'none' | 'forgetful';

export function createCache(kind: CacheKind, random: Random): RunCache | undefined {
  if (kind === 'none') return undefined;
  const memory = createMemoryCache(defaultLimits);
  if (kind === 'memory') return memory;
  return { ...memory, write: (...copy) => (random() < 0.5 ? undefined : memory.write(...copy)) };
}

export interface FeedRequest {
  readonly world: RandomWorld;
  readonly args: QueryRunsArgs;
  readonly runFeedMaxCalls: number;
  readonly runCache: RunCache | undefined;
  readonly limits?: Partial<typeof defaultLimits>;
}

/** A page of the feed, and what it was read with. */
export async function readWorldPage({ world, args, runFeedMaxCalls, runCache, limits }: FeedRequest) {
  const paths: string[] = [];
  const upstream: Upstream = {
    async getJson({ path }) {
      paths.push(path);
      try {
        return new ParsedObject(JSON.parse(JSON.stringify(serve(world, path))));
      } catch (error) {
        if (error instanceof NotFound) return null;
        throw error;
      }
    },
    async close() {},
  };
  const credential = toCredential('Key canary-key', 'service', 'http://upstream');
  const context = new Context({
    upstreams: { DATAFOLD: upstream, OLOSTEP: upstream },
    accounts: new Accounts([]),
    credentialOf: () => credential,
    call: new OperationCall(
      new RequestLog(silentLog, 'test', 0),
      new OperationDeadline(new TimeoutQueue(15_000), new CancelSource()),
    ),
    limits: { ...defaultLimits, listPageSize: world.maxRows, ...limits, runFeedMaxCalls },
    runCache,
  });
  const feed = await readRunFeed(args, context, selectedOf);
  const ids = feed.nodes.map((node) => (node as { id: string }).id);
  return { ...feed, ids, paths };
}

export const toId = ({ provider, monitorId, runId }: ExpectedRun): string => `${provider}:${monitorId}:${runId}`;

/** How many pages the lists of monitors have. */
export function countListPages({ monitors, maxRows }: RandomWorld): number {
  const datafold = monitors.filter(({ provider }) => provider === 'DATAFOLD').length;
  return Math.max(1, Math.ceil(datafold / maxRows)) + 1;
}

/** Only what runs have in detail. */
const selectedOf: SelectedOf = Object.assign(() => new SelectedFields([['id']]), {
  places: 1,
  inPage: () => selectedOf,
  hasCursor: () => true,
});
