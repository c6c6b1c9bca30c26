import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createRedisCache } from '../../src/run-cache/redis/redis-cache.ts';
import { holdDate } from '../support/clock.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import { callsOf, type FeedPage, gapsOf, idsOf, pageThrough, type WorldConfig } from '../support/run-feed-world.ts';
import {
  createFleet,
  type FleetMonitor,
  failsOfTwenty,
  hourMs,
  serveDatafoldFleet,
  serveOlostepFleet,
  toExpectedIds,
} from '../support/run-fleet.ts';
import { createListingWorld } from '../support/world.ts';

beforeEach(() => holdDate(nowText));

const now = Date.parse(nowText);
const dayAgo = now - 24 * hourMs;
const since = `since: "${new Date(dayAgo).toISOString()}"`;
/** As it is by default: in memory. */
const withCache: WorldConfig = { runCache: true };
const withoutCache: WorldConfig = { runCache: false };

type Fleets = { readonly DATAFOLD?: readonly FleetMonitor[]; readonly OLOSTEP?: readonly FleetMonitor[] };

async function createFleetWorld(config: WorldConfig, { DATAFOLD = [], OLOSTEP = [] }: Fleets) {
  const world = await createListingWorld(config);
  serveDatafoldFleet(world.datafold, DATAFOLD);
  serveOlostepFleet(world.olostep, OLOSTEP);
  return world;
}

/** Datafold's lists of monitors come in pages of 100, Olostep's whole. */
const countListPages = ({ DATAFOLD = [] }: Fleets): number => Math.ceil(DATAFOLD.length / 100) + 1;

const expectWhole = (pages: readonly FeedPage[], ids: readonly string[]) => {
  expect(idsOf(pages)).toEqual(ids);
  expect(gapsOf(pages)).toEqual([]);
  for (const { isComplete } of pages) expect(isComplete).toBe(true);
};

const toFleet = (count: number, stateOf?: (monitor: number, run: number) => string): FleetMonitor[] =>
  createFleet({ count, now, runs: 8, ...(stateOf && { stateOf }) });

const fleets: readonly (readonly [string, Fleets])[] = [
  ['60 of Datafold', { DATAFOLD: toFleet(60) }],
  ['100 of Datafold', { DATAFOLD: toFleet(100) }],
  [
    '100 of Datafold that ran within an hour',
    { DATAFOLD: createFleet({ count: 100, now, runs: 8, spreadMs: hourMs }) },
  ],
  ['60 of Datafold and 40 of Olostep', { DATAFOLD: toFleet(60), OLOSTEP: toFleet(40) }],
];

describe.each(fleets)('The run feed of a fleet of %s, with four runs each in 24 hours', (_what, fleet) => {
  const monitors = (fleet.DATAFOLD ?? []).length + (fleet.OLOSTEP ?? []).length;
  const expected = toExpectedIds(fleet, dayAgo);

  it.each([20, 100])('delivers all in pages of %i, for a call a monitor and list page in total', async (first) => {
    const pages = await pageThrough(await createFleetWorld(withCache, fleet), `${since} first: ${first}`);

    expect(expected).toHaveLength(4 * monitors);
    expectWhole(pages, expected);
    expect(callsOf(pages)).toBe(monitors + countListPages(fleet));
    // Pages are full but the last: no page had too few calls.
    expect(pages.map(({ ids }) => ids.length)).toEqual(
      pages.map((_, n) => Math.min(first, expected.length - n * first)),
    );
  });

  it('delivers the same runs without a cache', async () => {
    const pages = await pageThrough(await createFleetWorld(withoutCache, fleet), `${since} first: 100`);

    expectWhole(pages, expected);
    for (const { calls } of pages) expect(calls).toBeLessThanOrEqual(defaultLimits.runFeedMaxCalls);
  });

  // On a laptop a missing Redis skips this, as it does the tests of Redis itself; in CI it fails.
  it.skipIf(!hasRedisServer && !process.env.CI)('costs the same calls with a cache in Redis', async () => {
    const { url } = await startRedisServer();
    // The machines of tests are slow and shared.
    const limits = { redisTimeoutMs: 5_000 };
    const runCache = await createRedisCache({ url, log: silentLog, limits: { ...defaultLimits, ...limits } });
    onTestFinished(() => runCache.close());
    const pages = await pageThrough(await createFleetWorld({ runCache, limits }, fleet), `${since} first: 20`);

    expectWhole(pages, expected);
    expect(callsOf(pages)).toBe(monitors + countListPages(fleet));
  });
});

describe('The run feed, filtered by `outcomes: [ERRORED]`', () => {
  const given = `${since} outcomes: [ERRORED]`;
  const isError = ({ state }: { readonly state: string }) => state === 'error';

  it.each([
    ['all runs', 'a cache', () => 'error', withCache],
    ['one run of twenty', 'a cache', failsOfTwenty, withCache],
    ['all runs', 'no cache', () => 'error', withoutCache],
    ['one run of twenty', 'no cache', failsOfTwenty, withoutCache],
  ])('delivers all failures of 200 monitors where %s failed, with %s', async (_what, _cache, stateOf, config) => {
    const fleet = { DATAFOLD: toFleet(200, stateOf) };
    const pages = await pageThrough(await createFleetWorld(config, fleet), `${given} first: 100`);

    expectWhole(pages, toExpectedIds(fleet, dayAgo, isError));
    // No run of Olostep's lists has failed: its list of monitors isn't requested.
    if (config === withCache) expect(callsOf(pages)).toBe(200 + 2);
  });

  it('has on its first page the failures of 80 monitors', async () => {
    const fleet = { DATAFOLD: toFleet(80, failsOfTwenty) };
    const [page] = await pageThrough(await createFleetWorld(withoutCache, fleet), `${given} first: 20`);

    const expected = toExpectedIds(fleet, dayAgo, isError);
    expect(expected).toHaveLength(16);
    expect(page).toMatchObject({ ids: expected, gaps: [], isComplete: true, pageInfo: { hasNextPage: false } });
  });
});
