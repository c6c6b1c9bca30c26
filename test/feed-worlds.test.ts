import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import { compare } from '../src/feed/order.ts';
import type { QueryRunsArgs } from '../src/generated/types.ts';
import { holdDate } from './clock.ts';
import { allRuns, type FeedRun, type FeedWorld, feedWorld, now, readRandomFeed } from './random-feeds.ts';

beforeEach(() => holdDate(new Date(now).toISOString()));

const time = fc.option(
  fc.nat({ max: 50 }).map((ago) => new Date(now - ago).toISOString()),
  { nil: undefined },
);
const question: fc.Arbitrary<QueryRunsArgs> = fc
  .record({
    since: time,
    until: time,
    outcomes: fc.option(fc.subarray(['PASSED', 'FINDING', 'ERRORED'] as const, { minLength: 1 }), { nil: undefined }),
    providers: fc.option(fc.subarray(['DATAFOLD', 'OLOSTEP'] as const, { minLength: 1 }), { nil: undefined }),
  })
  .map(({ since, until, ...rest }) => (since && until && since > until ? rest : { since, until, ...rest }))
  .map((args) => Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)));

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const toName = ({ provider, monitorId, runId }: FeedRun) => `${provider}:${monitorId}:${runId}`;
/** Without those that have the time of another one. */
const distinct = (runs: readonly FeedRun[]) => [...new Map(runs.map((run) => [run.time, run])).values()];
const toNames = (runs: readonly FeedRun[]) => runs.map(toName);

/** A page of one run is full, while a monitor that isn't read is thought to have one later than the next. */
const fullPageBeforeLateMonitor: FeedWorld = {
  monitors: (
    [
      ['DATAFOLD', false, []],
      ['DATAFOLD', false, [-1]],
      ['OLOSTEP', true, [0]],
      ['OLOSTEP', false, [0]],
    ] as const
  ).map(([provider, saysLastRun, times], place) => {
    const monitorId = String(place);
    const toRun = (time: number, run: number): FeedRun => {
      return { provider, monitorId, runId: String(run), time: 1795161600000 + time, outcome: 'PASSED' };
    };
    return { provider, monitorId, saysLastRun, isFailing: false, runs: times.map(toRun) };
  }),
  failingLists: [],
  mostRows: 2,
  lagMs: 4,
};

it('is what one would get by looking at every run, page by page, while new runs come in', async () => {
  await fc.assert(
    fc.asyncProperty(feedWorld(false), question, sizes, async (world, args, sizes) => {
      const expected = toNames(allRuns(world, args));
      let after: string | null = null;
      let shown = 0;
      for (let page = 0; after !== null || page === 0; page++) {
        const first = sizes[page % sizes.length] as number;
        const { nodes, pageInfo, gaps, calls } = await readRandomFeed(world, { ...args, first, after }, 200);

        expect(toNames(nodes)).toEqual(expected.slice(shown, shown + first));
        expect(gaps).toEqual([]);
        expect(calls).toBeLessThanOrEqual(200);
        shown += nodes.length;
        expect(pageInfo.hasNextPage || shown === expected.length).toBe(true);
        expect(page).toBeLessThanOrEqual(expected.length);
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;

        vi.setSystemTime(now + page + 1);
        for (const { provider, monitorId, runs } of world.monitors)
          runs.push({ provider, monitorId, runId: `new${page}`, time: now + page + 1, outcome: 'PASSED' });
      }
      vi.setSystemTime(now);
    }),
    { numRuns: 400 },
  );
});

it('goes on behind any edge', async () => {
  await fc.assert(
    fc.asyncProperty(feedWorld(false), question, fc.nat(), async (world, args, nat) => {
      const expected = toNames(allRuns(world, args));
      const { edges } = await readRandomFeed(world, { ...args, first: 9 }, 200);
      if (edges.length === 0) return;
      const place = nat % edges.length;
      const { nodes } = await readRandomFeed(world, { ...args, first: 9, after: edges[place]?.cursor ?? '' }, 200);

      expect(toNames(nodes)).toEqual(expected.slice(place + 1, place + 10));
    }),
    { numRuns: 300 },
  );
});

it('marks a gap wherever a run is missing, shows nothing twice or out of order, and keeps to its budget', async () => {
  let whole = 0;
  let gappy = 0;
  await fc.assert(
    fc.asyncProperty(
      feedWorld(true),
      question,
      sizes,
      fc.integer({ min: 1, max: 16 }),
      async (world, args, sizes, most) => {
        const expected = allRuns(world, args);
        const all: FeedRun[] = [];
        const givenUp = new Set<string>();
        let after: string | null = null;
        for (let page = 0; after !== null || page === 0; page++) {
          const first = sizes[page % sizes.length] as number;
          const { nodes, pageInfo, gaps, calls } = await readRandomFeed(world, { ...args, first, after }, most);

          expect(calls).toBeLessThanOrEqual(most);
          for (const { provider } of gaps) givenUp.add(provider);
          const runs = toNames(nodes).map((name) => expected.find((run) => toName(run) === name) as FeedRun);
          all.push(...runs);
          const last = all.at(-1);
          const names = new Set(toNames(all));
          const isOver = !pageInfo.hasNextPage;
          const missing = expected.filter(
            (run) => !names.has(toName(run)) && (isOver || (last && compare(run, last) < 0)),
          );
          expect([...givenUp]).toEqual(expect.arrayContaining([...new Set(missing.map(({ provider }) => provider))]));
          if (gaps.length === 0 && page === 0) expect(toNames(runs)).toEqual(toNames(expected.slice(0, first)));
          if (gaps.length === 0) whole++;
          else gappy++;

          expect(page).toBeLessThanOrEqual(300);
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        }
        expect(all).toEqual([...all].sort(compare));
        expect(new Set(all).size).toBe(all.length);
      },
    ),
    { numRuns: 400, examples: [[fullPageBeforeLateMonitor, {}, [1], 5]] },
  );
  // Both are met often, or this says little.
  expect(Math.min(whole, gappy)).toBeGreaterThan(100);
});

it('loses nothing by a small budget where the lists say when monitors ran: it takes more pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      feedWorld(false),
      question,
      sizes,
      fc.integer({ min: 7, max: 10 }),
      async (world, args, sizes, most) => {
        // What monitors did after `until` says nothing of what they did before it.
        delete args.until;
        const monitors = world.monitors.map((monitor) => ({
          ...monitor,
          saysLastRun: true,
          runs: distinct(monitor.runs),
        }));
        const dated = { ...world, monitors, lagMs: 0 };
        const expected = toNames(allRuns(dated, args));
        const all: string[] = [];
        let after: string | null = null;
        for (let page = 0; after !== null || page === 0; page++) {
          const first = sizes[page % sizes.length] as number;
          const { nodes, pageInfo, calls } = await readRandomFeed(dated, { ...args, first, after }, most);

          expect(calls).toBeLessThanOrEqual(most);
          expect(page).toBeLessThanOrEqual(300);
          all.push(...toNames(nodes));
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        }
        expect(all).toEqual(expected);
      },
    ),
    { numRuns: 400 },
  );
});

it('is no page with a gap, but an error, where something is wrong with this service', async () => {
  const monitor = { provider: 'DATAFOLD', monitorId: '7', saysLastRun: true, isFailing: false } as const;
  const bug = new TypeError('a bug');
  const runs = new Proxy([], {
    get: () => {
      throw bug;
    },
  });
  const world = { monitors: [{ ...monitor, runs }], failingLists: [], mostRows: 100, lagMs: 0 };

  await expect(readRandomFeed(world, {}, 40)).rejects.toBe(bug);
});

it('comes to an end, however many monitors there are of which nothing is known', async () => {
  const monitors = Array.from({ length: 50 }, (_, place) => {
    const unknown = { provider: 'DATAFOLD', saysLastRun: false, isFailing: false } as const;
    return { ...unknown, monitorId: String(place).padStart(200, '0'), runs: [] };
  });
  const world = { monitors, failingLists: [], mostRows: 100, lagMs: 0 };
  let after: string | null = null;
  let pages = 0;
  do {
    const { pageInfo, gaps } = await readRandomFeed(world, { after }, 24);
    expect(gaps).toEqual([expect.objectContaining({ provider: 'DATAFOLD', code: 'OPERATION_TOO_COSTLY' })]);
    expect(pageInfo.endCursor?.length ?? 0).toBeLessThan(6_000);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    expect(++pages).toBeLessThan(10);
  } while (after !== null);
});
