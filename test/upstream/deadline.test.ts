/** The deadline of an operation: every client is answered in time, with what there is by then. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createGateway, type Gateway, type RunCache } from '../../src/gateway/create-gateway.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
  toDatafoldRow,
} from '../support/bodies.ts';
import { type HeldClock, holdClock, holdDice, until } from '../support/clock.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import { type FakeUpstream, type Handler, type Reply, silence } from '../support/fake-upstream.ts';
import { forms, nextOf, readParts } from '../support/incremental-parts.ts';
import { createListingWorld, createWorld, keys, type World } from '../support/world.ts';

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
const timedOut = (provider: string, path: readonly (string | number)[]) =>
  expect.objectContaining({
    path,
    extensions: {
      code: 'UPSTREAM_TIMEOUT',
      provider,
      account: 'default',
      requestId: expect.any(String),
      retryable: true,
    },
  });

/** So long that an attempt ends by the deadline of its operation. */
const upstreamAttemptTimeoutMs = 60_000;

/** Answers, in the clock of the test, so many milliseconds after it was called. */
const delayed =
  (ms: number, answer: Reply | Handler): Handler =>
  (request, response) => {
    setTimeout(() => {
      if (typeof answer === 'function') return answer(request, response);
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    }, ms);
  };

/** Lets time pass while a provider is called, until the answer is there; returns how long that took, `maxMs` at the most. */
async function passUntil<Answer>(clock: HeldClock, requested: Promise<Answer>, far: FakeUpstream, maxMs: number) {
  let isDone = false;
  const done = requested.finally(() => {
    isDone = true;
  });
  let ms = 0;
  for (; ms < maxMs; ms += 100) {
    await until(() => isDone || far.underWay() > 0);
    if (isDone) break;
    await clock.pass(100);
  }
  return { ms, answer: isDone ? await done : undefined };
}

describe('deadline: an operation whose deadline is reached', () => {
  it.each([
    [1_700, []],
    [8_000, [{ provider: 'DATAFOLD', code: 'UPSTREAM_TIMEOUT' }]],
  ])(
    'is answered with what there is: a list of 240 monitors, 20 a page, with %i ms a call, has the gaps %j',
    async (ms, gaps) => {
      const world = await createWorld({ limits: { upstreamAttemptTimeoutMs } });
      const monitors = Array.from({ length: 240 }, (_, index) => ({ ...datafoldMonitorBody, id: 1 + index }));
      const slow: Pick<FakeUpstream, 'onAny'> = { onAny: (answer) => world.datafold.onAny(delayed(ms, answer)) };
      serveDatafold(slow as FakeUpstream, { monitors, cap: 20 });
      const clock = holdClock();

      const requested = world.execute(
        '{ runs(first: 20, providers: [DATAFOLD]) { nodes { id } gaps { provider code } } }',
      );
      const { ms: passed, answer } = await passUntil(clock, requested, world.datafold, 15_100);

      expect(passed).toBeLessThanOrEqual(15_000);
      expect(answer).toEqual({ data: { runs: { nodes: [], gaps } } });
    },
  );

  it('has had one deadline for all its levels', async () => {
    const world = await createWorld({ limits: { operationTimeoutMs: 5_000 } });
    world.datafold.on(datafoldPath, delayed(2_600, { body: datafoldBody }));
    world.datafold.on(datafoldMonitorPath, delayed(2_600, { body: datafoldMonitorBody }));
    const clock = holdClock();

    const requested = world.execute('{ datafoldRun(monitorId: 7, runId: 42) { warnings monitor { name } } }');
    const { ms, answer } = await passUntil(clock, requested, world.datafold, 6_000);

    expect(ms).toBe(5_000);
    expect(answer).toEqual({
      data: { datafoldRun: { warnings: datafoldBody.warnings, monitor: null } },
      errors: [timedOut('DATAFOLD', ['datafoldRun', 'monitor'])],
    });
  });

  it('answers with what has arrived, and makes no further call', async () => {
    const world = await createWorld({
      limits: { upstreamAttemptTimeoutMs, operationTimeoutMs: 5_000, maxConcurrentCalls: 2 },
    });
    const runs = [1, 2, 3].map(anyDatafoldRun);
    world.datafold.on(runs[0]?.path ?? '', { body: runs[0]?.body });
    world.datafold.onAny(silence);
    const clock = holdClock();

    const requested = world.execute(
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id monitor { name } } }',
      {
        keys: runs.map(({ key }) => key),
      },
    );
    await world.datafold.arrived(3);
    await clock.pass(5_000);

    expect(await requested).toEqual({
      data: { monitorRuns: [{ id: 'DATAFOLD:7:1', monitor: null }, null, null] },
      errors: expect.arrayContaining([
        timedOut('DATAFOLD', ['monitorRuns', 0, 'monitor']),
        timedOut('DATAFOLD', ['monitorRuns', 1]),
        timedOut('DATAFOLD', ['monitorRuns', 2]),
      ]),
    });
    await world.datafold.deserted(2);
    expect(world.datafold.paths).toHaveLength(3);
    // Each call that was made, or waited to be, is logged once.
    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual(
      [2, 3, 7].map(() => expect.objectContaining({ message: 'upstream call failed', reason: 'deadline', ms: 5_000 })),
    );
  });

  it.each([
    ['POST', {}],
    ['GET', { method: 'GET' }],
  ])('is answered on the fast path and the slow path: by %s', async (method, init) => {
    const world = await createWorld({ limits: { upstreamAttemptTimeoutMs } });
    world.datafold.on(datafoldPath, silence);
    const clock = holdClock();
    const operation = '{ datafoldRun(monitorId: 7, runId: 42) { id } }';
    const headers = { 'apollo-require-preflight': 'true' };

    const requested =
      method === 'POST'
        ? world.execute(operation)
        : fetch(`${world.url}?query=${encodeURIComponent(operation)}`, { ...init, headers }).then((response) =>
            response.json(),
          );
    await world.datafold.arrived(1);
    await clock.pass(14_999);
    expect(world.lines).toEqual([]);
    await clock.pass(1);

    expect(await requested).toEqual({ data: { datafoldRun: null }, errors: [timedOut('DATAFOLD', ['datafoldRun'])] });
  });

  it('has the runs that were found on the first pages of a list, when a later one is too late', async () => {
    const world = await createListingWorld({ limits: { operationTimeoutMs: 5_000, listPageSize: 3 } });
    const rows = [6, 5, 4, 3, 2, 1].map((runId) => toDatafoldRow(anyDatafoldRun(runId).body));
    const toPage = (page: number) => ({
      body: { count: 6, page, page_size: 3, total_pages: 2, runs: rows.slice(3 * page - 3, 3 * page) },
    });
    world.datafold.onAny((request, response) => {
      if (request.url?.includes('page=1')) return delayed(1, toPage(1))(request, response);
    });
    const clock = holdClock();
    holdDice(0);

    const requested = world.execute('query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }', {
      keys: [6, 5, 3, 2, 1].map((runId) => anyDatafoldRun(runId).key),
    });
    await world.datafold.arrived(1);
    await clock.pass(1);
    await world.datafold.arrived(2);
    await clock.pass(3_000);
    await world.datafold.arrived(3);
    await clock.pass(2_000);

    expect(await requested).toEqual({
      data: { monitorRuns: [{ id: 'DATAFOLD:7:6' }, { id: 'DATAFOLD:7:5' }, null, null, null] },
      errors: [2, 3, 4].map((place) => timedOut('DATAFOLD', ['monitorRuns', place])),
    });
  });

  it('does not wait for a store of copies that never answers any longer than for others', async () => {
    const stuck: RunCache = {
      read: () => new Promise(() => {}),
      write: () => {},
      drop: () => {},
      forget: () => {},
      close: async () => {},
    };
    const world = await createWorld({ runCache: stuck });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const clock = holdClock();

    const requested = world.execute(query, { key: datafoldKey });
    await clock.waitOf(20);
    await clock.pass(20);

    expect(await requested).toEqual({ data: { monitorRun: { id: 'DATAFOLD:7:42' } } });
  });
});

describe.each(forms)('deadline: an incremental response, as %s,', (form) => {
  const requestFor = (world: World, query: string, variables: object = {}) =>
    world.post(JSON.stringify({ query, variables }), {
      headers: { 'content-type': 'application/json', accept: form },
    });

  it('ends with a proper last part when the deadline is reached, however many levels are left', async () => {
    const world = await createWorld({ limits: { operationTimeoutMs: 5_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.datafold.on(datafoldMonitorPath, delayed(2_600, { body: datafoldMonitorBody }));
    world.datafold.onAny(delayed(2_600, { body: { count: 0, page: 1, page_size: 100, total_pages: 0, runs: [] } }));
    const clock = holdClock();

    const parts = readParts(
      await requestFor(
        world,
        `{ datafoldRun(monitorId: 7, runId: 42) {
          id
          ... @defer(label: "name") { monitor { name } }
          ... @defer(label: "runs") { monitor { description runs(first: 1) { nodes { id } } } }
        } }`,
      ),
    );
    expect(await nextOf(parts)).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42' } }, hasNext: true });
    await world.datafold.arrived(2);
    await clock.pass(2_600);
    const seen = [await nextOf(parts)];
    await world.datafold.arrived(3);
    await clock.pass(2_400);
    for await (const part of parts) seen.push(part);

    expect(seen.flatMap(({ incremental = [] }) => incremental)).toEqual([
      { path: ['datafoldRun'], label: 'name', data: { monitor: { name: datafoldMonitorBody.name } } },
      {
        path: ['datafoldRun'],
        label: 'runs',
        data: { monitor: { description: datafoldMonitorBody.description, runs: null } },
        errors: [timedOut('DATAFOLD', ['datafoldRun', 'monitor', 'runs'])],
      },
    ]);
    expect(seen.map(({ hasNext }) => hasNext)).toEqual(seen.map((_part, place) => place < seen.length - 1));
  });

  it('ends so as well where items of a list are streamed', async () => {
    const world = await createWorld({ limits: { upstreamAttemptTimeoutMs, operationTimeoutMs: 5_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.olostep.on(olostepPath, silence);
    const clock = holdClock();

    const streamed = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) @stream(initialCount: 1) { id } }';
    const parts = readParts(await requestFor(world, streamed, { keys: [datafoldKey, olostepKey, datafoldKey] }));
    await nextOf(parts);
    await world.olostep.arrived(1);
    await clock.pass(5_000);
    const seen: Awaited<ReturnType<typeof nextOf>>[] = [];
    for await (const part of parts) seen.push(part);

    expect(seen.flatMap(({ incremental = [] }) => incremental)).toEqual([
      { path: ['monitorRuns', 1], items: [null], errors: [timedOut('OLOSTEP', ['monitorRuns', 1])] },
      { path: ['monitorRuns', 2], items: [{ id: 'DATAFOLD:7:42' }] },
    ]);
    expect(seen.at(-1)).toMatchObject({ hasNext: false });
  });
});

describe('deadline: a client that waits is not cut off, however often its connection is looked at:', () => {
  /** A world whose Datafold answers when it is let, and that looks at a connection that stands still every 20 ms. */
  async function createSlowWorld() {
    const world = await createWorld();
    world.server.on('request', ({ socket }) => {
      // From here on, as a machine that is late may be longer about the request itself.
      world.server.timeout = 20;
      socket.setTimeout(20);
    });
    const held: (() => void)[] = [];
    world.datafold.onAny(({ url = '' }, response) => {
      const { body } = anyDatafoldRun(Number(url.split('/').at(-1)));
      held.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
    });
    world.olostep.on(olostepPath, { body: olostepBody });
    return {
      world,
      async release(times = 1) {
        for (let time = 0; time < times; time++) await once(world.server, 'timeout');
        await until(() => held.length > 0);
        for (const answer of held.splice(0)) answer();
      },
    };
  }

  it('for an answer', async () => {
    const { world, release } = await createSlowWorld();

    const requested = world.execute(query, { key: datafoldKey });
    await release(3);

    expect(await requested).toEqual({ data: { monitorRun: { id: 'DATAFOLD:7:42' } } });
  });

  it.each(forms)('for a further part, as %s', async (form) => {
    const { world, release } = await createSlowWorld();
    const deferred = `{ olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { id }
      ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }`;
    const headers = { 'content-type': 'application/json', accept: form };

    const parts = readParts(await world.post(JSON.stringify({ query: deferred }), { headers }));
    await nextOf(parts);
    await release(3);

    expect(await nextOf(parts)).toMatchObject({ incremental: [{ data: { datafoldRun: { id: 'DATAFOLD:7:42' } } }] });
    expect((await parts.next()).done).toBe(true);
  });

  it('for the answers to several requests that it has sent at once, the last of which is none', async () => {
    const { world, release } = await createSlowWorld();
    const { hostname, port } = new URL(world.url);
    const toRequest = (runId: number) => {
      const body = JSON.stringify({ query, variables: { key: anyDatafoldRun(runId).key } });
      const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'];
      return [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
    };

    const socket = connect(Number(port), hostname);
    socket.write(`${toRequest(1)}${toRequest(2)}no HTTP\r\n\r\n`);
    const answers = text(socket);
    await world.datafold.arrived(1);
    await release(3);
    await world.datafold.arrived(2);
    await release(3);

    expect((await answers).match(/HTTP\/1\.1 \d+|DATAFOLD:7:\d/g)).toEqual([
      'HTTP/1.1 200',
      'DATAFOLD:7:1',
      'HTTP/1.1 200',
      'DATAFOLD:7:2',
      'HTTP/1.1 400',
    ]);
  });
});

describe('deadline: a deadline that comes nearer as the process shuts down', () => {
  it('ends operations that run, and those that come, with what they have by then', async () => {
    const world = await createWorld({ limits: { upstreamAttemptTimeoutMs } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.datafold.on(datafoldMonitorPath, silence);
    const clock = holdClock();
    const execute = () => world.execute('{ datafoldRun(monitorId: 7, runId: 42) { id monitor { name } } }');

    const first = execute();
    await world.datafold.arrived(2);
    world.gateway.capDeadlines(2_000);
    await clock.pass(1_000);
    const second = execute();
    await world.datafold.arrived(4);
    // What is said later doesn't give more time.
    world.gateway.capDeadlines(10_000);
    await clock.pass(999);
    expect(world.lines).toEqual([]);
    await clock.pass(1);

    const partial = {
      data: { datafoldRun: { id: 'DATAFOLD:7:42', monitor: null } },
      errors: [timedOut('DATAFOLD', ['datafoldRun', 'monitor'])],
    };
    expect(await Promise.all([first, second])).toEqual([partial, partial]);
    expect(await execute()).toEqual({ data: { datafoldRun: null }, errors: [timedOut('DATAFOLD', ['datafoldRun'])] });
    expect(world.datafold.paths).toHaveLength(4);
  });
});

it('deadline: A gateway that is mounted elsewhere has the same deadline', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, silence);
  const gateway: Gateway = createGateway({
    providers: { DATAFOLD: { apiKey: keys.datafold, baseUrl: world.datafold.baseUrl } },
    limits: { upstreamAttemptTimeoutMs },
  });
  const request = new Request('http://bff.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { key: datafoldKey } }),
  });
  await gateway.prepare();
  const clock = holdClock();

  const requested = gateway.fetch(request);
  await world.datafold.arrived(1);
  await clock.pass(15_000);

  expect(await (await requested).json()).toEqual({
    data: { monitorRun: null },
    errors: [timedOut('DATAFOLD', ['monitorRun'])],
  });
  await gateway.close();
});

it('deadline: A page of `monitorList` that is too late is null, and what is beside it is there', async () => {
  const world = await createWorld({ limits: { upstreamAttemptTimeoutMs } });
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.datafold.onAny(silence);
  const clock = holdClock();

  const requested = world.execute(
    '{ datafoldRun(monitorId: 7, runId: 42) { id monitor { name } } monitorList(provider: DATAFOLD) { nodes { id } } }',
  );
  await world.datafold.arrived(3);
  await clock.pass(15_000);

  expect(await requested).toEqual({
    data: { datafoldRun: { id: 'DATAFOLD:7:42', monitor: null }, monitorList: null },
    errors: expect.arrayContaining([
      timedOut('DATAFOLD', ['datafoldRun', 'monitor']),
      timedOut('DATAFOLD', ['monitorList']),
    ]),
  });
});
