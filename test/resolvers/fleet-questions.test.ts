/** Questions about monitors, at a fleet of 200 of Datafold and 100 of Olostep: the answers, and exactly which calls they take. */
import { expect, it } from 'vitest';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { holdDate } from '../support/clock.ts';
import { createFleet, type FleetMonitor, hourMs, serveDatafoldFleet, serveOlostepFleet } from '../support/run-fleet.ts';
import { createListingWorld, type World } from '../support/world.ts';

const now = '2026-11-20T08:00:00.000Z';

/** An example operation, by its name. */
const operation = (name: string) => exampleOperations.find((text) => text.includes(`query ${name}`)) as string;

/** All ran within the last six hours. Of ten monitors the last run of one failed, or found something. */
async function createFleetWorld(): Promise<World> {
  holdDate(now);
  const world = await createListingWorld({ limits: { maxUpstreamCalls: 400, runFeedMaxCalls: 400 } });
  const failing = (state: string) => (monitor: number, run: number) => (monitor % 10 === 3 && run === 0 ? state : 'ok');
  const fleet = { now: Date.parse(now), runs: 30 };
  serveDatafoldFleet(
    world.datafold,
    createFleet({ ...fleet, count: 200, stateOf: failing('error') }).map((monitor) => ({
      ...monitor,
      row: {
        enabled: true,
        tags: monitor.id % 50 === 0 ? ['finance', 'critical'] : ['shop'],
        owner: `owner-${monitor.id}@shop.example`,
        last_alert: null,
        // Four of them haven't run for a day.
        ...(monitor.id % 50 === 1 && { last_run: '2026-11-18T08:00:00Z' }),
      },
    })),
  );
  serveOlostepFleet(
    world.olostep,
    createFleet({ ...fleet, count: 100, stateOf: failing('alert') }).map((monitor) => ({
      ...monitor,
      row: {
        updated: Date.parse(now) / 1_000,
        last_run: {
          id: `run_${monitor.runs[0]?.id}`,
          status: 'completed',
          change_detected: monitor.runs[0]?.state === 'alert',
          ran_at: new Date(Number(monitor.runs[0]?.time)).toISOString(),
        },
      },
    })),
  );
  return world;
}

/** Datafold monitors that may have a run since then: a row may lag by five minutes, and one whose run goes on doesn't say. */
const isReadSince = (since: number) => (monitor: FleetMonitor) =>
  monitor.runs[0]?.state === 'checking' || Number(monitor.runs[0]?.time) + 5 * 60_000 >= since;

const callsOf = ({ datafold, olostep }: World) => datafold.paths.length + olostep.paths.length;

async function execute(world: World, name: string, variables: object) {
  const { data, errors } = await world.execute(operation(name), variables);
  expect(errors).toBeUndefined();
  return data;
}

it('questions: "Which monitors are red now?" takes one call for each page of the lists', async () => {
  const world = await createFleetWorld();

  const { monitorList } = await execute(world, 'RedMonitors', { first: 100 });

  expect(monitorList.nodes).toHaveLength(30);
  expect(monitorList).toMatchObject({ gaps: [], pageInfo: { hasNextPage: false } });
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([2, 1]);
});

it('questions: "Which haven\'t run for a day?" takes one call for each page of the lists', async () => {
  const world = await createFleetWorld();
  const lastRunBefore = new Date(Date.parse(now) - 24 * hourMs).toISOString();

  const { monitorList } = await execute(world, 'RedMonitors', { first: 100, lastOutcomes: null, lastRunBefore });

  expect(monitorList.nodes.map(({ id }: { id: string }) => id)).toEqual(
    [1, 51, 101, 151].map((id) => `DATAFOLD:monitor:${id}`),
  );
  expect(callsOf(world)).toBe(3);
});

it('questions: "Find the monitor called …" takes one call for each page of the lists, and a tag none of Olostep', async () => {
  const world = await createFleetWorld();

  const found = await execute(world, 'FindMonitors', { search: 'monitor 150' });
  expect(found.monitorList.nodes.map(({ id }: { id: string }) => id)).toEqual(['DATAFOLD:monitor:150']);
  expect(callsOf(world)).toBe(3);

  const tagged = await execute(world, 'FindMonitors', { search: '', tags: ['finance', 'critical'] });
  expect(tagged.monitorList.nodes).toHaveLength(4);
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([4, 1]);
});

it('questions: "What runs now?" takes the list of Datafold, and a page of each monitor that ran in the window', async () => {
  const world = await createFleetWorld();
  const since = Date.parse(now) - 2 * hourMs;
  // Of fifty monitors the run of one is in progress.
  const stateOf = (monitor: number, run: number) => (monitor % 50 === 7 && run === 0 ? 'checking' : 'ok');
  const fleet = createFleet({ count: 200, now: Date.parse(now), runs: 30, stateOf });
  serveDatafoldFleet(world.datafold, fleet);

  const variables = { since: new Date(since).toISOString() };
  const { runs } = await execute(world, 'RunningNow', variables);

  const running = fleet.filter((monitor) => monitor.runs[0]?.state === 'checking');
  const isInWindow = ({ runs: [run] }: FleetMonitor) => Number(run?.time) >= since;
  expect(runs.nodes).toHaveLength(running.filter(isInWindow).length);
  expect(runs).toMatchObject({ isComplete: true, gaps: [], pageInfo: { hasNextPage: false } });
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([
    2 + fleet.filter(isReadSince(since)).length,
    0,
  ]);
});

it('questions: "Everything tagged finance" takes the tagged rows, and a page of each monitor with the tag', async () => {
  const world = await createFleetWorld();

  const { runs } = await execute(world, 'RunningNow', { phases: null, tags: ['finance', 'critical'], first: 100 });

  expect(new Set(runs.nodes.map(({ monitor }: { monitor: { id: string } }) => monitor.id))).toEqual(
    new Set([50, 100, 150, 200].map((id) => `DATAFOLD:monitor:${id}`)),
  );
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([2 + 4, 0]);
});

it('questions: "How many passed and failed per monitor this week?" takes the pages of the lists, and fetches no run', async () => {
  const world = await createFleetWorld();
  const startedAfter = new Date(Date.parse(now) - 7 * 24 * hourMs).toISOString();

  const pages: { readonly total: number; readonly isComplete: boolean }[][] = [];
  for (let after: string | null = null; pages.length < 3; ) {
    const { monitorList } = await execute(world, 'RunCounts', { startedAfter, first: 100, after });
    pages.push(monitorList.nodes.map(({ runCounts }: { runCounts: object }) => runCounts));
    after = monitorList.pageInfo.endCursor;
  }

  // A run each six hours.
  expect(pages.map(({ length }) => length)).toEqual([100, 100, 100]);
  expect(new Set(pages.flat().map(({ total }) => total))).toEqual(new Set([28]));
  expect(pages.flat().every(({ isComplete }) => isComplete)).toBe(true);
  // Two pages of Datafold's list, Olostep's list once, and a page of each monitor's runs.
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([2 + 200, 1 + 100]);
});

it('questions: "What failed last night, by monitor, with the error text and the owner?" takes the list, a page of each monitor that ran, and each text', async () => {
  const world = await createFleetWorld();
  const since = Date.parse(now) - 4 * hourMs;
  const stateOf = (monitor: number, run: number) => (monitor % 10 === 3 && run === 0 ? 'error' : 'ok');
  const fleet = createFleet({ count: 200, now: Date.parse(now), runs: 30, stateOf }).map((monitor) => ({
    ...monitor,
    row: { owner: `owner-${monitor.id}@shop.example` },
  }));
  serveDatafoldFleet(world.datafold, fleet);
  const failed = fleet.filter(({ runs: [run] }) => run?.state === 'error' && Number(run.time) >= since);
  for (const { id, runs } of failed)
    world.datafold.on(`/api/v1/monitors/${id}/runs/${runs[0]?.id}`, {
      body: { run_id: runs[0]?.id, monitor_id: id, state: 'error', error: `Failed ${id}.`, warnings: [] },
    });

  const { runs } = await execute(world, 'FailedRuns', { since: new Date(since).toISOString(), first: 100 });

  expect(failed.length).toBeGreaterThan(10);
  expect(runs).toMatchObject({ isComplete: true, gaps: [], pageInfo: { hasNextPage: false } });
  expect(
    new Set(
      runs.nodes.map(({ monitor, error }: { monitor: { owner: string }; error: string }) =>
        [monitor.owner, error].join(),
      ),
    ),
  ).toEqual(new Set(failed.map(({ id }) => `owner-${id}@shop.example,Failed ${id}.`)));
  const ran = fleet.filter(isReadSince(since)).length;
  // No run of Olostep's lists has failed.
  expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual([2 + ran + failed.length, 0]);
});

it('questions: "What failed or found something last night?" takes the lists, a page of each monitor that ran, and each text', async () => {
  const world = await createFleetWorld();
  const since = Date.parse(now) - 2 * hourMs;
  const paths = () => [...world.datafold.paths, ...world.olostep.paths];

  const { data } = await world.execute(operation('FailedRuns'), {
    ...{ since: new Date(since).toISOString(), outcomes: ['ERRORED', 'FINDING'], first: 100 },
  });

  const texts = data.runs.nodes.filter(({ id }: { id: string }) => id.startsWith('DATAFOLD:')).length;
  const single = paths().filter((path) => /runs\/\d+$/.test(path));
  expect(single).toHaveLength(texts);
  const lists = paths().filter((path) => /\/monitors(?:\?|$)/.test(path));
  expect(lists).toHaveLength(3);
  const pages = new Set(paths().filter((path) => /\/(?:runs|events)\?/.test(path)));
  const ran = [200, 100].map((count) =>
    createFleet({ count, now: Date.parse(now), runs: 1 }).filter(isReadSince(since)),
  );
  // The rows of four say that they haven't run for a day.
  const [datafold = [], olostep = []] = ran;
  expect(pages.size).toBe(datafold.filter(({ id }) => id % 50 !== 1).length + olostep.length);
  expect(paths()).toHaveLength(lists.length + pages.size + single.length);
});

it('questions: "The end of this log", "What changed?", "What did the diff find?", "What is the plan?", "Which are deleted?" cost no more at a fleet', async () => {
  const world = await createFleetWorld();
  const calls = () => [world.datafold.paths.length, world.olostep.paths.length];
  const events = Array.from({ length: 500 }, (_, place) => ({
    ...{ id: String(38_000 + place), ts: Date.parse(now) + place, ingestion_ts: Date.parse(now) + place },
    ...{ stream: 'agent/1', message: `Line ${place}`, event: { event: 'node_start' } },
  }));
  world.olostep.on('/v1/monitors/monitor_7/runs/run_7030', {
    body: { monitor_id: 'monitor_7', run_id: 'run_7030', log_group: 'a', snapshot: null, events },
  });
  world.olostep.on('/v1/monitors/monitor_7/planning', { body: { spec: { status: 'saved', goal: 'Prices.' } } });
  world.datafold.on('/api/v1/monitors/7/runs/7030', {
    body: { run_id: 7_030, monitor_id: 7, state: 'alert', diff_id: 11, started_at: now, error: null, warnings: [] },
  });
  world.datafold.on('/api/v1/datadiffs/11', { body: { id: 11, status: 'done', result: 'different' } });
  world.datafold.on('/api/v1/datadiffs/11/summary', { body: { id: 11, status: 'done', feedback: 'Rows differ.' } });

  const ids = { monitorId: 'monitor_7', runId: 'run_7030' };
  const log = await execute(world, 'LogTail', ids);
  expect(log.olostepRun.events.edges.map(({ node }: { node: { message: string } }) => node.message)).toEqual(
    events.slice(-50).map(({ message }) => message),
  );
  expect(calls()).toEqual([0, 1]);

  const key = { provider: 'OLOSTEP', monitorId: 'monitor_7' };
  const { monitor } = await execute(world, 'Changes', { key });
  const runs: readonly { id: string; previous: { id: string } }[] = monitor.runs.nodes;
  expect(runs.slice(0, -1).map(({ previous }) => previous.id)).toEqual(runs.slice(1).map(({ id }) => id));
  // The monitor, and the page of its runs.
  expect(calls()).toEqual([0, 3]);

  const diff = await execute(world, 'DataDiff', { monitorId: '7', runId: '7030' });
  expect(diff.datafoldRun.diff).toMatchObject({ result: 'DIFFERENT', summary: 'Rows differ.' });
  // The run, its diff, and the summary of that.
  expect(calls()).toEqual([3, 3]);

  const planned = await execute(world, 'Planning', { key });
  expect(planned.monitor.planning).toMatchObject({ status: 'saved', goal: 'Prices.' });
  expect(calls()).toEqual([3, 5]);

  const { monitorList } = await execute(world, 'DeletedMonitors', { first: 100 });
  expect(monitorList.nodes).toHaveLength(100);
  expect(calls()).toEqual([3, 6]);
});
