import { describe, expect, it } from 'vitest';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from '../support/bodies.ts';
import { holdDice } from '../support/clock.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import { type Part, readParts } from '../support/incremental-parts.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

const keysQuery =
  'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id ... on DatafoldRun { warnings } } }';
const json = { 'content-type': 'application/json' };
const explained = { headers: { ...json, 'x-upstream-calls': 'explain' } };

/** Sends a request with these headers, by the slow path, as a GET takes it. */
async function get(world: World, query: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = `${world.url}?${new URLSearchParams({ query })}`;
  return fetch(url, { headers: { ...json, ...headers } });
}

const post = (world: World, query: string, variables: object, headers: Record<string, string> = {}) =>
  world.post(JSON.stringify({ query, variables }), { headers: { ...json, ...headers } });

async function createBoth(): Promise<World> {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  return world;
}

describe('call report: the number of upstream calls', () => {
  it('is in the header x-upstream-calls of every answer, whichever way it goes', async () => {
    const world = await createBoth();

    const posted = await post(world, keysQuery, { keys: [datafoldKey, olostepKey, datafoldKey] });
    const got = await get(world, '{ datafoldRun(monitorId: 7, runId: 42) { error } }');

    expect(posted.headers.get('x-upstream-calls')).toBe('2');
    expect(got.headers.get('x-upstream-calls')).toBe('1');
  });

  it('is 0 where no call was needed', async () => {
    const world = await createBoth();

    const answer = await post(world, '{ node(id: "x") { id } }', {});

    expect(answer.headers.get('x-upstream-calls')).toBe('0');
  });

  it('counts each attempt, as the provider does', async () => {
    holdDice(0);
    const world = await createWorld();
    world.datafold.on(datafoldPath, { status: 503 });

    const answer = await post(world, keysQuery, { keys: [datafoldKey] });

    expect(answer.headers.get('x-upstream-calls')).toBe('3');
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('is in the last part of an incremental response, and in no header of it', async () => {
    const world = await createBoth();

    const response = await post(
      world,
      '{ datafoldRun(monitorId: 7, runId: 42) { id } ... @defer { olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") { id } } }',
      {},
      { accept: 'multipart/mixed', 'x-upstream-calls': 'explain' },
    );

    expect(response.headers.has('x-upstream-calls')).toBe(false);
    const parts: Part[] = [];
    for await (const part of readParts(response)) parts.push(part);
    expect(parts.at(-1)).toMatchObject({ hasNext: false, extensions: { upstream: { calls: 2 } } });
    expect(parts[0]).not.toHaveProperty('extensions');
  });
});

describe('call report: the cost of an operation', () => {
  /** Of a run whose state can't be read: an error, once its monitor has been requested. */
  const broken = '... on DatafoldRun { monitor { name } diffId }';

  it('is in extensions.upstream for clients that send the header, and for no other', async () => {
    const world = await createBoth();
    const keys = [datafoldKey, olostepKey, datafoldKey];

    const plain = await world.execute(keysQuery, { keys });
    const answer = await world.execute(keysQuery, { keys }, explained);

    expect(plain).not.toHaveProperty('extensions');
    expect(answer).toEqual({
      data: plain.data,
      extensions: {
        upstream: {
          calls: 2,
          providers: {
            DATAFOLD: {
              calls: 1,
              paced: 0,
              stale: 0,
              saved: { dedupe: 1, lists: 0, cache: 0, inFlight: 0, fresh: 0, unchanged: 0 },
            },
            OLOSTEP: {
              calls: 1,
              paced: 0,
              stale: 0,
              saved: { dedupe: 0, lists: 0, cache: 0, inFlight: 0, fresh: 0, unchanged: 0 },
            },
          },
          plan: [
            expect.objectContaining({
              provider: 'DATAFOLD',
              source: 'DETAIL',
              count: 1,
              calls: 1,
              reason: expect.any(String),
            }),
            expect.objectContaining({ provider: 'OLOSTEP', source: 'DETAIL', count: 1, calls: 1 }),
          ],
        },
      },
    });
  });

  it('names a provider that was not called in the end, because its credential cools down', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { status: 429, headers: { 'retry-after': '60' } });
    const query = '{ datafoldRun(monitorId: 7, runId: 42) { error } }';

    await world.execute(query);
    const answer = await world.execute(query, {}, explained);

    expect(answer).toMatchObject({ extensions: { upstream: { calls: 0, providers: { DATAFOLD: { calls: 0 } } } } });
  });

  it('is the same however often an operation has been executed, by a plan or without', async () => {
    const world = await createBoth();
    const query =
      '{ a: datafoldRun(monitorId: 7, runId: 42) { error } b: datafoldRun(monitorId: 7, runId: 42) { warnings } }';
    const execute = async () => (await world.execute(query, {}, explained)) as { extensions?: { upstream: unknown } };

    const [first, ...others] = [await execute(), await execute(), await execute(), await execute()];

    expect(first?.extensions?.upstream).toMatchObject({ providers: { DATAFOLD: { calls: 1, saved: { dedupe: 1 } } } });
    for (const other of others) expect(other).toEqual(first);
  });

  it('is not counted twice when a plan bails out and the operation is executed again', async () => {
    const world = await createBoth();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, started_at: 'never' } });
    const query = '{ a: datafoldRun(monitorId: 7, runId: 42) { startedAt error } }';
    for (let use = 0; use < 3; use++) await world.execute(query);

    const answer = await world.execute(query, {}, explained);

    expect(answer).toMatchObject({
      errors: [{ path: ['a', 'startedAt'] }],
      extensions: { upstream: { calls: 1, providers: { DATAFOLD: { calls: 1, saved: { dedupe: 0 } } } } },
    });
  });

  it.each([
    ['beside a list', '{ monitorList(provider: DATAFOLD, first: 2) { nodes { name } } node(id: "x") { id } }', 1, 0],
    ['below lists', `{ monitorList(provider: DATAFOLD, first: 1) { nodes { runs { nodes { ${broken} } } } } }`, 2, 1],
    ['below a feed', `{ runs(first: 2, providers: [DATAFOLD]) { nodes { ${broken} } } }`, 3, 2],
  ])('has each page and each row once, also when a plan bails out %s', async (_where, query, calls, lists) => {
    const world = await createWorld();
    const monitors = [1, 2].map((id) => ({ ...datafoldMonitorBody, id }));
    const runsOf = (id: string) => [{ ...datafoldBody, monitor_id: Number(id), diff_id: {} }];
    serveDatafold(world.datafold, { monitors, runsOf });
    const execute = async () =>
      (await world.execute(query, {}, explained)) as Answer & { extensions?: { upstream: object } };

    const [first, ...others] = [await execute(), await execute(), await execute(), await execute()];

    expect(first?.errors).toBeDefined();
    expect(first?.extensions?.upstream).toMatchObject({
      providers: { DATAFOLD: { calls, saved: { lists } } },
      plan: Array(calls).fill({ source: 'LIST', calls: 1 }),
    });
    for (const { extensions } of others) expect(extensions).toEqual(first?.extensions);
  });

  it('has a page once that several fields request', async () => {
    const world = await createWorld();
    serveDatafold(world.datafold, { monitors: [datafoldMonitorBody] });
    const page = 'monitorList(provider: DATAFOLD, first: 2) { nodes { name } }';

    const answer = await world.execute(`{ a: ${page} b: ${page} }`, {}, explained);

    expect(answer).toMatchObject({ extensions: { upstream: { calls: 1, plan: [{ source: 'LIST', calls: 1 }] } } });
  });

  it('says why each call is planned', async () => {
    const world = await createWorld();
    const runs = [1, 2, 3].map(anyDatafoldRun);
    for (const { path, body } of runs) world.datafold.on(path, { body });

    const answer = await world.execute(keysQuery, { keys: runs.map(({ key }) => key) }, explained);

    expect(answer).toMatchObject({
      extensions: {
        upstream: {
          plan: [
            {
              provider: 'DATAFOLD',
              source: 'DETAIL',
              count: 3,
              calls: 3,
              reason: 'More is selected than a list has.',
            },
          ],
        },
      },
    });
  });

  it('says nothing of a path, a key or a host', async () => {
    const world = await createBoth();

    const response = await post(world, keysQuery, { keys: [datafoldKey] }, explained.headers);

    expect(await response.text()).not.toMatch(/api\/v1|canary|127\.0\.0\.1/);
  });
});
