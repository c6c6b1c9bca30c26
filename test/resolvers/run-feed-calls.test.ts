import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createMemoryCache, type RunCache } from '../../src/run-cache/run-cache.ts';
import { holdDate } from '../support/clock.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { pathsOf, requestPage } from '../support/run-feed-world.ts';
import { createFleet, type FleetMonitor, hourMs, serveDatafoldFleet } from '../support/run-fleet.ts';
import { createListingWorld } from '../support/world.ts';

beforeEach(() => holdDate(nowText));

/** Forty Datafold monitors, each of which ran within the last hour: one every 90 seconds. */
const fleet: readonly FleetMonitor[] = createFleet({ count: 40, now: Date.parse(nowText), runs: 8, spreadMs: hourMs });
const byTime = [...fleet].sort((one, other) => Number(other.runs[0]?.time) - Number(one.runs[0]?.time));
const lists = ['/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc', '/v1/monitors'];
const toPath = ({ id }: FleetMonitor) => `/api/v1/monitors/${id}/runs?page=1&page_size=100`;
const toId = ({ id, runs }: FleetMonitor) => `DATAFOLD:${id}:${runs[0]?.id}`;

/** Of the monitors that start within five minutes of each other, each may have started last. */
const withinLag = byTime.slice(0, 4);

async function createFleetWorld(monitors: readonly FleetMonitor[]) {
  const world = await createListingWorld();
  serveDatafoldFleet(world.datafold, monitors);
  world.olostep.on('/v1/monitors', { body: { monitors: [], count: 0 } });
  return world;
}

describe('run feed: the newest run alone', () => {
  it('costs the lists of monitors and the runs of those that ran within five minutes of the newest', async () => {
    const world = await createFleetWorld(fleet);

    expect((await requestPage(world, 'first: 1')).ids).toEqual([toId(byTime[0] as FleetMonitor)]);
    expect(pathsOf(world)).toEqual([...lists, ...withinLag.map(toPath)].sort());
  });

  it('costs no more than that and a call each for three monitors that are queued', async () => {
    // They ran last long before the others, if their rows are right.
    const queued = byTime.slice(-3).map((monitor) => ({ ...monitor, row: { state: 'queued' } }));
    const world = await createFleetWorld([...byTime.slice(0, -3), ...queued]);

    expect((await requestPage(world, 'first: 1')).ids).toEqual([toId(byTime[0] as FleetMonitor)]);
    expect(pathsOf(world)).toEqual([...lists, ...withinLag.map(toPath), ...queued.map(toPath)].sort());
  });

  it('is the queued one of a monitor, if it has no start yet', async () => {
    const [first, ...others] = byTime as [FleetMonitor, ...FleetMonitor[]];
    const runs = [{ id: 9_999, time: null, state: 'queued' }, ...first.runs];
    const queued = { ...first, runs, row: { state: 'queued' } };
    const world = await createFleetWorld([queued, ...others]);

    expect((await requestPage(world, 'first: 1')).ids).toEqual([`DATAFOLD:${first.id}:9999`]);
    // Those that ran in the last five minutes may have a later run, too, and one more is read beside them.
    expect(pathsOf(world)).toEqual([...lists, ...withinLag.map(toPath)].sort());
  });

  it.each([
    ['say nothing of it', { last_run: undefined }],
    ['have a state and no `last_run`', { last_run: null }],
    ['have a `last_run` that is no time', { last_run: 'yesterday' }],
  ])('costs a call for each monitor whose rows %s', async (_what, row) => {
    const undated = byTime.slice(-2).map((monitor) => ({ ...monitor, row }));
    const world = await createFleetWorld([...byTime.slice(0, -2), ...undated]);
    await requestPage(world, 'first: 1');

    expect(pathsOf(world)).toEqual([...lists, ...withinLag.map(toPath), ...undated.map(toPath)].sort());
  });
});

it('run feed: The run feed requests no runs of monitors that ran before the window, or never', async () => {
  const never = { id: 99, runs: [], row: { last_run: null, state: null } };
  const world = await createFleetWorld([...fleet, never]);
  const since = new Date(Number(withinLag[1]?.runs[0]?.time)).toISOString();
  const { ids, isComplete } = await requestPage(world, `first: 20 since: "${since}"`);

  expect({ ids, isComplete }).toEqual({ ids: withinLag.slice(0, 2).map(toId), isComplete: true });
  // Five minutes before the window, a run may yet have started in it.
  expect(pathsOf(world)).toEqual([...lists, ...byTime.slice(0, 5).map(toPath)].sort());
});

describe('run feed: what the pages behind a page need', () => {
  it.each([
    ['nothing is remembered where no cursor is selected', 'nodes { id } pageInfo { hasNextPage }', false],
    ['it is remembered where the end cursor is selected', 'nodes { id } ... { pageInfo { endCursor } }', true],
    ['it is remembered where the cursor of an edge is selected', 'edges { position: cursor }', true],
  ])('%s', async (_title, selection, isRemembered) => {
    const store = createMemoryCache(defaultLimits);
    const kinds = new Set<string | undefined>();
    const runCache: RunCache = {
      ...store,
      write(name, ...stored) {
        kinds.add(/feed-\w+/.exec(name)?.[0]);
        store.write(name, ...stored);
      },
    };
    const world = await createListingWorld({ runCache });
    serveDatafoldFleet(world.datafold, fleet);
    const { errors } = await world.execute(`{ runs(providers: [DATAFOLD], first: 20) { ${selection} } }`);

    expect(errors).toBeUndefined();
    expect([kinds.has('feed-runs'), kinds.has('feed-monitors')]).toEqual([isRemembered, isRemembered]);
  });
});
