import dns from 'node:dns';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Limits } from '../../src/core/limits.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from '../support/bodies.ts';
import { holdClock, holdDice, until } from '../support/clock.ts';
import { type Handler, type Reply, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
const found = { data: { monitorRun: { id: 'DATAFOLD:7:42' } } };
const failed = (code: string, facts: object = {}) => ({
  data: { monitorRun: null },
  errors: [
    expect.objectContaining({
      extensions: {
        ...facts,
        code,
        provider: 'DATAFOLD',
        account: 'default',
        requestId: expect.any(String),
        retryable: true,
      },
    }),
  ],
});
const execute = (world: World, init?: RequestInit) => world.execute(query, { key: datafoldKey }, init);

/** A world whose Datafold gives these answers in turn, the last one for ever. */
async function createWorldOf(answers: readonly (Reply | Handler)[], limits: Partial<Limits> = {}): Promise<World> {
  const world = await createWorld({ limits });
  const left = [...answers];
  world.datafold.onAny((request, response) => {
    const answer = (left.length > 1 ? left.shift() : left[0]) as Reply | Handler;
    if (typeof answer === 'function') return answer(request, response);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body ?? {}));
  });
  return world;
}

const good: Reply = { body: datafoldBody };
const later = (wait: string, status = 429): Reply => ({ status, headers: { 'retry-after': wait } });
const reset: Handler = ({ socket }) => void socket.resetAndDestroy();
const close: Handler = ({ socket }) => void socket.end();

describe('retry: a call that failed', () => {
  it.each([
    ['an error of the server', { status: 500 }],
    ['a bad gateway', { status: 502 }],
    ['an answer that it was too early', { status: 425 }],
    ['a time-out of the server', { status: 408 }],
    ['a page of HTML', { headers: { 'content-type': 'text/html' } }],
    ['a reset', reset],
    ['a closed connection', close],
    ['a limit without a wait', { status: 429 }],
    ['a limit with a wait of 0', later('0')],
  ])('is answered all the same, when only its first attempt meets %s', async (_name, fault) => {
    holdDice(0);
    const world = await createWorldOf([fault, good]);

    expect(await execute(world)).toEqual(found);
    expect(world.datafold.paths).toEqual([datafoldPath, datafoldPath]);
    expect(world.lines.filter(({ message }) => message === 'upstream call failed')).toEqual([]);
  });

  it('is tried three times in all, whatever the mix of faults', async () => {
    holdDice(0);
    const world = await createWorldOf([{ status: 500 }, reset, { status: 502 }, good]);

    expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 502 }));
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('is not retried when tags or a cursor of the client may be why', async () => {
    const world = await createWorldOf([{ status: 500 }, { body: { monitors: [] } }]);

    const { errors } = await world.execute('{ monitorList(provider: DATAFOLD, tags: ["canary"]) { totalCount } }');

    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('is not tried a third time for a fault that is worth one retry', async () => {
    holdDice(0);
    const world = await createWorldOf([{ status: 500 }, { body: 'not JSON' }, good]);

    expect(await execute(world)).toEqual(failed('UPSTREAM_BAD_RESPONSE'));
    expect(world.datafold.paths).toHaveLength(2);
  });

  it('waits up to 100 ms before its second attempt and up to 200 ms before its third: half of it, as the dice say', async () => {
    const world = await createWorldOf([{ status: 500 }, { status: 500 }, good]);
    const clock = holdClock();
    holdDice(0.5);

    const requested = execute(world);
    await clock.waitOf(50);
    await clock.pass(49);
    expect(world.datafold.paths).toHaveLength(1);
    await clock.pass(1);
    await clock.waitOf(100);
    await clock.pass(99);
    expect(world.datafold.paths).toHaveLength(2);
    await clock.pass(1);

    expect(await requested).toEqual(found);
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('never waits longer than the longest back-off', async () => {
    const world = await createWorldOf([{ status: 500 }, { status: 500 }, good], { retryBaseDelayMs: 700 });
    const clock = holdClock();
    holdDice(1);

    const requested = execute(world);
    for (const wait of [700, 1_000]) {
      await clock.waitOf(wait);
      await clock.pass(wait);
    }

    expect(await requested).toEqual(found);
  });
});

const noon = '2026-11-20T12:00:00Z';

describe.each([
  [429, 'RATE_LIMITED'],
  [503, 'UPSTREAM_UNAVAILABLE'],
])('retry: a call that is answered %i', (status, code) => {
  it.each([
    ['2', 2_000],
    ['1', 1_000],
    ['Fri, 20 Nov 2026 12:00:02 GMT', 2_000],
    ['Friday, 20-Nov-26 12:00:01 GMT', 1_000],
  ])('waits as long as a Retry-After of %s says, and a few milliseconds, as the dice say', async (header, wait) => {
    const world = await createWorldOf([later(header, status), good]);
    const clock = holdClock(noon);
    holdDice(0.5);

    const requested = execute(world);
    await clock.waitOf(wait + 50);
    await clock.pass(wait + 49);
    expect(world.datafold.paths).toHaveLength(1);
    await clock.pass(1);

    expect(await requested).toEqual(found);
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each([
    ['15', 15_000],
    ['86400', 86_400_000],
    ['12345678901', 12_345_678_901_000],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['Fri, 20 Nov 2026 12:00:15 GMT', 15_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59) - Date.parse(noon)],
  ])('hands on a wait beyond the deadline of the operation at once: %s', async (header, retryAfterMs) => {
    const world = await createWorldOf([later(header, status), good]);
    holdClock(noon);

    expect(await execute(world)).toEqual(failed(code, { upstreamStatus: status, retryAfterMs }));
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('hands on a short wait at once, when too little time would be left after it', async () => {
    const world = await createWorldOf([later('2', status), good], { operationTimeoutMs: 2_249 });
    holdClock();
    holdDice(0);

    expect(await execute(world)).toEqual(failed(code, { upstreamStatus: status, retryAfterMs: 2_000 }));
    expect(world.datafold.paths).toHaveLength(1);
  });
});

const unreadable = [
  ...['soon', '-1', '1.5', '1e9', '0x1', '', 'Fri, 99 Nov 2026 12:00:02 GMT', '2026-11-20T12:00:01Z'],
  ['1', '2'],
];

it.each(unreadable)("A call that is answered 503 isn't tried again when its Retry-After says %j", async (header) => {
  const world = await createWorldOf([{ status: 503, headers: { 'retry-after': header } }, good]);

  expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 503 }));
  expect(world.datafold.paths).toHaveLength(1);
});

it.each(unreadable)('A call that is answered 429 is made again though its Retry-After says %j', async (header) => {
  holdDice(0);
  const world = await createWorldOf([{ status: 429, headers: { 'retry-after': header } }, good]);

  expect(await execute(world)).toEqual(found);
});

it('A call that is answered 503 waits once: the second `Retry-After` is passed on', async () => {
  const world = await createWorldOf([later('1', 503), later('2', 503), good]);
  const clock = holdClock();
  holdDice(0);

  const requested = execute(world);
  await clock.waitOf(1_000);
  await clock.pass(1_000);

  expect(await requested).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 503, retryAfterMs: 2_000 }));
  expect(world.datafold.paths).toHaveLength(2);
});

it('A call that is answered 429 is made again as often as its deadline lets it, and more rarely each time', async () => {
  const world = await createWorldOf([{ status: 429 }]);
  const clock = holdClock();
  holdDice(0);
  const times: number[] = [];
  world.datafold.onAny((_request, response) => {
    times.push(performance.now());
    response.writeHead(429).end();
  });

  let isDone = false;
  const requested = execute(world).finally(() => {
    isDone = true;
  });
  await until(() => {
    if (world.datafold.underWay() === 0) void clock.pass(5);
    return isDone;
  });

  expect(await requested).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true } }] });
  expect(times.length).toBeGreaterThan(4);
  expect(times.length).toBeLessThan(25);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(15_000);
});

describe('A call whose time runs', () => {
  it('is tried again after a silent attempt, once', async () => {
    const world = await createWorldOf([silence], { operationTimeoutMs: 20_000 });
    const clock = holdClock();
    holdDice(0);

    const requested = execute(world);
    await world.datafold.arrived(1);
    await clock.pass(3_000);
    await world.datafold.arrived(2);
    await clock.pass(3_000);

    expect(await requested).toEqual(failed('UPSTREAM_TIMEOUT'));
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each([
    [4_000, 2],
    [3_999, 1],
  ])(
    'is tried again after a silent attempt only with a second left: of %i ms, %i attempts',
    async (operationTimeoutMs, attempts) => {
      const world = await createWorldOf([silence], { operationTimeoutMs });
      const clock = holdClock();
      holdDice(0);

      const requested = execute(world);
      await world.datafold.arrived(1);
      await clock.pass(3_000);
      await world.datafold.arrived(attempts);
      await clock.pass(1_000);

      expect(await requested).toEqual(failed('UPSTREAM_TIMEOUT'));
      expect(world.datafold.paths).toHaveLength(attempts);
    },
  );

  it.each([
    [4_750, 2],
    [4_751, 1],
  ])('is tried again only with 250 ms left: at %i of 5,000 ms, %i attempts', async (ms, attempts) => {
    const answers: (() => void)[] = [];
    const slow: Handler = (_request, response) => void answers.push(() => response.writeHead(500).end());
    const world = await createWorldOf([slow, good], { upstreamAttemptTimeoutMs: 5_000, operationTimeoutMs: 5_000 });
    const clock = holdClock();
    holdDice(0);

    const requested = execute(world);
    await world.datafold.arrived(1);
    await clock.pass(ms);
    for (const answer of answers) answer();

    const failure = failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 500 });
    expect(await requested).toEqual(attempts === 2 ? found : failure);
    expect(world.datafold.paths).toHaveLength(attempts);
  });

  it('is given up in the middle of an attempt when the deadline of its operation is reached', async () => {
    const world = await createWorldOf([silence], { operationTimeoutMs: 5_000 });
    const clock = holdClock();
    holdDice(0);

    const requested = execute(world);
    await world.datafold.arrived(1);
    await clock.pass(3_000);
    await world.datafold.arrived(2);
    await clock.pass(1_999);
    expect(world.lines).toEqual([]);
    await clock.pass(1);

    expect(await requested).toEqual(failed('UPSTREAM_TIMEOUT'));
    await world.datafold.deserted(2);
    // And not by what the HTTP client would do in the end.
    expect(world.lines).toContainEqual(expect.objectContaining({ reason: 'deadline', attempts: 2, ms: 5_000 }));
  });

  it("isn't made at all when its place comes with less than 250 ms left", async () => {
    const answers: (() => void)[] = [];
    const world = await createWorld({
      limits: { upstreamAttemptTimeoutMs: 5_000, operationTimeoutMs: 5_000, maxConcurrentCalls: 1 },
    });
    const [first, second] = [anyDatafoldRun(1), anyDatafoldRun(2)];
    world.datafold.on(first.path, (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(first.body)));
    });
    world.datafold.on(second.path, { body: second.body });
    const clock = holdClock();

    const keys = [first.key, second.key];
    const requested = world.execute('query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }', { keys });
    await world.datafold.arrived(1);
    await clock.pass(4_751);
    for (const answer of answers) answer();

    expect(await requested).toMatchObject({
      data: { monitorRuns: [{ id: 'DATAFOLD:7:1' }, null] },
      errors: [{ path: ['monitorRuns', 1], extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true } }],
    });
    expect(world.datafold.paths).toEqual([first.path]);
  });
});

describe('retry: a connection that ends', () => {
  const afterHeaders: Handler = ({ socket }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{', () => socket.resetAndDestroy());
  };

  it.each([
    ['reset', reset],
    ['closed', close],
  ])(
    'before the first byte, %s, after it has carried an answer, costs no time and nothing of the budget',
    async (_name, end) => {
      const world = await createWorldOf([good, end, good], { retryBudget: 0 });
      expect(await execute(world)).toEqual(found);
      holdClock();
      holdDice(1);

      expect(await execute(world)).toEqual(found);
      expect(world.datafold.paths).toHaveLength(3);
      const [first, second, third] = world.datafold.requests.map(({ socket }) => socket);
      expect(second).toBe(first);
      expect(third).not.toBe(first);
    },
  );

  it.each([
    ['before it has carried an answer', [reset, good]],
    ['after the first byte', [good, afterHeaders, good]],
  ])('%s does cost', async (_name, answers) => {
    const world = await createWorldOf(answers, { retryBudget: 0 });
    for (let before = 1; before < answers.length - 1; before++) await execute(world);

    expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE'));
    expect(world.datafold.paths).toHaveLength(answers.length - 1);
  });

  it('is free once a call: the next one is a retry like others', async () => {
    const world = await createWorldOf([good, reset, { status: 500 }, good], { retryBudget: 1 });
    holdDice(0);
    await execute(world);

    expect(await execute(world)).toEqual(found);
    expect(world.datafold.paths).toHaveLength(4);
    world.datafold.onAny({ status: 500 });
    // That one took the only retry.
    await execute(world);
    expect(world.datafold.paths).toHaveLength(5);
  });
});

describe('retry: the name of a provider', () => {
  /** Has the first look-ups of names fail, or all of them; tells how many there were. */
  function failLookups(code: string, times = Number.POSITIVE_INFINITY) {
    const { lookup } = dns;
    const spy = vi.spyOn(dns, 'lookup').mockImplementation(((...parameters: Parameters<typeof lookup>) => {
      if (spy.mock.calls.length > times) return lookup(...parameters);
      const callback = parameters.at(-1) as unknown as (error: Error) => void;
      setImmediate(() => callback(Object.assign(new Error(`getaddrinfo ${code}`), { code })));
    }) as typeof lookup);
    onTestFinished(() => spy.mockRestore());
    return () => spy.mock.calls.length;
  }

  /** Datafold has a name, and Olostep an address. */
  async function createNamedWorld() {
    const far = await startFakeUpstream();
    onTestFinished(() => far.close());
    far.on(datafoldPath, { body: datafoldBody });
    const { port } = new URL(far.baseUrl);
    const olostep = await startFakeUpstream();
    onTestFinished(() => olostep.close());
    olostep.on(olostepPath, { body: olostepBody });
    return createWorld({
      providers: {
        DATAFOLD: { apiKey: 'key', baseUrl: `http://localhost:${port}` },
        OLOSTEP: { apiKey: 'key', baseUrl: olostep.baseUrl },
      },
    });
  }

  it('is looked up again when that failed for the moment, and no client notices', async () => {
    holdDice(0);
    const world = await createNamedWorld();
    const lookups = failLookups('EAI_AGAIN', 2);

    expect(await execute(world)).toEqual(found);
    expect(lookups()).toBe(3);
  });

  it('is looked up three times in all, and the other provider is not touched', async () => {
    holdDice(0);
    const world = await createNamedWorld();
    const lookups = failLookups('EAI_AGAIN');

    expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE'));
    expect(lookups()).toBe(3);
    expect((await world.execute(query, { key: olostepKey })).errors).toBe(undefined);
  });

  it('is not looked up again when there is no such name', async () => {
    const world = await createNamedWorld();
    const lookups = failLookups('ENOTFOUND');

    const { errors } = await execute(world);

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: false });
    expect(lookups()).toBe(1);
  });
});

describe('retry: a client that leaves during a wait', () => {
  it.each([
    ['of the back-off', { status: 500 }, 50],
    ['of Retry-After', later('2'), 2_050],
  ])('%s ends it, and no further call is made', async (_name, fault, wait) => {
    const world = await createWorldOf([fault, good]);
    const clock = holdClock();
    holdDice(0.5);
    const controller = new AbortController();

    const requested = execute(world, { signal: controller.signal });
    await clock.waitOf(wait);
    await clock.pass(0);
    const timers = clock.timers();
    controller.abort();
    await expect(requested).rejects.toThrow('aborted');
    const requests = () => world.lines.filter(({ message }) => message === 'request');
    await until(() => requests().length > 0);

    expect(clock.timers()).toBeLessThanOrEqual(timers);
    await clock.pass(10_000);
    expect(world.datafold.paths).toHaveLength(1);
    expect(requests()).toEqual([expect.objectContaining({ message: 'request', status: 499 })]);
  });
});

describe('retry: the retries of a provider', () => {
  const manyQuery = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
  const hundred = Array.from({ length: 100 }, (_, index) => anyDatafoldRun(index).key);
  /** The breaker would end it much sooner. */
  const limits = { breakerMinCalls: 1_000_000 };

  it('are one for ten calls of a provider that is down, and ten beforehand', async () => {
    holdDice(0);
    const world = await createWorld({ limits });
    world.datafold.onAny({ status: 503 });

    await world.execute(manyQuery, { keys: hundred });
    const before = world.datafold.paths.length;
    expect(before).toBeGreaterThanOrEqual(110);
    expect(before).toBeLessThanOrEqual(120);

    for (let time = 0; time < 10; time++) await world.execute(manyQuery, { keys: hundred });
    const calls = world.datafold.paths.length - before;
    expect(calls).toBeGreaterThanOrEqual(1_090);
    expect(calls).toBeLessThanOrEqual(1_100);
  });

  it('are none for calls that are not made, as their key has to rest', async () => {
    holdDice(0);
    const clock = holdClock();
    const world = await createWorld({ limits });
    world.datafold.onAny({ status: 503 });
    await world.execute(manyQuery, { keys: hundred });
    world.datafold.onAny({ status: 503, headers: { 'retry-after': '30' } });
    await world.execute(manyQuery, { keys: hundred.slice(0, 1) });

    const before = world.datafold.paths.length;
    for (let time = 0; time < 5; time++) await world.execute(manyQuery, { keys: hundred });
    expect(world.datafold.paths).toHaveLength(before);

    await clock.pass(31_000);
    world.datafold.onAny({ status: 503 });
    await world.execute(manyQuery, { keys: hundred.slice(0, 3) });
    // Each could be tried twice again. One retry may be left of those before.
    expect(world.datafold.paths.length - before).toBeLessThanOrEqual(4);
  });

  describe('with the keys of callers', () => {
    const runPath = anyDatafoldRun(1).path;
    const requestWith = (world: World, key: string, keys: readonly object[]) =>
      world.execute(
        manyQuery,
        { keys },
        { headers: { 'content-type': 'application/json', 'x-datafold-api-key': key } },
      );

    async function createTenantWorld() {
      holdDice(0);
      const world = await createWorld({ credentials: 'forwarded', limits });
      world.datafold.on(datafoldPath, { body: datafoldBody });
      let isBack = false;
      // It fails at the first attempt of each retried call, and answers the second.
      world.datafold.on(runPath, (_request, response) => {
        response.writeHead(isBack ? 200 : 503, { 'content-type': 'application/json' });
        response.end(JSON.stringify(anyDatafoldRun(1).body));
        isBack = !isBack;
      });
      return world;
    }

    it('are those of each key: the failures of one take none of another', async () => {
      const world = await createTenantWorld();
      for (const key of ['first-tenant-key', 'second-tenant-key']) await requestWith(world, key, [datafoldKey]);
      world.datafold.onAny({ status: 503 });
      await requestWith(world, 'first-tenant-key', hundred);

      const { errors } = await requestWith(world, 'second-tenant-key', [anyDatafoldRun(1).key]);

      expect(errors).toBeUndefined();
      expect(world.datafold.paths.filter((path) => path === runPath).length).toBeGreaterThan(1);
    });

    it('are ten together for all keys that no call has succeeded with', async () => {
      const world = await createTenantWorld();
      world.datafold.onAny({ status: 503 });

      for (let n = 0; n < 30; n++) await requestWith(world, `invented-key-${n}`, [anyDatafoldRun(1_000 + n).key]);

      // One more for each ten calls.
      expect(world.datafold.paths).toHaveLength(30 + 10 + 2);
    });
  });

  it("are those of the service's own key before a call has succeeded with it, too", async () => {
    holdDice(0);
    const world = await createWorldOf([{ status: 500 }, good, { status: 500 }], {
      retryBudget: 1,
      retryBudgetPerCall: 0,
    });
    expect(await execute(world)).toEqual(found);

    expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 500 }));
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('are counted apart from those of another', async () => {
    holdDice(0);
    const world = await createWorld({ limits });
    world.datafold.onAny({ status: 503 });
    await world.execute(manyQuery, { keys: hundred });

    let times = 0;
    world.olostep.on(olostepPath, (_request, response) => {
      response.writeHead(++times < 3 ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(olostepBody));
    });

    expect((await world.execute(query, { key: olostepKey })).errors).toBeUndefined();
    expect(world.olostep.paths).toHaveLength(3);
  });
});
