/** Pages of finished runs that are reused as long as the list of monitors says that nothing has run since. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits, type Limits } from '../../src/core/limits.ts';
import { holdDate } from '../support/clock.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { createFleet, type FleetMonitor, hourMs, serveDatafoldFleet, serveOlostepFleet } from '../support/run-fleet.ts';
import { createWorld, type World } from '../support/world.ts';

beforeEach(() => holdDate(nowText));
const start = Date.parse(nowText);
const setTime = (ms: number) => void vi.setSystemTime(start + ms);

const list = '/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc';
const toPath = (id: number) => `/api/v1/monitors/${id}/runs?page=1&page_size=100`;

async function createFleetWorld(limits: Partial<Limits> = {}): Promise<{ world: World; fleet: FleetMonitor[] }> {
  const { freshMs, maxReuseMs } = defaultLimits;
  const world = await createWorld({ coalesceCalls: true, limits: { freshMs, maxReuseMs, ...limits } });
  const fleet = createFleet({ count: 3, now: start, runs: 3, spreadMs: hourMs });
  serveDatafoldFleet(world.datafold, fleet);
  return { world, fleet };
}

/** The newest runs after so many milliseconds, and the paths that were requested for them. */
async function feedAt(world: World, ms: number) {
  setTime(ms);
  world.datafold.paths.length = 0;
  const { data, errors } = await world.execute(
    '{ runs(providers: [DATAFOLD], first: 20) { nodes { id outcome readAt } gaps { code } } }',
  );
  expect(errors).toBeUndefined();
  expect(data.runs.gaps).toEqual([]);
  return { nodes: data.runs.nodes as { id: string; readAt: string }[], paths: [...world.datafold.paths].sort() };
}

/** Has the monitor run again, and its row say so. */
function runAgain(fleet: FleetMonitor[], place: number, ms: number, row?: FleetMonitor['row']): void {
  const monitor = fleet[place] as FleetMonitor;
  const runs = [{ id: 7_000 + place, time: start + ms, state: 'alert' }, ...monitor.runs];
  fleet[place] = { ...monitor, runs, ...(row && { row }) };
}

/** The newest run of the first monitor, and the others. */
function splitRuns([monitor]: readonly FleetMonitor[]) {
  if (monitor === undefined) throw new Error('There is no monitor');
  const [last, ...others] = monitor.runs;
  if (last === undefined) throw new Error('There is no run');
  return { last, others, monitor };
}

describe('A monitor whose row is as it was', () => {
  it('costs no call: its runs are those of its page, with the time at which that was received', async () => {
    const { world } = await createFleetWorld();
    const first = await feedAt(world, 0);
    expect(first.paths).toEqual([list, ...[1, 2, 3].map(toPath)].sort());

    const second = await feedAt(world, 30_000);
    expect(second.paths).toEqual([list]);
    expect(second.nodes).toEqual(first.nodes);
  });

  it('is read again when it has run, and it alone', async () => {
    const { world, fleet } = await createFleetWorld();
    await feedAt(world, 0);
    runAgain(fleet, 1, 10_000);

    const { nodes, paths } = await feedAt(world, 30_000);
    expect(paths).toEqual([toPath(2), list]);
    expect(nodes[0]?.id).toBe('DATAFOLD:2:7001');
  });

  it('is read again after MAX_REUSE_MS', async () => {
    const { world } = await createFleetWorld();
    await feedAt(world, 0);
    await feedAt(world, 59_999);
    expect((await feedAt(world, 66_000)).paths).toHaveLength(4);
  });

  it('is read each time with MAX_REUSE_MS=0', async () => {
    const { world } = await createFleetWorld({ maxReuseMs: 0 });
    await feedAt(world, 0);
    expect((await feedAt(world, 30_000)).paths).toHaveLength(4);
  });

  it.each([
    ['has a run that goes on', { state: 'checking' }],
    ['has no `last_run`', { last_run: undefined }],
    ['has no `state`', { state: undefined }],
    ['has a `state` that is unknown', { state: 'paused' }],
  ])('proves nothing where the row %s', async (_what, row) => {
    const { world, fleet } = await createFleetWorld();
    fleet[0] = { ...(fleet[0] as FleetMonitor), row };
    await feedAt(world, 0);
    expect((await feedAt(world, 30_000)).paths).toEqual([toPath(1), list]);
  });

  it('costs no call either while the row says that the last run goes on', async () => {
    const { world, fleet } = await createFleetWorld();
    const setState = (state: string) => {
      const { last, others, monitor } = splitRuns(fleet);
      fleet[0] = { ...monitor, runs: [{ ...last, state }, ...others] };
    };
    const phaseAt = async (ms: number) => {
      setTime(ms);
      const { data } = await world.execute('{ datafoldRun(monitorId: 1, runId: 1003) { phase } }');
      return data.datafoldRun.phase;
    };
    setState('checking');
    await feedAt(world, 0);
    expect((await feedAt(world, 30_000)).paths).toEqual([list]);
    expect(await phaseAt(34_000)).toBe('RUNNING');
    expect(world.datafold.paths).toEqual([list]);

    setState('ok');
    expect((await feedAt(world, 36_000)).paths).toEqual([toPath(1), list]);
    expect(await phaseAt(36_500)).toBe('FINISHED');
    expect(world.datafold.paths).toHaveLength(2);
  });

  it('proves nothing where the run that goes on started at another time than the row says', async () => {
    const { world, fleet } = await createFleetWorld();
    const { last, others, monitor } = splitRuns(fleet);
    for (const time of [null, start - 1]) {
      const row = { last_run: new Date(last.time as number).toISOString() };
      fleet[0] = { ...monitor, row, runs: [{ ...last, time, state: 'checking' }, ...others] };
      await feedAt(world, time === null ? 0 : 60_000);
      expect((await feedAt(world, time === null ? 30_000 : 90_000)).paths).toContain(toPath(1));
    }
  });

  it('proves nothing where its page lacks the last run that the row tells of', async () => {
    const { world, fleet } = await createFleetWorld();
    fleet[0] = { ...(fleet[0] as FleetMonitor), row: { last_run: new Date(start).toISOString() } };
    await feedAt(world, 0);
    expect((await feedAt(world, 30_000)).paths).toEqual([toPath(1), list]);
  });

  it('proves nothing of a page with a run that may still change', async () => {
    const { world, fleet } = await createFleetWorld();
    const [first, ...others] = (fleet[0] as FleetMonitor).runs;
    fleet[0] = {
      ...(fleet[0] as FleetMonitor),
      runs: [first, ...others.map((run) => ({ ...run, state: 'learning' }))] as never,
    };
    await feedAt(world, 0);
    expect((await feedAt(world, 30_000)).paths).toEqual([toPath(1), list]);
  });

  it('costs no call at Olostep, whose rows have milliseconds and whose lists of runs have whole seconds', async () => {
    const { world } = await createFleetWorld();
    serveOlostepFleet(world.olostep, createFleet({ count: 3, now: start + 789, runs: 3, spreadMs: hourMs }));
    const query = '{ runs(providers: [OLOSTEP], first: 20) { nodes { id } gaps { code } } }';
    const first = await world.execute(query);
    expect(world.olostep.paths).toHaveLength(4);
    setTime(30_000);
    world.olostep.paths.length = 0;

    expect(await world.execute(query)).toEqual(first);
    expect(world.olostep.paths).toEqual(['/v1/monitors']);
  });

  it('costs no call in a list of monitors either', async () => {
    const { world } = await createFleetWorld();
    const query = '{ monitorList(provider: DATAFOLD) { nodes { runs(first: 3) { nodes { id readAt } } } } }';
    const first = await world.execute(query);
    setTime(30_000);
    world.datafold.paths.length = 0;

    expect(await world.execute(query)).toEqual(first);
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('counts as `unchanged`, and for a client that requests younger it is read', async () => {
    const { world } = await createFleetWorld();
    await feedAt(world, 0);
    setTime(30_000);
    const explain = async (headers: object) => {
      const body = JSON.stringify({ query: '{ runs(providers: [DATAFOLD]) { nodes { id } } }' });
      const init = { headers: { 'content-type': 'application/json', 'x-upstream-calls': 'explain', ...headers } };
      return (await world.post(body, init)).json() as Promise<{ extensions: { upstream: object } }>;
    };

    expect((await explain({})).extensions.upstream).toMatchObject({
      calls: 1,
      providers: { DATAFOLD: { saved: { unchanged: 3, fresh: 0 } } },
    });
    expect((await explain({ 'cache-control': 'max-age=29' })).extensions.upstream).toMatchObject({ calls: 3 });
  });
});

describe('The check of what is inferred', () => {
  it('reads one monitor an interval that would not need it', async () => {
    const { world } = await createFleetWorld({ maxReuseMs: 60_000 });
    await feedAt(world, 0);
    await feedAt(world, 61_000);
    // The first interval is over, and none of the pages has reached its maximum age.
    expect((await feedAt(world, 70_000)).paths).toHaveLength(2);
    expect((await feedAt(world, 80_000)).paths).toEqual([list]);
  });

  it('switches the inference off, with a warning, where runs changed though the row did not', async () => {
    const { world, fleet } = await createFleetWorld();
    const row = { last_run: new Date(fleet[0]?.runs[0]?.time as number).toISOString(), state: 'ok' };
    await feedAt(world, 0);
    runAgain(fleet, 0, 10_000, row);
    await feedAt(world, 61_000);
    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual([]);

    await feedAt(world, 67_000);
    expect(world.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { provider: 'DATAFOLD', monitorId: '1', message: 'runs changed behind an unchanged row' },
    ]);
    expect((await feedAt(world, 90_000)).paths).toHaveLength(4);
  });

  it('does not where the row only came late', async () => {
    const { world, fleet } = await createFleetWorld();
    const row = { last_run: new Date(fleet[0]?.runs[0]?.time as number).toISOString(), state: 'ok' };
    await feedAt(world, 0);
    runAgain(fleet, 0, 60_500, row);
    await feedAt(world, 61_000);
    fleet[0] = { ...(fleet[0] as FleetMonitor), row: {} };
    await feedAt(world, 67_000);

    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect((await feedAt(world, 75_000)).paths).toHaveLength(1);
  });
});
