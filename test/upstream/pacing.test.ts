import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { toPacedFailure, toWaitFailure } from '../../src/upstream/failure.ts';
import { Pacing } from '../../src/upstream/pacing.ts';
import { anyDatafoldRun, datafoldMonitorRow, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { type HeldClock, holdClock, holdDice, until } from '../support/clock.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const listQuery = '{ monitorList(provider: DATAFOLD) { totalCount } }';
const listPath = '/api/v1/monitors?page=1&page_size=20&order_by=id&sort_order=asc';

/** The keys of the runs `first` to `last`. */
const keys = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => anyDatafoldRun(first + index).key);
const found = (first: number, last: number) => keys(first, last).map(({ runId }) => ({ id: `DATAFOLD:7:${runId}` }));

const answerRun = (url: string | undefined, response: ServerResponse) =>
  response
    .setHeader('content-type', 'application/json')
    .end(JSON.stringify(anyDatafoldRun(Number(url?.split('/').at(-1))).body));

/** A world whose Datafold takes so many calls in any second with one key, and answers 429 to all others. */
async function createLimitedWorld(callsPerSecond: number, headers: Record<string, string> = {}) {
  const world = await createWorld();
  const accepted: number[] = [];
  let refused = 0;
  world.datafold.onAny(({ url }, response) => {
    const now = performance.now();
    const isFull = accepted.filter((time) => now - time < 1_000).length >= callsPerSecond;
    if (isFull) {
      refused++;
      response.writeHead(429, headers).end();
    } else {
      accepted.push(now);
      answerRun(url, response);
    }
  });
  return { world, accepted, refused: () => refused };
}

/** Lets time pass until the answers are there, and everything that is in flight arrive before each step. */
async function passUntil<Result>(
  clock: HeldClock,
  world: World,
  requested: Promise<Result>,
  stepMs = 20,
): Promise<Result> {
  let isDone = false;
  const end = requested.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    for (let turn = 0; turn < 6 || world.datafold.underWay() > 0; turn++) await setImmediate();
    if (!isDone) await clock.pass(stepMs);
  }
  return end;
}

/** A world whose Datafold is called once a second. */
const createSlowWorld = async (limits: Partial<typeof defaultLimits> = {}) => {
  const world = await createWorld({ limits: { upstreamRate: 1, ...limits } });
  world.datafold.onAny(({ url }, response) => void answerRun(url, response));
  world.datafold.on(listPath, {
    body: { count: 1, page: 1, page_size: 20, total_pages: 1, monitors: [datafoldMonitorRow] },
  });
  return world;
};

/** Sends an operation, and resolves once its calls wait. */
async function queueUp(world: World, body: object, init: RequestInit = {}): Promise<{ requested: Promise<Answer> }> {
  const requested = world.post(JSON.stringify(body), init).then(async (response) => (await response.json()) as Answer);
  requested.catch(() => {});
  for (let turn = 0; turn < 30; turn++) await setImmediate();
  return { requested };
}

const runIds = ({ datafold }: World) => datafold.paths.map((path) => Number(path.split('/').at(-1)));

describe('A provider that limits how often it is called', () => {
  it.each([
    ['says when it may be called again', { 'retry-after': '1' }],
    ["doesn't say when it may be called again", {}],
  ])('fails no run that can wait: it %s', async (_name, headers) => {
    const { world, refused } = await createLimitedWorld(10, headers as Record<string, string>);
    const clock = holdClock();
    holdDice(0.5);

    const answer = await passUntil(clock, world, world.execute(query, { keys: keys(1, 60) }));

    expect(answer).toEqual({ data: { monitorRuns: found(1, 60) } });
    expect(refused()).toBeLessThanOrEqual(40);
  });

  it('is called no more often than it takes from then on', async () => {
    const { world, refused } = await createLimitedWorld(10, { 'retry-after': '1' });
    const clock = holdClock();
    holdDice(0.5);
    await passUntil(clock, world, world.execute(query, { keys: keys(1, 40) }));
    const before = refused();

    for (let first = 100; first < 180; first += 40)
      await passUntil(clock, world, world.execute(query, { keys: keys(first, first + 39) }));

    expect(refused() - before).toBeLessThanOrEqual(2);
  });

  it('is in the log, and in the report of upstream calls', async () => {
    const { world } = await createLimitedWorld(2, { 'retry-after': '1' });
    const clock = holdClock();
    const requested = world.execute(
      query,
      { keys: keys(1, 4) },
      { headers: { 'content-type': 'application/json', 'x-upstream-calls': 'explain' } },
    );

    expect(await passUntil(clock, world, requested)).toMatchObject({
      data: { monitorRuns: found(1, 4) },
      extensions: { upstream: { providers: { DATAFOLD: { paced: 2 } } } },
    });
    expect(world.lines).toContainEqual(
      expect.objectContaining({ message: 'upstream rate reduced', provider: 'DATAFOLD', callsPerSecond: 8 }),
    );
  });

  it('delays no call to another provider', async () => {
    const { world } = await createLimitedWorld(0, { 'retry-after': '10' });
    world.olostep.on(olostepPath, { body: olostepBody });
    const clock = holdClock();
    const limited = world.execute(query, { keys: keys(1, 1) });
    await until(() => world.datafold.paths.length === 1);

    expect(await world.execute(query, { keys: [olostepKey] })).toMatchObject({ data: { monitorRuns: [{}] } });

    await passUntil(clock, world, limited, 1_000);
  });
});

describe('Calls that wait for their turn', () => {
  it('are made at the rate that is configured', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();

    const { requested } = await queueUp(world, { query, variables: { keys: keys(1, 4) } });
    for (const calls of [1, 2, 3, 4]) {
      await world.datafold.arrived(calls);
      expect(world.datafold.paths).toHaveLength(calls);
      await clock.pass(999);
      expect(world.datafold.paths).toHaveLength(calls);
      await clock.pass(1);
    }

    expect(await requested).toEqual({ data: { monitorRuns: found(1, 4) } });
    expect(world.lines.map(({ message }) => message)).toEqual(['request']);
  });

  it('are those of single runs before lists', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();
    await world.execute(query, { keys: keys(1, 1) });

    const list = await queueUp(world, { query: listQuery });
    const single = await queueUp(world, { query, variables: { keys: keys(2, 2) } });
    await passUntil(clock, world, Promise.all([list.requested, single.requested]));

    expect(world.datafold.paths.slice(1)).toEqual([anyDatafoldRun(2).path, listPath]);
  });

  it('are those of single runs before what a program pages through', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();
    world.olostep.onAny({ body: { monitors: [], count: 0 } });
    const feed = (after?: string) => ({
      query: 'query ($after: String) { runs(first: 1, after: $after) { pageInfo { endCursor } } }',
      variables: { after },
    });
    world.datafold.onAny(({ url = '' }, response) => {
      if (!url.includes('/runs?')) return void answerRun(url, response);
      const runs = [3, 2, 1].map((run_id) => ({ run_id, started_at: `2026-01-0${run_id}T00:00:00Z`, state: 'ok' }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ count: 3, page: 1, page_size: 100, total_pages: 1, runs }));
    });
    const first = await queueUp(world, feed());
    const { data } = await passUntil(clock, world, first.requested);
    const before = world.datafold.paths.length;

    const report = await queueUp(world, feed(data.runs.pageInfo.endCursor));
    const single = await queueUp(world, { query, variables: { keys: keys(102, 102) } });
    await passUntil(clock, world, Promise.all([report.requested, single.requested]));

    expect(world.datafold.paths[before]).toBe(anyDatafoldRun(102).path);
    expect(world.datafold.paths.length).toBeGreaterThan(before + 1);
  });

  it('are those of each operation in turn', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();

    const large = await queueUp(world, { query, variables: { keys: keys(1, 10) } });
    await world.datafold.arrived(1);
    const small = await queueUp(world, { query, variables: { keys: keys(101, 103) } });
    await passUntil(clock, world, Promise.all([large.requested, small.requested]));

    expect(runIds(world).slice(0, 7)).toEqual([1, 2, 101, 3, 102, 4, 103]);
  });

  it('never wait for the others for good: lists have their share of the calls', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();

    const runs = await queueUp(world, { query, variables: { keys: keys(1, 12) } });
    const list = await queueUp(world, { query: listQuery });
    await passUntil(clock, world, Promise.all([runs.requested, list.requested]));

    expect(world.datafold.paths.indexOf(listPath)).toBeLessThanOrEqual(3);
  });

  it('are refused when no time is left for them, with the time after which one may be made', async () => {
    const world = await createSlowWorld({ operationTimeoutMs: 3_000 });
    const clock = holdClock();

    const { requested } = await queueUp(world, { query, variables: { keys: keys(1, 5) } });
    const { data, errors } = await passUntil(clock, world, requested, 250);

    expect(data.monitorRuns).toEqual([...found(1, 3), null, null]);
    expect(errors?.map(({ extensions }) => extensions)).toEqual(
      Array(2).fill({
        code: 'RATE_LIMITED',
        provider: 'DATAFOLD',
        account: 'default',
        retryable: true,
        retryAfterMs: 250,
        requestId: expect.any(String),
      }),
    );
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('are never made for a client that leaves', async () => {
    const world = await createSlowWorld();
    const clock = holdClock();
    await world.execute(query, { keys: keys(1, 1) });
    const comeAndGo = async (time: number) => {
      const controller = new AbortController();
      const left = await queueUp(world, { query, variables: { keys: keys(2, 9) } }, { signal: controller.signal });
      controller.abort();
      await expect(left.requested).rejects.toThrow('aborted');
      await until(() => world.lines.filter(({ status }) => status === 499).length === time);
      return clock.timers();
    };

    const timers = await comeAndGo(1);
    expect(await comeAndGo(2)).toBeLessThanOrEqual(timers);
    const next = await queueUp(world, { query, variables: { keys: keys(10, 10) } });
    await passUntil(clock, world, next.requested);

    expect(runIds(world)).toEqual([1, 10]);
  });

  it('are of a maximum of operations, and another one is refused at once with the time to wait', async () => {
    const world = await createSlowWorld({ maxPacedOperations: 1 });
    const clock = holdClock();
    const first = await queueUp(world, { query, variables: { keys: keys(1, 3) } });

    expect(await world.execute(query, { keys: keys(9, 9) })).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 1_000 } }],
    });

    expect(await passUntil(clock, world, first.requested)).toEqual({ data: { monitorRuns: found(1, 3) } });
  });

  it('have a maximum: an operation that has its share of them gets OVERLOADED', async () => {
    const world = await createSlowWorld({ maxQueuedCalls: 3 });
    const clock = holdClock();

    const { requested } = await queueUp(world, { query, variables: { keys: keys(1, 6) } });
    const { data, errors } = await passUntil(clock, world, requested);

    expect(data.monitorRuns.filter((run: unknown) => run !== null)).toHaveLength(4);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['OVERLOADED', 'OVERLOADED']);
  });
});

describe('The rates of credentials', () => {
  const credential = (digest: string) => ({ digest, owner: 'caller' }) as const;

  it('are remembered for so many of them, and none that is limited is forgotten for those that are not', () => {
    holdClock();
    const pacing = new Pacing({ ...defaultLimits, maxPacedCredentials: 10 });
    pacing.of(credential('limited')).slowDown(toWaitFailure(429, 30_000), 0);

    for (let index = 0; index < 1_000; index++) pacing.of(credential(`invented ${index}`));

    const deadlineAt = performance.now() + 15_000;
    expect(() => pacing.of(credential('limited')).check(deadlineAt)).toThrow(toPacedFailure('RATE_LIMITED', 0).reason);
    expect(pacing.size).toBe(10);
  });
});
