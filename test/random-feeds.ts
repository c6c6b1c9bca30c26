/** Worlds of monitors and runs at providers that keep to their contract, and what a feed of them should be. */
import fc from 'fast-check';
import { Context } from '../src/context.ts';
import { BadUserInput, ProviderError } from '../src/errors.ts';
import { readFeed } from '../src/feed/feed.ts';
import { compare } from '../src/feed/order.ts';
import type { FeedDefinition } from '../src/feed/source.ts';
import { SelectedFields, type SelectedOf } from '../src/fetching/selected.ts';
import type { Provider, QueryRunsArgs, RunOutcome } from '../src/generated/types.ts';
import { ParsedMembers } from '../src/json/members.ts';
import { defaultLimits } from '../src/limits.ts';
import type { ListWalk, MonitorRow, Page, Run, RunRow, RunWindow } from '../src/providers/provider.ts';
import { createCall } from '../src/upstream/call.ts';
import { createCredential } from '../src/upstream/credential.ts';
import { OwnEnding } from '../src/upstream/ending.ts';
import type { Upstream } from '../src/upstream/upstream.ts';

export interface FeedRun {
  readonly provider: Provider;
  readonly monitorId: string;
  readonly runId: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly outcome: RunOutcome;
}

export interface FeedMonitor {
  readonly provider: Provider;
  readonly monitorId: string;
  /** In no order. */
  readonly runs: FeedRun[];
  /** Whether the list of monitors says when it ran last. */
  readonly saysLastRun: boolean;
  readonly isFailing: boolean;
}

export interface FeedWorld {
  readonly monitors: readonly FeedMonitor[];
  readonly failingLists: readonly Provider[];
  /** How many rows a page of any list has at the most, whatever it is asked for. */
  readonly mostRows: number;
  /** By how much the lists of monitors may have their last runs too early. */
  readonly lagMs: number;
}

/** The time that it is in these worlds. */
export const now = Date.parse('2026-11-20T08:00:00.000Z');

const outcomes = ['PASSED', 'FINDING', 'ERRORED'] as const;

const monitor = (span: number) =>
  fc.record({
    provider: fc.constantFrom<Provider>('DATAFOLD', 'OLOSTEP'),
    saysLastRun: fc.boolean(),
    isFailing: fc.boolean(),
    runs: fc.array(fc.record({ ago: fc.nat({ max: span }), outcome: fc.constantFrom(...outcomes) }), { maxLength: 12 }),
  });

/** @param mayFail whether some monitors and lists do */
export const feedWorld = (mayFail: boolean): fc.Arbitrary<FeedWorld> =>
  fc
    .record({
      // Few instants for many runs, so that many have the same time.
      monitors: fc.constantFrom(3, 40).chain((span) => fc.array(monitor(span), { maxLength: 12 })),
      failingLists: fc.subarray<Provider>(['DATAFOLD', 'OLOSTEP']),
      failsAt: fc.nat({ max: 3 }),
      mostRows: fc.constantFrom(2, 5, 100),
      lagMs: fc.constantFrom(0, 4),
    })
    .map(({ monitors, failingLists, failsAt, mostRows, lagMs }) => ({
      monitors: monitors.map(({ provider, saysLastRun, isFailing, runs }, place): FeedMonitor => {
        const monitorId = String(place);
        // The ids of runs of the same time are in no order, either.
        const toRunId = (run: number) => String((run * 7) % 12);
        return {
          provider,
          monitorId,
          saysLastRun,
          isFailing: mayFail && isFailing,
          runs: runs.map(({ ago, outcome }, run) => ({
            ...{ provider, monitorId, runId: toRunId(run) },
            ...{ time: now - ago, outcome },
          })),
        };
      }),
      failingLists: mayFail && failsAt === 0 ? failingLists : [],
      mostRows,
      lagMs,
    }));

/** All runs of the world that there are to be shown, by looking at each. */
export const allRuns = ({ monitors }: FeedWorld, args: QueryRunsArgs): readonly FeedRun[] =>
  monitors
    .flatMap(({ runs }) => runs)
    .filter(({ time }) => time <= now && (!args.since || time >= Date.parse(args.since)))
    .filter(({ time }) => !args.until || time <= Date.parse(args.until))
    .filter(({ provider }) => !args.providers || args.providers.includes(provider))
    .filter(({ outcome }) => !args.outcomes || args.outcomes.includes(outcome))
    .sort(compare);

/** A page of the feed of the world, and how many upstream calls it took. */
export async function readRandomFeed(world: FeedWorld, args: QueryRunsArgs, maxFeedCalls: number) {
  let calls = 0;
  const upstream: Upstream = {
    async getJson({ path }) {
      calls++;
      return new ParsedMembers({ path });
    },
    async close() {},
  };
  const credential = createCredential('Key canary-key', 'service', 'https://datafold.test');
  const context = new Context({
    upstreams: { DATAFOLD: upstream, OLOSTEP: upstream },
    credentialOf: () => credential,
    call: createCall('test', new OwnEnding()),
    limits: { ...defaultLimits, maxFeedCalls },
  });
  const runs = { toListed: (key: object) => key };
  const definitions = { DATAFOLD: define(world, 'DATAFOLD'), OLOSTEP: define(world, 'OLOSTEP') };
  const { feeds, monitors, maxLevels } = context;
  const known = { ...context, feeds, monitors, maxLevels };
  const feed = await readFeed(args, { ...known, runs: runs as never }, selectedOf, definitions);
  return { ...feed, nodes: feed.nodes as readonly FeedRun[], calls };
}

function define({ monitors, failingLists, mostRows, lagMs }: FeedWorld, provider: Provider): FeedDefinition {
  const own = monitors.filter((monitor) => monitor.provider === provider);
  const toMonitorRow = ({ monitorId, runs, saysLastRun }: FeedMonitor): MonitorRow => {
    const last = runs.length === 0 ? null : Math.max(...runs.map(({ time }) => time));
    const lag = Number(monitorId) % (lagMs + 1);
    return { monitorId, row: new ParsedMembers({}), lastRunAt: saysLastRun ? last && last - lag : undefined };
  };
  const walk = (): ListWalk<MonitorRow> => ({
    first: { path: '0', echoes: {} },
    read(page) {
      if (failingLists.includes(provider)) throw new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');
      const place = Number(page.get('path'));
      const next = place + 5 < own.length ? { path: String(place + 5), echoes: {} } : undefined;
      return { rows: own.slice(place, place + 5).map(toMonitorRow), next };
    },
  });

  const readPage: FeedDefinition['runs']['readPage'] = async (get, monitorId, window) => {
    const { runs = [], isFailing } = own.find((monitor) => monitor.monitorId === monitorId) ?? {};
    const offset = toOffset(window, provider);
    await get({ path: `${monitorId} ${toCursor(window, offset)} ${window.first}`, echoes: {} });
    if (isFailing) throw new ProviderError(provider, 'UPSTREAM_UNAVAILABLE');
    const rows = runs
      .filter(({ time }) => !window.startedAfter || time >= Date.parse(window.startedAfter))
      .filter(({ time }) => !window.startedBefore || time <= Date.parse(window.startedBefore))
      .sort((one, other) => other.time - one.time);
    const end = offset + Math.min(window.first, mostRows);
    const items = rows.slice(offset, end).map(({ runId, time, outcome }, place) => ({
      cursor: toCursor(window, offset + place + 1),
      row: { runId, time, row: new ParsedMembers({ outcome }) },
    }));
    return { items, hasNextPage: end < rows.length, hasPreviousPage: offset > 0, totalCount: null } as Page<RunRow>;
  };

  return {
    monitors: { walk, mostPages: 10, isKey: () => true, lagMs },
    runs: { readPage, toListedRun: (_key, row) => ({ outcome: row.get('outcome') }) as Run },
  };
}

/** Good in its window alone, as the contract has it. */
const toCursor = ({ startedAfter = '', startedBefore = '' }: RunWindow, offset: number) =>
  `${startedAfter} ${startedBefore} ${offset}`;

function toOffset(window: RunWindow, provider: Provider): number {
  if (typeof window.after !== 'string') return 0;
  const offset = Number(window.after.split(' ').at(-1));
  if (window.after !== toCursor(window, offset)) throw new BadUserInput('Expected a cursor of this window.', provider);
  return offset;
}

/** Nothing but what runs have by themselves. */
const selectedOf: SelectedOf = Object.assign(() => new SelectedFields(['id']), { places: 1, inPage: () => selectedOf });
