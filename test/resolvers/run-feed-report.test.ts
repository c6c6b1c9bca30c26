/** What a report costs that reads the run feed to its end, slowly: as one does whose calls are paced. */
import { expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { holdDate } from '../support/clock.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { type FeedPage, requestPage } from '../support/run-feed-world.ts';
import { createFleet, hourMs, serveDatafoldFleet } from '../support/run-fleet.ts';
import { createWorld } from '../support/world.ts';

/** Requests all pages of a feed of 30 monitors with four runs each, 20 seconds apart, and returns the paths of the calls. */
async function readReport(stateOf: (monitor: number, run: number) => string): Promise<readonly string[]> {
  holdDate(nowText);
  const { freshMs, maxReuseMs, staleMs } = defaultLimits;
  const world = await createWorld({ runCache: true, coalesceCalls: true, limits: { freshMs, maxReuseMs, staleMs } });
  const fleet = createFleet({ count: 30, now: Date.parse(nowText), runs: 4, spreadMs: hourMs, stateOf });
  serveDatafoldFleet(world.datafold, fleet);
  const ids: string[] = [];
  let after: string | null = null;
  for (;;) {
    const page: FeedPage = await requestPage(world, 'providers: [DATAFOLD], first: 10', after);
    ids.push(...page.ids);
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage) break;
    vi.setSystemTime(Date.now() + 20_000);
  }
  expect(new Set(ids).size).toBe(120);
  expect(ids).toHaveLength(120);
  return world.datafold.paths;
}

it('costs the list of monitors and a page of each, however long it takes', async () => {
  const paths = await readReport(() => 'ok');
  expect(new Set(paths).size).toBe(31);
  expect(paths).toHaveLength(31);
});

it('requests a page again only while a run of it that goes on is still to come', async () => {
  const paths = await readReport((_monitor, run) => (run === 0 ? 'checking' : 'ok'));
  // The first page of the report has ten of the thirty runs that go on, the second one ten more: 20 and 10 are still to come.
  expect(paths.length).toBeLessThanOrEqual(1 + 30 + 20 + 10);
});
