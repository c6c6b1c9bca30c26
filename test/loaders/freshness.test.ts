/** Responses that may still change, reused for a moment. */
import { describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldMonitorRow,
  datafoldPath,
  olostepKey,
  toDatafoldRow,
} from '../support/bodies.ts';
import { holdDate, holdDice } from '../support/clock.ts';
import { found, stores } from '../support/stores.ts';
import { createWorld, type World } from '../support/world.ts';

const start = '2026-11-22T12:00:00.000Z';
/** Moves the calendar to so many milliseconds behind the start. */
const setTime = (ms: number) => void vi.setSystemTime(Date.parse(start) + ms);

/** With the default freshness; finished runs aren't cached, so that each response is met. */
const createFreshWorld = (config: Partial<GatewayConfig> = {}, beside?: World): Promise<World> =>
  createWorld(
    { coalesceCalls: true, ...config, limits: { freshMs: defaultLimits.freshMs, ...config.limits } },
    {},
    beside,
  );

const query = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) { id phase readAt isStale ... on DatafoldRun { error } }
}`;
const requestRuns = (
  world: World,
  headers: Readonly<Record<string, string>> = {},
  keys: readonly object[] = [datafoldKey],
) => world.execute(query, { keys }, { headers: { 'content-type': 'application/json', ...headers } });
const asTenant = (key: string) => ({ 'x-datafold-api-key': key });

const unfinished = (error: string) => ({ body: { ...datafoldBody, state: 'checking', error } });
const errorOf = async (answer: ReturnType<typeof requestRuns>) => (await answer).data.monitorRuns[0].error;

const rowsOf = (...runIds: readonly number[]) =>
  runIds.map((runId) => toDatafoldRow({ ...anyDatafoldRun(runId).body, run_id: runId }));
const pageOf = (page: number, rows: readonly object[], count = rows.length) => ({
  body: { count, page, page_size: 2, total_pages: Math.ceil(count / 2), runs: rows },
});

describe('A response that may still change', () => {
  it('is reused for five seconds, by whatever query, with the time at which it was received', async () => {
    holdDate(start);
    const world = await createFreshWorld();
    world.datafold.on(datafoldPath, unfinished('first'));
    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { phase } }');
    world.datafold.on(datafoldPath, unfinished('second'));

    setTime(4_999);
    const answer = await world.execute('{ node(id: "DATAFOLD:7:42") { ... on DatafoldRun { error readAt isStale } } }');
    expect(answer.data.node).toEqual({ error: 'first', readAt: start, isStale: false });
    expect(world.datafold.paths).toEqual([datafoldPath]);

    setTime(5_000);
    expect((await requestRuns(world)).data.monitorRuns).toMatchObject([
      { error: 'second', readAt: '2026-11-22T12:00:05.000Z' },
    ]);
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each<[string, string, string]>([
    ['list of monitors', '/api/v1/monitors?', '{ monitorList(provider: DATAFOLD) { nodes { name } } }'],
    [
      'page of runs',
      '/api/v1/monitors/7/runs?',
      '{ monitor(key: { provider: DATAFOLD, monitorId: "7" }) { runs { nodes { runId } } } }',
    ],
    [
      'page of events',
      '/v1/monitors/',
      `{ monitor(key: { provider: OLOSTEP, monitorId: "${olostepKey.monitorId}" }) { runs { nodes { runId } } } }`,
    ],
    ['run feed', '/api/v1/monitors?', '{ runs(first: 5) { nodes { runId } gaps { code } } }'],
  ])('may be a %s', async (_name, path, text) => {
    holdDate(start);
    const world = await createFreshWorld({ runCache: true });
    world.datafold.onAny((request, response) => {
      const member = request.url?.includes('/runs') ? { runs: rowsOf(1) } : { monitors: [datafoldMonitorRow] };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ count: 1, page: 1, page_size: 100, total_pages: 1, ...member }));
    });
    world.olostep.onAny({ body: { data: [], monitors: [], count: 0, has_more: false, next_cursor: null } });
    const first = await world.execute(text);
    expect(first.errors).toBeUndefined();
    const calls = world.datafold.paths.length + world.olostep.paths.length;
    expect([...world.datafold.paths, ...world.olostep.paths].some((each) => each.startsWith(path))).toBe(true);

    setTime(4_000);
    expect(await world.execute(text)).toEqual(first);
    expect(world.datafold.paths.length + world.olostep.paths.length).toBe(calls);
  });

  it('is one for two windows of time: they are found in the same pages', async () => {
    holdDate(start);
    const world = await createFreshWorld();
    world.datafold.onAny(pageOf(1, rowsOf(1)));
    world.datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
    const windowOf = (ms: number) =>
      world.execute(
        `{ monitor(key: { provider: DATAFOLD, monitorId: "7" }) { runs(startedBefore: "2026-11-22T11:59:59.${ms}Z") { nodes { runId } } } }`,
      );

    await windowOf(123);
    await windowOf(456);

    expect(world.datafold.paths.filter((path) => path.includes('/runs?'))).toHaveLength(1);
  });

  it('has a run that is requested by its key: a page of its monitor says as much as the run does, but for its error', async () => {
    holdDate(start);
    const world = await createFreshWorld({ runCache: true });
    const list = { count: 1, page: 1, page_size: 100, total_pages: 1, monitors: [{ ...datafoldMonitorRow, id: 7 }] };
    world.datafold.on('/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc', { body: list });
    const running = toDatafoldRow({ ...datafoldBody, state: 'checking' });
    const page = '/api/v1/monitors/7/runs?page=1&page_size=100';
    world.datafold.on(page, { body: { ...pageOf(1, [running]).body, page_size: 100 } });
    world.datafold.on(datafoldPath, unfinished('own'));
    await world.execute('{ runs(providers: [DATAFOLD]) { nodes { id } } }');
    expect(world.datafold.paths).toContain(page);
    const { length } = world.datafold.paths;

    setTime(4_999);
    const { data } = await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { phase readAt } }');
    expect(data.datafoldRun).toEqual({ phase: 'RUNNING', readAt: start });
    expect(world.datafold.paths).toHaveLength(length);

    expect(await errorOf(requestRuns(world))).toBe('own');
    setTime(5_000);
    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { phase } }');
    expect(world.datafold.paths).toHaveLength(length + 1);
    setTime(10_000);
    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { phase } }');
    expect(world.datafold.paths.slice(length)).toEqual([datafoldPath, datafoldPath]);
  });

  it('costs none of the calls that an operation may make', async () => {
    const world = await createFreshWorld({ limits: { maxUpstreamCalls: 1 } });
    const runs = [1, 2, 3].map((runId) => anyDatafoldRun(runId));
    for (const { path, body } of runs) world.datafold.on(path, { body });
    for (const { key } of runs) await requestRuns(world, {}, [key]);

    const { data, errors } = await requestRuns(
      world,
      {},
      runs.map(({ key }) => key),
    );

    expect(errors).toBeUndefined();
    expect(data.monitorRuns).toHaveLength(3);
  });

  it.each([
    ['a failure', { status: 500 }],
    ['a 404', { status: 404, body: { detail: 'Not Found' } }],
    ['a response that is no JSON', { body: 'Bad Gateway' }],
  ])('is never %s', async (_name, reply) => {
    holdDice(0);
    const world = await createFreshWorld();
    world.datafold.on(datafoldPath, reply);
    await requestRuns(world);
    world.datafold.on(datafoldPath, unfinished('now'));

    expect(await errorOf(requestRuns(world))).toBe('now');
  });

  it('is never larger than the limit, and of the smaller ones those remain that were used last', async () => {
    const world = await createFreshWorld({ limits: { responseCacheMaxEntryBytes: 1_000, responseCacheMaxEntries: 2 } });
    const runs = [1, 2, 3, 4].map((runId) => anyDatafoldRun(runId));
    for (const { path, body } of runs) world.datafold.on(path, { body });
    const large = anyDatafoldRun(5);
    world.datafold.on(large.path, { body: { ...large.body, error: 'x'.repeat(1_000) } });
    for (const { key } of [large, ...runs]) await requestRuns(world, {}, [key]);
    const before = world.datafold.paths.length;

    for (const { key } of [...runs.slice(2), large]) await requestRuns(world, {}, [key]);
    expect(world.datafold.paths.slice(before)).toEqual([large.path]);
  });

  it('counts among the large responses of all operations: where there is no room for it, it is requested', async () => {
    const world = await createFreshWorld({ limits: { maxUpstreamResponseTotalBytes: 150_000 } });
    const slow = anyDatafoldRun(43);
    world.datafold.on(datafoldPath, unfinished('x'.repeat(100_000)));
    let answerSlow: (() => void) | undefined;
    world.datafold.on(slow.path, (_request, response) => {
      answerSlow = () => void response.writeHead(404).end();
    });
    const callsOf = (path: string) => world.datafold.paths.filter((each) => each === path).length;
    await requestRuns(world);
    const user = requestRuns(world, {}, [datafoldKey, slow.key]);
    await world.datafold.arrived(2);
    expect(callsOf(datafoldPath)).toBe(1);

    await requestRuns(world);
    expect(callsOf(datafoldPath)).toBe(2);
    answerSlow?.();
    await user;
    await requestRuns(world);
    expect(callsOf(datafoldPath)).toBe(2);
  });

  it('is none with FRESH_MS=0', async () => {
    const world = await createFreshWorld({ limits: { freshMs: 0 } });
    world.datafold.on(datafoldPath, unfinished('first'));
    await requestRuns(world);
    world.datafold.on(datafoldPath, unfinished('second'));

    expect(await errorOf(requestRuns(world))).toBe('second');
  });
});

describe('A page behind the first one', () => {
  const runsAfter = (world: World, after?: string) =>
    world.execute(
      `query ($after: String) { monitor(key: { provider: DATAFOLD, monitorId: "7" }) {
        runs(first: 2, after: $after) { nodes { runId } pageInfo { endCursor } }
      } }`,
      { after },
    );
  const pathOf = (page: number) => `/api/v1/monitors/7/runs?page=${page}&page_size=2`;

  it('is never older than the one before it: a run that has moved on to it since would be missing', async () => {
    holdDate(start);
    const world = await createFreshWorld({ limits: { listPageSize: 2 } });
    world.datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
    world.datafold.on(pathOf(1), pageOf(1, rowsOf(4, 3), 4));
    world.datafold.on(pathOf(2), pageOf(2, rowsOf(2, 1), 4));
    const first = await runsAfter(world);
    setTime(2_000);
    await runsAfter(world, first.data.monitor.runs.pageInfo.endCursor);

    // Run 5 pushes run 3 on to the second page, which was received at 2,000; the first page has to be received again at 5,000.
    world.datafold.on(pathOf(1), pageOf(1, rowsOf(5, 4), 5));
    world.datafold.on(pathOf(2), pageOf(2, rowsOf(3, 2), 5));
    setTime(6_000);
    const again = await runsAfter(world);
    expect(again.data.monitor.runs.nodes).toEqual([{ runId: '5' }, { runId: '4' }]);
    const second = await runsAfter(world, again.data.monitor.runs.pageInfo.endCursor);
    expect(second.data.monitor.runs.nodes).toEqual([{ runId: '3' }, { runId: '2' }]);
  });

  const monitors = (page: number) => `/api/v1/monitors?page=${page}&page_size=2&order_by=id&sort_order=asc`;
  async function createFourMonitors() {
    holdDate(start);
    const world = await createFreshWorld({ limits: { listPageSize: 2 } });
    const listOf = (page: number, ids: readonly number[]) => ({
      body: {
        ...{ count: 4, page, page_size: 2, total_pages: 2 },
        monitors: ids.map((id) => ({ ...datafoldMonitorRow, id, last_run: null, state: null })),
      },
    });
    world.datafold.on(monitors(1), listOf(1, [1, 2]));
    world.datafold.on(monitors(2), listOf(2, [3, 4]));
    const feed = (ms: number) => {
      setTime(ms);
      return world.execute('{ runs(providers: [DATAFOLD]) { nodes { id } gaps { code } isComplete } }');
    };
    const list = async (ms: number) => {
      const query = `query ($after: String) { monitorList(provider: DATAFOLD, first: 2, after: $after) {
        nodes { monitorId } pageInfo { endCursor }
      } }`;
      setTime(ms);
      const first = await world.execute(query);
      const { data } = await world.execute(query, { after: first.data.monitorList.pageInfo.endCursor });
      return data.monitorList.nodes;
    };
    return { world, feed, list };
  }

  it('is reused with the first one where one operation has read both', async () => {
    const { world, feed } = await createFourMonitors();
    expect(await feed(0)).toEqual({ data: { runs: { nodes: [], gaps: [], isComplete: true } } });
    await feed(4_000);
    expect(world.datafold.paths).toEqual([monitors(1), monitors(2)]);

    await feed(5_000);
    expect(world.datafold.paths).toHaveLength(4);
  });

  it('of monitors is reused by all operations, as new monitors come last', async () => {
    const { world, feed, list } = await createFourMonitors();
    expect(await list(0)).toEqual([{ monitorId: '3' }, { monitorId: '4' }]);
    await feed(1_000);
    await list(2_000);
    expect(world.datafold.paths).toEqual([monitors(1), monitors(2)]);

    await feed(5_000);
    await Promise.all([feed(5_000), list(5_000)]);
    await feed(6_000);
    expect(world.datafold.paths).toHaveLength(4);
  });
});

describe('Cache-Control: max-age', () => {
  it.each<[ms: number, headers: Readonly<Record<string, string>>, calls: number]>([
    [999, { 'cache-control': 'max-age=0' }, 1],
    [1_000, { 'cache-control': 'max-age=0' }, 2],
    [1_000, { 'cache-control': 'no-cache' }, 2],
    [1_000, { 'cache-control': 'no-cache', pragma: 'no-cache' }, 1],
    [1_999, { 'cache-control': 'max-age=2' }, 1],
    [2_000, { 'cache-control': 'max-age=2' }, 2],
    [2_000, { 'cache-control': 'no-transform, MAX-AGE="2"' }, 2],
    [2_000, { 'cache-control': 'max-age=two' }, 1],
    [4_999, { 'cache-control': 'max-age=3600' }, 1],
    [5_000, { 'cache-control': 'max-age=3600' }, 2],
  ])('after %i ms with %j there have been %i calls', async (ms, headers, calls) => {
    holdDate(start);
    const world = await createFreshWorld();
    world.datafold.on(datafoldPath, unfinished('first'));
    await requestRuns(world);

    setTime(ms);
    await requestRuns(world, headers);

    expect(world.datafold.paths).toHaveLength(calls);
  });

  it('concerns finished runs of the run cache too', async () => {
    holdDate(start);
    const world = await createFreshWorld({ runCache: true });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await requestRuns(world);
    setTime(60_000);
    await requestRuns(world, { 'cache-control': 'max-age=61' });
    expect(world.datafold.paths).toHaveLength(1);

    await requestRuns(world, { 'cache-control': 'max-age=60' });
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each([
    ['the fast path', 'application/json'],
    ['the slow path', 'application/graphql-response+json;q=0.9, multipart/mixed'],
  ])(
    'the answer has its Age, of its oldest part; without one, all of it has been fetched for it: %s',
    async (_path, accept) => {
      holdDate(start);
      const world = await createFreshWorld();
      const other = anyDatafoldRun(43);
      world.datafold.on(datafoldPath, unfinished('first'));
      world.datafold.on(other.path, { body: other.body });
      const ageOf = async (...keys: readonly object[]) => {
        const init = { headers: { 'content-type': 'application/json', accept } };
        return (await world.post(JSON.stringify({ query, variables: { keys } }), init)).headers.get('age');
      };

      expect(await ageOf(datafoldKey)).toBeNull();
      setTime(3_900);
      expect(await ageOf(datafoldKey, other.key)).toBe('3');
      expect(await ageOf(other.key)).toBe('0');
    },
  );

  it('may be sent by pages of listed origins, which can read Age', async () => {
    const origin = 'https://app.example';
    const world = await createWorld({}, { corsOrigins: [origin] });
    const headers = { origin, 'access-control-request-method': 'POST', 'content-type': 'application/json' };

    const preflight = await fetch(world.url, { method: 'OPTIONS', headers });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('cache-control');
    const answer = await world.post(JSON.stringify({ query: '{ __typename }' }), { headers });
    expect(answer.headers.get('access-control-expose-headers')).toContain('age');
  });
});

describe.each(stores)('Responses in $name', ({ name, create }) => {
  const serve = async (open: Awaited<ReturnType<typeof create>>, beside?: World) =>
    createFreshWorld(
      {
        credentials: 'forwarded',
        // In memory, responses have a store apart from runs.
        ...(name !== 'memory' && { runCache: await open() }),
      },
      beside,
    );
  /** Requests until the response is reused, as a store outside the process may take a moment. */
  const requestUntilReused = (world: World, key: string) =>
    found(async () => {
      const before = world.datafold.paths.length;
      const answer = await requestRuns(world, asTenant(key));
      return world.datafold.paths.length === before ? answer : undefined;
    });

  it('are reused with one credential alone', async () => {
    const world = await serve(await create());
    world.datafold.on(datafoldPath, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(unfinished(`for ${request.headers.authorization}`).body));
    });
    await requestUntilReused(world, 'first-tenant');

    expect(await errorOf(requestRuns(world, asTenant('second-tenant')))).toBe('for Key second-tenant');
    expect(await errorOf(requestRuns(world, asTenant('first-tenant')))).toBe('for Key first-tenant');
  });

  it('end when the provider refuses the credential, all of them and at once', async () => {
    const world = await serve(await create());
    const other = anyDatafoldRun(43);
    world.datafold.on(datafoldPath, unfinished('before'));
    await requestUntilReused(world, 'tenant');
    world.datafold.on(other.path, { status: 401 });
    await requestRuns(world, asTenant('tenant'), [other.key]);
    world.datafold.on(datafoldPath, unfinished('after'));

    expect(await errorOf(requestRuns(world, asTenant('tenant')))).toBe('after');
  });

  it('are dropped when the provider forbids the run, or has it no longer', async () => {
    const world = await serve(await create());
    for (const status of [403, 404]) {
      world.datafold.on(datafoldPath, unfinished('before'));
      await requestUntilReused(world, 'tenant');
      world.datafold.on(datafoldPath, { status, body: {} });
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_500 });
      await requestRuns(world, { ...asTenant('tenant'), 'cache-control': 'max-age=1' });
      world.datafold.on(datafoldPath, unfinished('after'));

      expect(await errorOf(requestRuns(world, asTenant('tenant')))).toBe('after');
      vi.useRealTimers();
    }
  });

  if (name !== 'memory')
    it('serve all processes that share it', async () => {
      const open = await create();
      const first = await serve(open);
      const second = await serve(open, first);
      first.datafold.on(datafoldPath, unfinished('first'));
      await requestUntilReused(first, 'tenant');
      const calls = first.datafold.paths.length;

      expect(await errorOf(requestRuns(second, asTenant('tenant')))).toBe('first');
      expect(first.datafold.paths).toHaveLength(calls);
    });
});

describe('A call that is in flight when its credential is refused', () => {
  it('is answered, and its response is not reused', async () => {
    const world = await createFreshWorld();
    const other = anyDatafoldRun(43);
    let answer: (() => void) | undefined;
    world.datafold.on(datafoldPath, (_request, response) => {
      answer = () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(unfinished('before').body));
      };
    });
    const first = requestRuns(world);
    await world.datafold.arrived(1);
    world.datafold.on(other.path, { status: 401 });
    await requestRuns(world, {}, [other.key]);
    answer?.();
    expect(await errorOf(first)).toBe('before');
    world.datafold.on(datafoldPath, unfinished('after'));

    expect(await errorOf(requestRuns(world))).toBe('after');
  });
});
