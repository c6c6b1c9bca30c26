import { describe, expect, it } from 'vitest';
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
import { type Handler, type Reply, silence } from '../support/fake-upstream.ts';
import { createWorld, keys as serviceKeys, verifyCredentials, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] } };
const bad: Reply = { status: 500 };
/** Has every run of monitor 7. */
const good: Handler = (request, response) => {
  const { body } = anyDatafoldRun(Number(request.url?.split('/').at(-1)));
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
};

const failed = (code: string, facts: object = {}) => ({
  data: { monitorRuns: [null] },
  errors: [expect.objectContaining({ extensions: expect.objectContaining({ code, provider: 'DATAFOLD', ...facts }) })],
});
const refused = (retryAfterMs: number) => ({
  data: { monitorRuns: [null] },
  errors: [
    expect.objectContaining({
      message: 'DATAFOLD is not available.',
      extensions: {
        code: 'UPSTREAM_UNAVAILABLE',
        provider: 'DATAFOLD',
        account: 'default',
        retryable: true,
        retryAfterMs,
        requestId: expect.any(String),
      },
    }),
  ],
});

const execute = (world: World, init?: RequestInit) => world.execute(query, { keys: [datafoldKey] }, init);

const keys = (count: number) => Array.from({ length: count }, (_, index) => anyDatafoldRun(index).key);

/** The changes of the circuit breaker so far. */
const changes = ({ lines }: World) =>
  lines
    .filter(({ message }) => message === 'circuit breaker changed')
    .map(({ level, provider, scope, state }) => `${level} ${provider} ${scope} ${state}`);
const changed = (...states: string[]) => states.map((state) => `warn DATAFOLD credential ${state}`);

/** Every call is one attempt, so that what is counted is what the test requests. */
const createBreakerWorld = (limits: Partial<Limits> = {}) => createWorld({ limits: { maxAttempts: 1, ...limits } });

/** Requests so many runs, one after the other, with this response. */
async function meet(world: World, count: number, answer: Reply | Handler): Promise<void> {
  world.datafold.onAny(answer);
  for (const key of keys(count)) await world.execute(query, { keys: [key] });
}

/** A world whose clock and dice are held, and whose Datafold has had so many runs before, and run 42. */
async function createKnownWorld(limits: Partial<Limits> = {}, count = 20) {
  const clock = holdClock();
  holdDice(0.5);
  const world = await createBreakerWorld(limits);
  await meet(world, count, good);
  world.datafold.on(datafoldPath, good);
  await execute(world);
  return { world, clock };
}

/** How many calls have come since this. */
const countCalls = ({ datafold: { paths } }: World) => {
  const before = paths.length;
  return () => paths.length - before;
};

/** One whose Datafold fails: the circuit is open for 5 s, 10 s, 20 s, … exactly. */
async function createOpenWorld() {
  const { world, clock } = await createKnownWorld();
  await meet(world, 20, bad);
  expect(changes(world)).toEqual(changed('open'));
  return { world, clock, calls: countCalls(world) };
}

/** Requests run 42, a known path, so many times, with this response. */
async function probe(world: World, count: number, answer: Reply | Handler): Promise<void> {
  world.datafold.on(datafoldPath, answer);
  for (let time = 0; time < count; time++) await execute(world);
}

describe('circuit breaker: a provider that fails', () => {
  it('opens it when 20 known paths have failed, not 19', async () => {
    const { world } = await createKnownWorld();

    await meet(world, 19, bad);
    expect(changes(world)).toEqual([]);
    await meet(world, 20, bad);
    expect(changes(world)).toEqual(changed('open'));

    const calls = countCalls(world);
    expect(await execute(world)).toEqual(refused(5_000));
    expect(calls()).toBe(0);
  });

  it.each([
    ['half', 39, changed('open')],
    ['20 of 41', 40, []],
  ])('opens it when %s of the known paths have failed', async (_share, count, expected) => {
    const { world } = await createKnownWorld({}, count);

    await meet(world, 20, bad);

    expect(changes(world)).toEqual(expected);
  });

  it('restricts it when 20 calls in a row fail and none has been answered: one call a second is let through', async () => {
    const world = await createBreakerWorld();
    const clock = holdClock();
    await meet(world, 20, bad);
    expect(changes(world)).toEqual(changed('restricted'));
    const calls = countCalls(world);

    expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 500 }));
    expect(await execute(world)).toEqual(refused(1_000));
    await clock.pass(999);
    expect(await execute(world)).toEqual(refused(1));
    expect(calls()).toBe(1);
    await clock.pass(1);
    world.datafold.on(datafoldPath, good);
    expect(await execute(world)).toEqual(found);
    expect(changes(world)).toEqual(changed('restricted', 'closed'));
  });

  it.each([
    ['an error', bad],
    ['a redirect', { status: 302 }],
    ['a reset', ({ socket }) => void socket.resetAndDestroy()],
    ['a page of HTML', { headers: { 'content-type': 'text/html' } }],
    ['no capacity', { status: 501 }],
    ['a version that it lacks', { status: 505 }],
    ['a network that requires a login', { status: 511 }],
    ['an origin behind its CDN', { status: 522 }],
    ['a status that is none', { status: 600 }],
    ['a timeout of the provider', { status: 408 }],
  ] satisfies [string, Reply | Handler][])('fails by %s', async (_name, answer) => {
    const world = await createBreakerWorld();

    await meet(world, 20, answer);

    expect(changes(world)).toEqual(changed('restricted'));
  });

  it('fails by silence', async () => {
    const world = await createBreakerWorld();
    world.datafold.onAny(silence);
    const clock = holdClock();

    const requested = world.execute(query, { keys: keys(20) });
    await world.datafold.arrived(20);
    await clock.pass(3_000);
    await requested;

    expect(changes(world)).toEqual(changed('restricted'));
  });

  it('fails by silence until the deadline', async () => {
    const world = await createBreakerWorld({ upstreamAttemptTimeoutMs: 5_000, operationTimeoutMs: 5_000 });
    world.datafold.onAny(silence);
    const clock = holdClock();

    const requested = world.execute(query, { keys: keys(20) });
    await world.datafold.arrived(20);
    await clock.pass(5_000);
    await requested;

    expect(changes(world)).toEqual(changed('restricted'));
  });

  it("doesn't fail when a call is made so late that the deadline is its end", async () => {
    const world = await createBreakerWorld({ maxConcurrentCalls: 20, operationTimeoutMs: 5_000 });
    await verifyCredentials(world);
    const answers: (() => void)[] = [];
    world.datafold.onAny((_request, response) => void answers.push(() => void response.writeHead(404).end()));
    const clock = holdClock();

    const requested = world.execute(query, { keys: keys(40) });
    await world.datafold.arrived(20);
    await clock.pass(2_500);
    for (const answer of answers) answer();
    await world.datafold.arrived(40);
    await clock.pass(2_500);
    const { errors } = await requested;

    expect(errors?.filter(({ extensions }) => extensions.code === 'UPSTREAM_TIMEOUT')).toHaveLength(20);
    // After an answer there are too few failures in a row; without this world's answers there would be enough.
    await clock.pass(10_000);
    await meet(world, 19, bad);
    expect(changes(world)).toEqual([]);
  });

  it('neither fails nor answers by the end of a connection that it had answered on before', async () => {
    const world = await createBreakerWorld();
    for (let time = 0; time < 10; time++) {
      await meet(world, 1, bad);
      await meet(world, 1, ({ socket }) => void socket.resetAndDestroy());
    }
    await meet(world, 9, bad);
    expect(changes(world)).toEqual([]);
    await meet(world, 1, bad);
    expect(changes(world)).toEqual(changed('restricted'));
  });

  it.each([400, 401, 402, 403, 404, 409, 410, 418, 422])("doesn't fail by saying %i", async (status) => {
    const world = await createBreakerWorld();
    await verifyCredentials(world);

    await meet(world, 40, { status });

    expect(changes(world)).toEqual([]);
    expect(world.datafold.paths).toHaveLength(40);
  });

  it("doesn't fail by saying 429", async () => {
    const world = await createBreakerWorld();
    world.datafold.onAny({ status: 429, headers: { 'retry-after': '3600' } });

    await world.execute(query, { keys: keys(32) });

    expect(changes(world)).toEqual([]);
    expect(world.datafold.paths).toHaveLength(32);
  });

  it("doesn't fail by a response that contains the key, which any caller with the key can put there", async () => {
    const world = await createBreakerWorld();

    await meet(world, 25, { body: { ...datafoldBody, error: `canary ${serviceKeys.datafold}` } });

    expect(changes(world)).toEqual([]);
  });

  it("doesn't fail by answers with another run's id, which one bad monitor can send, and neither do they count as good ones", async () => {
    const world = await createBreakerWorld();

    await meet(world, 19, bad);
    await meet(world, 40, { body: { ...datafoldBody, run_id: 43 } });
    expect(changes(world)).toEqual([]);
    await meet(world, 1, bad);

    expect(changes(world)).toEqual(changed('restricted'));
  });

  it("doesn't fail by an answer that is too large", async () => {
    const world = await createBreakerWorld({ maxUpstreamResponseBytes: 10 });

    await meet(world, 40, good);

    expect(changes(world)).toEqual([]);
  });

  it("doesn't fail when clients leave", async () => {
    const world = await createBreakerWorld();
    world.datafold.on(datafoldPath, silence);
    for (let left = 1; left <= 40; left++) {
      const controller = new AbortController();
      const requested = execute(world, { signal: controller.signal });
      await world.datafold.arrived(left);
      controller.abort();
      await expect(requested).rejects.toThrow('aborted');
      await world.datafold.deserted(left);
    }

    expect(changes(world)).toEqual([]);
    world.datafold.on(datafoldPath, good);
    expect(await execute(world)).toEqual(found);
  });

  it('stops nothing of another provider', async () => {
    const { world, calls } = await createOpenWorld();
    world.olostep.on(olostepPath, { body: olostepBody });

    expect(await world.execute(query, { keys: [datafoldKey, olostepKey] })).toMatchObject({
      data: { monitorRuns: [null, { id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}` }] },
      errors: [{ path: ['monitorRuns', 0], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
    expect(calls()).toBe(0);
  });

  it('stops the calls in the queue, too', async () => {
    const world = await createBreakerWorld();
    world.datafold.onAny(bad);

    const { errors } = await world.execute(query, { keys: keys(100) });

    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(Array(100).fill('UPSTREAM_UNAVAILABLE'));
    // What is in flight when it opens can't be taken back; and one call is let through to see whether the provider is back.
    expect(world.datafold.paths.length).toBeLessThanOrEqual(20 + 31 + 1);
  });
});

describe('circuit breaker: what clients choose', () => {
  const monitorKey = { provider: 'DATAFOLD', monitorId: '7' };
  const runsQuery = `query ($key: MonitorKey!, $after: String, $startedAfter: DateTime) {
    monitor(key: $key) { runs(first: 1, after: $after, startedAfter: $startedAfter) { edges { cursor } } }
  }`;

  it.each([
    ['run ids', (world: World, n: number) => world.execute(query, { keys: [anyDatafoldRun(1_000 + n).key] })],
    [
      'monitor ids',
      (world: World, n: number) => world.execute(query, { keys: [{ ...datafoldKey, monitorId: String(1_000 + n) }] }),
    ],
    [
      'tags',
      (world: World, n: number) =>
        world.execute('query ($tags: [String!]) { monitorList(provider: DATAFOLD, tags: $tags) { totalCount } }', {
          tags: [`canary-${n}`],
        }),
    ],
    [
      'cursors',
      (world: World, n: number) => {
        const cursor = { list: JSON.stringify(['runs', '7', null, null]), place: 1_000 + n, runId: '1', count: 9_999 };
        const after = Buffer.from(JSON.stringify(cursor)).toString('base64url');
        return world.execute(runsQuery, { key: monitorKey, after });
      },
    ],
    [
      'dates',
      (world: World, n: number) =>
        world.execute(runsQuery, { key: monitorKey, startedAfter: new Date(n * 1e9).toISOString() }),
    ],
  ])('block no other caller, however the provider responds to them: %s', async (_kind, attack) => {
    const { world, clock } = await createKnownWorld();
    world.datafold.on('/api/v1/monitors/7', { body: { id: 7 } });
    world.datafold.onAny(bad);
    const calls = countCalls(world);
    for (let n = 0; calls() < 40; n++) await attack(world, n);
    expect(changes(world)).toEqual([]);

    // No other caller has made a call for the length of the window: paths that have never succeeded are let through once a second.
    await clock.pass(10_000);
    world.datafold.on('/api/v1/monitors/7', bad);
    for (let n = 0; changes(world).length === 0; n++) await attack(world, n);
    expect(changes(world)).toEqual(changed('restricted'));
    expect(await execute(world)).toEqual(found);
    expect(changes(world)).toEqual(changed('restricted', 'closed'));

    world.datafold.onAny(good);
    expect(await world.execute(query, { keys: [anyDatafoldRun(43).key] })).toMatchObject({
      data: { monitorRuns: [{}] },
    });
  });

  it('stop no credential but their own', async () => {
    const world = await createWorld({ credentials: 'forwarded', limits: { maxAttempts: 1 } });
    holdClock();
    const requestAs = (apiKey: string, n: number) =>
      world.execute(
        query,
        { keys: [anyDatafoldRun(n).key] },
        { headers: { 'content-type': 'application/json', 'x-datafold-api-key': apiKey } },
      );
    world.datafold.onAny((request, response) => {
      if (request.headers.authorization === 'Key attacker-key') response.writeHead(500).end();
      else good(request, response);
    });

    for (let n = 0; n < 40; n++) await requestAs('attacker-key', n);
    expect(changes(world)).toEqual(changed('restricted'));

    for (let n = 0; n < 40; n++) {
      expect(await requestAs('victim-key', n)).toEqual({ data: { monitorRuns: [{ id: `DATAFOLD:7:${n}` }] } });
      expect(await requestAs('attacker-key', n)).toEqual(refused(1_000));
    }
  });
});

describe('circuit breaker: while it is open', () => {
  it('makes no call, and tells when to come back', async () => {
    const { world, clock, calls } = await createOpenWorld();

    await clock.pass(4_999);
    expect(await execute(world)).toEqual(refused(1));
    expect(calls()).toBe(0);
  });

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])('stays open for 5 seconds, up to a fifth more or less: by dice of %i for %i ms', async (dice, openMs) => {
    const { world, clock } = await createKnownWorld();
    holdDice(dice);
    await meet(world, 20, bad);

    await clock.pass(openMs - 1);
    expect(await execute(world)).toEqual(refused(1));
    await clock.pass(1);
    expect(await execute(world)).toEqual(found);
  });

  it('lets one call at a time through then, and all again after three good answers', async () => {
    const { world, clock, calls } = await createOpenWorld();
    const before = world.datafold.paths.length;
    const answers: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
    });
    await clock.pass(5_000);

    for (const probe of [1, 2, 3]) {
      const requested = execute(world);
      await world.datafold.arrived(before + probe);
      expect(await execute(world)).toEqual(refused(1_000));
      expect(calls()).toBe(probe);
      answers.shift()?.();
      expect(await requested).toEqual(found);
    }

    expect(changes(world)).toEqual(changed('open', 'half-open', 'closed'));
    const requested = [execute(world), execute(world)];
    await world.datafold.arrived(before + 5);
    for (const answer of answers) answer();
    expect(await Promise.all(requested)).toEqual([found, found]);
  });

  it('stays open twice as long after each failed probe, up to a minute', async () => {
    const { world, clock, calls } = await createOpenWorld();
    world.datafold.on(datafoldPath, bad);

    await clock.pass(5_000);
    for (const [place, openMs] of [10_000, 20_000, 40_000, 60_000, 60_000].entries()) {
      expect(await execute(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 500 }));
      expect(await execute(world)).toEqual(refused(openMs));
      expect(calls()).toBe(1 + place);
      await clock.pass(openMs);
    }

    const again = ['half-open', 'open'];
    expect(changes(world)).toEqual(changed('open', ...again, ...again, ...again, ...again, ...again));
  });

  it('needs three good probes in a row', async () => {
    const { world, clock } = await createOpenWorld();
    await clock.pass(5_000);
    await probe(world, 2, good);
    await probe(world, 1, bad);

    expect(await execute(world)).toEqual(refused(10_000));
    await clock.pass(10_000);
    await probe(world, 2, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD credential half-open');
    await probe(world, 1, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD credential closed');
  });

  it('learns nothing from a client that left: the next call is the probe', async () => {
    const { world, clock } = await createOpenWorld();
    await clock.pass(5_000);
    world.datafold.on(datafoldPath, silence);
    const controller = new AbortController();
    const before = world.datafold.paths.length;
    const requested = execute(world, { signal: controller.signal });
    await world.datafold.arrived(before + 1);
    controller.abort();
    await expect(requested).rejects.toThrow('aborted');
    await until(() => world.lines.some(({ status }) => status === 499));

    await probe(world, 2, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD credential half-open');
    await probe(world, 1, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD credential closed');
  });

  it('goes by a monotonic clock, not by the calendar', async () => {
    const clock = holdClock('2026-11-20T12:00:00Z');
    holdDice(0.5);
    const world = await createBreakerWorld();
    await meet(world, 20, good);
    await meet(world, 20, bad);

    for (const date of ['2026-11-20T13:00:00Z', '2026-11-20T11:00:00Z']) {
      clock.setDate(date);
      expect(await execute(world)).toEqual(refused(5_000));
    }
    world.datafold.onAny(good);
    await clock.pass(5_000);
    expect(await execute(world)).toEqual(found);
  });
});
