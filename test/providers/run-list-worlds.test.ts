/** The pages of a monitor's runs against a model of them: of lists in order, in a little disorder, and in any. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParsedObject } from '../../src/json/lazy-object.ts';
import { providers } from '../../src/providers/index.ts';
import type { Get } from '../../src/providers/lists.ts';
import {
  expectedOf,
  type ListedRun,
  now,
  placesOf,
  type RunListWorld,
  runListWorld,
} from '../support/random-run-lists.ts';

interface Upstream {
  readonly provider: 'DATAFOLD' | 'OLOSTEP';
  readonly monitorId: string;
  toRunId(run: ListedRun): string;
  /** Answers from what `runs` holds at that moment. */
  get(runs: readonly ListedRun[], cap: number): Get;
  /** The least that a page has: a run that arrivals push further than two pages on isn't looked for everywhere. */
  readonly leastCap: number;
}

const datafold: Upstream = {
  provider: 'DATAFOLD',
  monitorId: '7',
  leastCap: 1,
  toRunId: ({ runId }) => String(runId),
  get:
    (runs, cap) =>
    async ({ path }) => {
      const query = new URL(path, 'http://localhost').searchParams;
      expect([...query.keys()]).toEqual(['page', 'page_size']);
      const page = Number(query.get('page'));
      const size = Math.min(Number(query.get('page_size')), cap);
      const rows = runs.slice((page - 1) * size, page * size).map(({ runId, time }) => ({
        run_id: runId,
        monitor_id: 7,
        state: 'ok',
        started_at: time === null ? null : new Date(time).toISOString(),
      }));
      const numbers = { count: runs.length, page, page_size: size, total_pages: Math.ceil(runs.length / size) };
      return new ParsedObject({ ...numbers, runs: rows });
    },
};

const olostep: Upstream = {
  provider: 'OLOSTEP',
  monitorId: 'monitor_a',
  leastCap: 8,
  toRunId: ({ runId }) => `run_${runId}`,
  get:
    (runs, cap) =>
    async ({ path }) => {
      const query = new URL(path, 'http://localhost').searchParams;
      const limit = Math.min(Number(query.get('limit')), cap);
      // Such cursors hold still when snapshots come in before them.
      const start = runs.findIndex(({ runId }) => `behind ${runId}` === query.get('cursor')) + 1;
      const data = runs.slice(start, start + limit).map(({ runId, time }) => ({
        run_id: `run_${runId}`,
        // Whole seconds; what isn't is said in the other way that there is.
        created: time === null || time % 1_000 !== 0 ? null : time / 1_000,
        ran_at: time === null ? null : new Date(time).toISOString(),
      }));
      const hasMore = start + limit < runs.length;
      const next_cursor = hasMore ? `behind ${runs[start + limit - 1]?.runId}` : null;
      return new ParsedObject({ data, has_more: hasMore, next_cursor, total_count: runs.length });
    },
};

const upstreams = [datafold, olostep];

interface Item {
  readonly id: string;
  readonly cursor: string;
}

/**
 * What paging to the end gives, page by page.
 * @param start the cursor to begin behind
 */
async function readAll(upstream: Upstream, world: RunListWorld, start?: string): Promise<Item[][]> {
  const { provider, monitorId, leastCap, toRunId, get } = upstream;
  const { cap, pageSize, first, earliest, latest, arrivals } = world;
  const runs = [...world.runs];
  const known = new Set(runs.map(toRunId));
  const pages: Item[][] = [];
  const seen = new Set<string>();
  let calls = 0;
  /** Later than all others, and at the top. */
  const arrive = (count = 0) => {
    for (let left = count; left > 0; left--) runs.unshift({ runId: 10_000 + runs.length, time: now + pages.length });
  };
  const getNow = get(runs, Math.max(cap, leastCap));
  const getThen: Get = (request) => {
    // What comes before the first call is there from the start.
    if (calls > 0) arrive(world.arrivalsAtCalls[calls]);
    calls++;
    return getNow(request);
  };
  for (let after = start; ; ) {
    const page = await providers[provider].runs.readPage(getThen, monitorId, {
      first,
      pageSize,
      after,
      startedAfter: earliest === null ? null : new Date(earliest).toISOString(),
      startedBefore: latest === null ? null : new Date(latest).toISOString(),
      now: now + pages.length,
    });
    if (page === null) throw new Error('Expected a list.');
    pages.push(page.items.map(({ row, cursor }) => ({ id: row instanceof Error ? 'error' : row.runId, cursor })));
    expect(page.items.length).toBeLessThanOrEqual(first);
    if (!page.hasNextPage) break;
    after = page.endCursor ?? page.items.at(-1)?.cursor;
    if (after === undefined || seen.has(after)) throw new Error('Expected to get on.');
    seen.add(after);
    arrive(arrivals[pages.length - 1]);
  }
  expect(toIds(pages).filter((id) => !known.has(id))).toEqual([]);
  return pages;
}

const toIds = (pages: readonly (readonly Item[])[]) => pages.flat().map(({ id }) => id);

describe.each(upstreams)('pagination: the runs of a monitor of $provider', (upstream) => {
  const idsOf = (world: RunListWorld) => expectedOf(world).map((runId) => upstream.toRunId({ runId, time: null }));

  it.each(['none', 'little'] as const)(
    'are all in some page, each once, in a list with %s disorder',
    async (disorder) => {
      await fc.assert(
        fc.asyncProperty(runListWorld(disorder), async (world) => {
          const pages = await readAll(upstream, world);

          expect(toIds(pages).toSorted()).toEqual(idsOf(world).toSorted());
          if (disorder === 'none') expect(toIds(pages)).toEqual(idsOf(world));
          const places = new Map(
            [...placesOf(world.runs)].map(([runId, time]) => [upstream.toRunId({ runId, time }), time]),
          );
          for (const page of pages) {
            const times = page.map(({ id }) => places.get(id) ?? 0);
            expect(times).toEqual(times.toSorted((a, b) => b - a));
          }
        }),
        { numRuns: 1_500 },
      );
    },
  );

  it('are all in some page, each once, in a list of any order', async () => {
    await fc.assert(
      fc.asyncProperty(runListWorld('much'), async (world) => {
        const whole = { ...world, earliest: null, latest: null };
        expect(toIds(await readAll(upstream, whole)).toSorted()).toEqual(idsOf(whole).toSorted());

        // The disorder is seen where it is in the first page.
        const inOne = { ...world, cap: 100, pageSize: 100 };
        expect(toIds(await readAll(upstream, inOne)).toSorted()).toEqual(idsOf(inOne).toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it.each(['none', 'little', 'much'] as const)(
    'go on behind every edge, in a list with %s disorder',
    async (disorder) => {
      await fc.assert(
        fc.asyncProperty(runListWorld(disorder), fc.nat(), async (some, number) => {
          const quiet = { ...some, arrivals: [], arrivalsAtCalls: [] };
          const world = { ...quiet, ...(disorder === 'much' && { earliest: null, latest: null }) };
          const edges = (await readAll(upstream, world)).flat();
          if (edges.length === 0) return;
          const place = number % edges.length;

          const rest = await readAll(upstream, world, edges[place]?.cursor);

          const before = edges.slice(0, place + 1).map(({ id }) => id);
          expect([...before, ...toIds(rest)].toSorted()).toEqual(idsOf(world).toSorted());
        }),
        { numRuns: 500 },
      );
    },
  );
});
