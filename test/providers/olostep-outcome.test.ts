/** How an Olostep run ended is on its monitor's events page alone: what that costs, and what is cached of it. */
import { describe, expect, it, vi } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { anySnapshot, olostepBody } from '../support/bodies.ts';
import { holdDate, holdDice } from '../support/clock.ts';
import { serveEvents } from '../support/olostep-events.ts';
import { createListingWorld, verifyCredentials, type World } from '../support/world.ts';

const monitorId = 'monitor_n8q2x4m1ak';
const now = '2025-11-20T12:00:00.000Z';
const base = Date.parse(now) / 1_000;

const runIds = Array.from({ length: 250 }, (_, place) => `run_${place}`);
/** One an hour, every third of them with a change. */
const snapshots = runIds.map((runId, place) => anySnapshot(runId, base - place * 3_600, place % 3 === 0));
const outcomeOf = (place: number) => (place % 3 === 0 ? 'FINDING' : 'PASSED');
const pathOf = (runId: string) => `/v1/monitors/${monitorId}/runs/${runId}`;
const eventsPath = `/v1/monitors/${monitorId}/events`;

async function createServed(config: Partial<GatewayConfig> = {}): Promise<World> {
  holdDate(now);
  holdDice(0);
  const world = await createListingWorld({ ...config, limits: { maxAttempts: 1, ...config.limits } });
  serveEvents(world.olostep, monitorId, snapshots);
  for (const run_id of runIds) world.olostep.on(pathOf(run_id), { body: { ...olostepBody, run_id } });
  return world;
}

/** The calls since the last look, by what they were for. */
function calls({ olostep }: World) {
  const paths = olostep.paths.splice(0);
  const pages = paths.filter((path) => path.startsWith(eventsPath)).length;
  return { pages, runs: paths.length - pages };
}

const keysOf = (places: readonly number[]) =>
  places.map((place) => ({ provider: 'OLOSTEP', monitorId, runId: `run_${place}` }));
const range = (count: number) => Array.from({ length: count }, (_, place) => place);

const execute = (world: World, places: readonly number[], fields: string, allowStale = false) =>
  world.execute(
    `query ($keys: [MonitorRunKey!]!, $allowStale: Boolean!) {
      monitorRuns(keys: $keys, allowStale: $allowStale) { ... on OlostepRun { ${fields} } }
    }`,
    { keys: keysOf(places), allowStale },
  );

describe('Olostep outcome: runs of one monitor that are requested by their keys cost', () => {
  it.each([
    ['outcome', 1, { pages: 1, runs: 0 }],
    ['outcome', 50, { pages: 1, runs: 0 }],
    ['phase outcome changed summary snapshotAt', 50, { pages: 1, runs: 0 }],
    ['outcome startedAt', 50, { pages: 1, runs: 50 }],
    ['phase outcome snapshot logGroup', 2, { pages: 1, runs: 2 }],
    ['startedAt finishedAt snapshot logGroup', 50, { pages: 0, runs: 50 }],
    ['phase logGroup', 50, { pages: 0, runs: 50 }],
    ['id', 1, { pages: 0, runs: 1 }],
    ['phase', 2, { pages: 0, runs: 2 }],
    ['phase', 50, { pages: 1, runs: 0 }],
  ])('with { %s } of %i: %j', async (fields, count, expected) => {
    const world = await createServed();

    const answer = await execute(world, range(count), fields);

    expect(answer.errors).toBeUndefined();
    expect(calls(world)).toEqual(expected);
    if (fields.includes('outcome'))
      expect(answer.data.monitorRuns.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
        range(count).map(outcomeOf),
      );
  });

  it('one page for all routes of an operation, and a page each for older ones', async () => {
    const world = await createServed();
    const run = (place: number) => `olostepRun(monitorId: "${monitorId}", runId: "run_${place}")`;
    const id = (place: number) => `OLOSTEP:${monitorId}:run_${place}`;

    const { data, errors } = await world.execute(`{
      a: ${run(3)} { outcome }
      b: ${run(3)} { changed outcome }
      c: node(id: "${id(4)}") { ... on OlostepRun { outcome } }
      d: nodes(ids: ["${id(5)}", "${id(3)}"]) { ... on MonitorRun { outcome } }
      e: _entities(representations: [{ __typename: "OlostepRun", id: "${id(6)}" }]) { ... on OlostepRun { outcome } }
    }`);

    expect(errors).toBeUndefined();
    expect(data).toEqual({
      a: { outcome: 'FINDING' },
      b: { changed: true, outcome: 'FINDING' },
      c: { outcome: 'PASSED' },
      d: [{ outcome: 'PASSED' }, { outcome: 'FINDING' }],
      e: [{ outcome: 'FINDING' }],
    });
    expect(calls(world)).toEqual({ pages: 1, runs: 0 });

    const older = await execute(world, [0, 120, 249], 'outcome');
    expect(older.data.monitorRuns).toEqual([0, 120, 249].map((place) => ({ outcome: outcomeOf(place) })));
    expect(calls(world)).toEqual({ pages: 3, runs: 0 });
  });

  it('nothing again while they are cached, whatever has read them', async () => {
    const world = await createServed({ runCache: true });
    await verifyCredentials(world);
    await world.execute(`{ monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { id } }`);
    await execute(world, range(20), 'snapshot');
    expect(calls(world).runs).toBe(21);

    await execute(world, range(20), 'outcome');
    expect(calls(world)).toEqual({ pages: 1, runs: 0 });
    const answer = await execute(world, range(20), 'phase outcome changed snapshot');

    expect(answer.data.monitorRuns[3]).toMatchObject({ outcome: 'FINDING', snapshot: olostepBody.snapshot });
    expect(calls(world)).toEqual({ pages: 0, runs: 0 });
  });
});

describe('Olostep outcome: that the events page lacks a run', () => {
  const ended = { snapshot: null, events: olostepBody.events.map((event) => ({ ...event, ts: base * 1_000 })) };
  const running = { ...ended, events: ended.events.slice(0, 2) };
  const serveRun = ({ olostep }: World, body: object) =>
    olostep.on(pathOf('run_x'), { body: { run_id: 'run_x', log_group: null, ...body } });
  const requestRun = (world: World, fields: string, allowStale = false) =>
    world.execute(
      `{ run: monitorRun(key: { provider: OLOSTEP, monitorId: "${monitorId}", runId: "run_x" }, allowStale: ${allowStale}) {
        ... on OlostepRun { ${fields} } } }`,
    );

  it('is remembered for ten seconds once it has ended, and no longer, as its row may still come', async () => {
    const world = await createServed({ runCache: true });
    serveRun(world, ended);
    const unknown = { data: { run: { phase: 'FINISHED', outcome: 'UNKNOWN', changed: null } } };

    expect(await requestRun(world, 'phase outcome changed')).toEqual(unknown);
    calls(world);
    vi.setSystemTime(Date.parse(now) + 9_000);
    expect(await requestRun(world, 'phase outcome changed')).toEqual(unknown);
    expect(calls(world)).toEqual({ pages: 0, runs: 0 });

    serveEvents(world.olostep, monitorId, [anySnapshot('run_x', base, true), ...snapshots]);
    vi.setSystemTime(Date.parse(now) + 11_000);
    expect(await requestRun(world, 'phase outcome changed')).toEqual({
      data: { run: { phase: 'FINISHED', outcome: 'FINDING', changed: true } },
    });
  });

  it('is looked for again each time while it goes on', async () => {
    const world = await createServed({ runCache: true });
    serveRun(world, running);
    expect(await requestRun(world, 'phase outcome startedAt')).toMatchObject({
      data: { run: { phase: 'RUNNING', outcome: null } },
    });
    serveEvents(world.olostep, monitorId, [anySnapshot('run_x', base, true), ...snapshots]);

    expect(await requestRun(world, 'phase')).toEqual({ data: { run: { phase: 'FINISHED' } } });
  });

  it('shows the cached run that went on, while Olostep is down: the run is not over by that', async () => {
    const world = await createServed({ runCache: true });
    serveRun(world, running);
    await requestRun(world, 'phase');
    world.olostep.onAny({ status: 500 });
    world.olostep.on(pathOf('run_x'), { status: 500 });
    calls(world);

    for (const fields of ['phase', 'phase outcome', 'phase outcome changed logGroup'])
      expect(await requestRun(world, `${fields} isStale`, true)).toMatchObject({
        data: { run: { phase: 'RUNNING', isStale: true } },
      });
  });

  it('is no guess where no entry says so: then the entry of the run alone has errors for what its row states', async () => {
    const world = await createServed({ runCache: true });
    serveRun(world, running);
    await requestRun(world, 'logGroup');
    world.olostep.onAny({ status: 500 });
    world.olostep.on(pathOf('run_x'), { status: 500 });

    expect(await requestRun(world, 'startedAt isStale', true)).toMatchObject({ data: { run: { isStale: true } } });
    expect(await requestRun(world, 'phase', true)).toMatchObject({
      data: { run: null },
      errors: [{ path: ['run', 'phase'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
    expect(await requestRun(world, 'outcome startedAt', true)).toMatchObject({
      data: { run: { outcome: null, startedAt: now } },
      errors: [{ path: ['run', 'outcome'] }],
    });
  });
});

it('Olostep outcome: Where the events page alone fails, cached rows replace it with allowStale', async () => {
  const world = await createServed({ runCache: true });
  await execute(world, [0, 1], 'outcome snapshot');
  vi.setSystemTime(Date.parse(now) + 2 * 3_600_000);
  world.olostep.onAny({ status: 500 });

  for (const fields of ['outcome', 'outcome snapshot']) {
    const { data, errors } = await execute(world, [0, 1], `${fields} isStale`, true);
    expect(errors).toBeUndefined();
    expect(data.monitorRuns).toMatchObject([
      { outcome: 'FINDING', isStale: true },
      { outcome: 'PASSED', isStale: true },
    ]);
    expect((await execute(world, [0], fields)).errors).toMatchObject([{ path: ['monitorRuns', 0, 'outcome'] }]);
  }
});
