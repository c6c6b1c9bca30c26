import { describe, expect, it } from 'vitest';
import type { Limits } from '../src/limits.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from './bodies.ts';
import { holdClock, holdDice, until } from './clock.ts';
import { type Handler, type Reply, silence } from './fake-upstream.ts';
import { createWorld, keys as held, verifyCredentials, type World } from './world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] } };
const good: Reply = { body: datafoldBody };
const bad: Reply = { status: 500 };

const failed = (code: string, facts: object = {}) => ({
  data: { monitorRuns: [null] },
  errors: [expect.objectContaining({ extensions: expect.objectContaining({ code, provider: 'DATAFOLD', ...facts }) })],
});
const resting = (retryAfterMs: number) => ({
  data: { monitorRuns: [null] },
  errors: [
    expect.objectContaining({
      message: 'DATAFOLD is not available.',
      extensions: {
        code: 'UPSTREAM_UNAVAILABLE',
        provider: 'DATAFOLD',
        retryable: true,
        retryAfterMs,
        requestId: expect.any(String),
      },
    }),
  ],
});

const ask = (world: World, init?: RequestInit) => world.ask(query, { keys: [datafoldKey] }, init);

const keys = (count: number) => Array.from({ length: count }, (_, index) => anyDatafoldRun(index).key);

/** The breaker's changes so far. */
const changes = ({ lines }: World) =>
  lines
    .filter(({ message }) => message === 'breaker')
    .map(({ level, provider, state }) => `${level} ${provider} ${state}`);

/** Every call is one attempt, so that what is counted is what the test asks. */
const createBreakerWorld = (limits: Partial<Limits> = {}) => createWorld({ limits: { maxAttempts: 1, ...limits } });

/** Asks `count` times, one after the other, and has this answer to it. */
async function meet(world: World, count: number, answer: Reply | Handler): Promise<void> {
  world.datafold.on(datafoldPath, answer);
  for (let time = 0; time < count; time++) await ask(world);
}

/** A world whose Datafold was down, with the dice in the middle: it rests for 5 s, 10 s, 20 s, … exactly. */
async function createOpenWorld() {
  const world = await createBreakerWorld();
  const clock = holdClock();
  holdDice(0.5);
  await meet(world, 20, bad);
  expect(changes(world)).toEqual(['warn DATAFOLD open']);
  return { world, clock };
}

describe('A provider that fails', () => {
  it('has a rest after 20 calls, not after 19', async () => {
    const world = await createBreakerWorld();
    holdClock();
    holdDice(0.5);

    await meet(world, 19, bad);
    expect(changes(world)).toEqual([]);
    await meet(world, 1, bad);
    expect(changes(world)).toEqual(['warn DATAFOLD open']);

    expect(await ask(world)).toEqual(resting(5_000));
    expect(world.datafold.paths).toHaveLength(20);
  });

  it.each([
    ['half', 50, 50, ['warn DATAFOLD open']],
    ['49 of 100', 51, 49, []],
  ])('has a rest when %s of its calls failed', async (_share, goodOnes, badOnes, expected) => {
    const world = await createBreakerWorld();
    holdClock();

    await meet(world, goodOnes, good);
    await meet(world, badOnes, bad);

    expect(changes(world)).toEqual(expected);
  });

  it('has no rest for what was more than 10 seconds ago', async () => {
    const world = await createBreakerWorld();
    const clock = holdClock();

    await meet(world, 19, bad);
    await clock.pass(10_000);
    await meet(world, 19, bad);
    expect(changes(world)).toEqual([]);
    await meet(world, 1, bad);
    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it('has a rest for what was 9 seconds ago', async () => {
    const world = await createBreakerWorld();
    const clock = holdClock();

    await meet(world, 10, bad);
    await clock.pass(8_999);
    await meet(world, 10, bad);

    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it.each([
    ['an error', bad],
    ['a redirect', { status: 302 }],
    ['a reset', ({ socket }) => void socket.resetAndDestroy()],
    ['a page of HTML', { headers: { 'content-type': 'text/html' } }],
    ['no capacity', { status: 501 }],
    ['a version that it lacks', { status: 505 }],
    ['a network that wants to know who asks', { status: 511 }],
    ['an origin behind its CDN', { status: 522 }],
    ['a status that is none', { status: 600 }],
    ['a time-out of its own', { status: 408 }],
  ] satisfies [string, Reply | Handler][])('fails by %s', async (_name, answer) => {
    const world = await createBreakerWorld();

    await meet(world, 20, answer);

    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it('fails by silence', async () => {
    const world = await createBreakerWorld();
    world.datafold.onAny(silence);
    const clock = holdClock();

    const asked = world.ask(query, { keys: keys(20) });
    await world.datafold.arrived(20);
    await clock.pass(3_000);
    await asked;

    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it('fails by silence until the deadline', async () => {
    const world = await createBreakerWorld({ attemptMs: 5_000, operationTimeoutMs: 5_000 });
    world.datafold.onAny(silence);
    const clock = holdClock();

    const asked = world.ask(query, { keys: keys(20) });
    await world.datafold.arrived(20);
    await clock.pass(5_000);
    await asked;

    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it("doesn't fail when a call is made so late that the deadline is its end", async () => {
    const world = await createBreakerWorld({ maxInFlight: 20, operationTimeoutMs: 5_000 });
    await verifyCredentials(world);
    const answers: (() => void)[] = [];
    world.datafold.onAny(
      (_request, response) =>
        void answers.push(() => response.writeHead(404, { 'content-type': 'application/json' }).end('{}')),
    );
    const clock = holdClock();

    const asked = world.ask(query, { keys: keys(40) });
    await world.datafold.arrived(20);
    await clock.pass(2_500);
    for (const answer of answers) answer();
    await world.datafold.arrived(40);
    await clock.pass(2_500);

    expect((await asked).errors?.map(({ extensions }) => extensions.code)).toEqual(Array(20).fill('UPSTREAM_TIMEOUT'));
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
    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it.each([400, 401, 402, 403, 404, 409, 410, 418, 422, 429])("doesn't fail by saying %i", async (status) => {
    const world = await createBreakerWorld();
    await verifyCredentials(world);

    await meet(world, 40, { status });

    expect(changes(world)).toEqual([]);
    expect(world.datafold.paths).toHaveLength(40);
  });

  it("doesn't fail by an answer that has the key in it, which whoever has the key can put there", async () => {
    const world = await createBreakerWorld();

    await meet(world, 25, { body: { ...datafoldBody, error: `canary ${held.datafold}` } });

    expect(changes(world)).toEqual([]);
  });

  it("doesn't fail by answers with another run's id, which one bad monitor can send, and neither do they count as good ones", async () => {
    const world = await createBreakerWorld();

    await meet(world, 19, bad);
    await meet(world, 40, { body: { ...datafoldBody, run_id: 43 } });
    expect(changes(world)).toEqual([]);
    await meet(world, 1, bad);

    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it("doesn't fail by an answer that is too large", async () => {
    const world = await createBreakerWorld({ maxAnswerBytes: 10 });

    await meet(world, 40, good);

    expect(changes(world)).toEqual([]);
  });

  it("doesn't fail when clients leave", async () => {
    const world = await createBreakerWorld();
    world.datafold.on(datafoldPath, silence);
    for (let left = 1; left <= 40; left++) {
      const controller = new AbortController();
      const asked = ask(world, { signal: controller.signal });
      await world.datafold.arrived(left);
      controller.abort();
      await expect(asked).rejects.toThrow('aborted');
      await world.datafold.deserted(left);
    }

    expect(changes(world)).toEqual([]);
    world.datafold.on(datafoldPath, good);
    expect(await ask(world)).toEqual(found);
  });

  it.each([
    ['OLOSTEP', '/v1/monitors/monitor_a?include_total_count=false', ([list]: [string]) => [list, 'canary', 0, 'run_1']],
    ['DATAFOLD', '/api/v1/monitors/7', (said: object) => ({ ...said, place: 2 ** 50 })],
  ])(
    "doesn't fail by a cursor that a client has made: %s",
    async (provider, path, change: (said: never) => unknown) => {
      const world = await createBreakerWorld();
      const clock = holdClock();
      const [far, id] = provider === 'OLOSTEP' ? [world.olostep, 'monitor_a'] : [world.datafold, '7'];
      const row = { run_id: provider === 'OLOSTEP' ? 'run_1' : 1 };
      far.on(path, { body: { id } });
      far.onAny({ body: { data: [row], runs: [row], count: 2, page: 1, has_more: true, next_cursor: 'x' } });
      const askPage = (after?: string) =>
        world.ask(
          'query ($key: MonitorKey!, $after: String) { monitor(key: $key) { runs(first: 1, after: $after) { edges { cursor } } } }',
          { key: { provider, monitorId: id }, after },
        );
      const { data } = await askPage();
      const said = JSON.parse(Buffer.from(data.monitor.runs.edges[0].cursor, 'base64url').toString());
      const cursor = Buffer.from(JSON.stringify(change(said as never))).toString('base64url');

      far.onAny(bad);
      // Half of all calls from here on: those for the monitor are good.
      await clock.pass(11_000);
      for (let time = 0; time < 20; time++) {
        const { errors } = await askPage(cursor);
        expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', upstreamStatus: 500 } }]);
      }
      expect(changes(world)).toEqual([]);

      await clock.pass(11_000);
      for (let time = 0; time < 20; time++) await askPage();
      expect(changes(world)).toEqual([`warn ${provider} open`]);
    },
  );

  it("doesn't fail by tags", async () => {
    const world = await createBreakerWorld();
    const ask = (tags: readonly string[]) =>
      world.ask('query ($tags: [String!]) { monitorList(provider: DATAFOLD, tags: $tags) { totalCount } }', { tags });
    world.datafold.onAny(bad);

    for (let time = 0; time < 30; time++) expect((await ask(['canary'])).errors).toHaveLength(1);
    expect(changes(world)).toEqual([]);

    for (let time = 0; time < 20; time++) await ask([]);
    expect(changes(world)).toEqual(['warn DATAFOLD open']);
  });

  it('stops nothing of another provider', async () => {
    const { world } = await createOpenWorld();
    world.olostep.on(olostepPath, { body: olostepBody });

    expect(await world.ask(query, { keys: [datafoldKey, olostepKey] })).toMatchObject({
      data: { monitorRuns: [null, { id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}` }] },
      errors: [{ path: ['monitorRuns', 0], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
    expect(world.datafold.paths).toHaveLength(20);
  });

  it('is spared the calls that wait for a place, too', async () => {
    const world = await createBreakerWorld();
    world.datafold.onAny(bad);

    const { errors } = await world.ask(query, { keys: keys(100) });

    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(Array(100).fill('UPSTREAM_UNAVAILABLE'));
    // What is under way when it opens can't be taken back.
    expect(world.datafold.paths.length).toBeLessThanOrEqual(20 + 31);
  });
});

describe('A provider that has a rest', () => {
  it('is not asked, and whoever asks is told when to come back', async () => {
    const { world, clock } = await createOpenWorld();

    await clock.pass(4_999);
    expect(await ask(world)).toEqual(resting(1));
    expect(world.datafold.paths).toHaveLength(20);
  });

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])('rests for 5 seconds, up to a fifth more or less: by dice of %i for %i ms', async (dice, rest) => {
    const world = await createBreakerWorld();
    const clock = holdClock();
    holdDice(dice);
    await meet(world, 20, bad);
    world.datafold.on(datafoldPath, good);

    await clock.pass(rest - 1);
    expect(await ask(world)).toEqual(resting(1));
    await clock.pass(1);
    expect(await ask(world)).toEqual(found);
  });

  it('is asked by one at a time then, and by all again after three good answers', async () => {
    const { world, clock } = await createOpenWorld();
    const answers: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
    });
    await clock.pass(5_000);

    for (const probe of [1, 2, 3]) {
      const asked = ask(world);
      await world.datafold.arrived(20 + probe);
      expect(await ask(world)).toEqual(resting(1_000));
      expect(world.datafold.paths).toHaveLength(20 + probe);
      answers.shift()?.();
      expect(await asked).toEqual(found);
    }

    expect(changes(world)).toEqual(['warn DATAFOLD open', 'warn DATAFOLD half-open', 'warn DATAFOLD closed']);
    const asked = [ask(world), ask(world)];
    await world.datafold.arrived(25);
    for (const answer of answers) answer();
    expect(await Promise.all(asked)).toEqual([found, found]);
  });

  it('starts counting anew once it is back', async () => {
    const { world, clock } = await createOpenWorld();
    await clock.pass(5_000);
    await meet(world, 3, good);

    await meet(world, 19, bad);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD closed');
    await meet(world, 1, bad);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD open');
    expect(await ask(world)).toEqual(resting(5_000));
  });

  it('rests twice as long after each bad answer, up to a minute', async () => {
    const { world, clock } = await createOpenWorld();

    await clock.pass(5_000);
    for (const [place, rest] of [10_000, 20_000, 40_000, 60_000, 60_000].entries()) {
      expect(await ask(world)).toEqual(failed('UPSTREAM_UNAVAILABLE', { upstreamStatus: 500 }));
      expect(await ask(world)).toEqual(resting(rest));
      expect(world.datafold.paths).toHaveLength(21 + place);
      await clock.pass(rest);
    }

    const again = ['warn DATAFOLD half-open', 'warn DATAFOLD open'];
    expect(changes(world)).toEqual(['warn DATAFOLD open', ...again, ...again, ...again, ...again, ...again]);
  });

  it('needs three good answers in a row', async () => {
    const { world, clock } = await createOpenWorld();
    await clock.pass(5_000);
    await meet(world, 2, good);
    await meet(world, 1, bad);

    expect(await ask(world)).toEqual(resting(10_000));
    await clock.pass(10_000);
    await meet(world, 2, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD half-open');
    await meet(world, 1, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD closed');
  });

  it('is none the wiser by a client that left: the next one asks', async () => {
    const { world, clock } = await createOpenWorld();
    await clock.pass(5_000);
    world.datafold.on(datafoldPath, silence);
    const controller = new AbortController();
    const asked = ask(world, { signal: controller.signal });
    await world.datafold.arrived(21);
    controller.abort();
    await expect(asked).rejects.toThrow('aborted');
    await until(() => world.lines.some(({ status }) => status === 499));

    await meet(world, 2, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD half-open');
    await meet(world, 1, good);
    expect(changes(world).at(-1)).toBe('warn DATAFOLD closed');
  });

  it('comes back by its own time, not by the calendar', async () => {
    const world = await createBreakerWorld();
    const clock = holdClock('2026-11-20T12:00:00Z');
    holdDice(0.5);
    await meet(world, 20, bad);

    for (const date of ['2026-11-20T13:00:00Z', '2026-11-20T11:00:00Z']) {
      clock.setDate(date);
      expect(await ask(world)).toEqual(resting(5_000));
    }
    world.datafold.on(datafoldPath, good);
    await clock.pass(5_000);
    expect(await ask(world)).toEqual(found);
  });
});
