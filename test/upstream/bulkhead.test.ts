import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { anyDatafoldRun, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { type HeldClock, holdClock, until } from '../support/clock.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';

/** The keys of the runs `first` to `last`. */
const keys = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => anyDatafoldRun(first + index).key);
const found = (first: number, last: number) => ({
  data: { monitorRuns: keys(first, last).map(({ runId }) => ({ id: `DATAFOLD:7:${runId}` })) },
});
const overloaded = {
  data: { monitorRuns: [null] },
  errors: [
    expect.objectContaining({
      message: 'DATAFOLD has too many calls in its queue already.',
      extensions: {
        code: 'OVERLOADED',
        provider: 'DATAFOLD',
        account: 'default',
        retryable: true,
        requestId: expect.any(String),
      },
    }),
  ],
};

/** A world whose Datafold answers the longest waiting call on demand. */
async function createSlowWorld(config: Partial<GatewayConfig> = {}) {
  const world = await createWorld(config);
  const waiting: (() => void)[] = [];
  world.datafold.onAny(({ url = '' }, response) => {
    const runId = Number(url.split('/').at(-1));
    waiting.push(() =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(anyDatafoldRun(runId).body)),
    );
  });
  return {
    world,
    answerOne: () => waiting.shift()?.(),
    /** Answers all that has arrived, and all that arrives, until these have their answers. */
    async answerAll(requested: Promise<readonly Answer[]>): Promise<readonly Answer[]> {
      let isDone = false;
      const done = requested.finally(() => {
        isDone = true;
      });
      await until(() => {
        waiting.shift()?.();
        return isDone;
      });
      return done;
    },
  };
}

const runIds = ({ datafold }: World) => datafold.paths.map((path) => Number(path.split('/').at(-1)));

/** Requests one run, and resolves once the service has it: it waits for its place, under the clock, from then on. */
async function queueUp(
  world: World,
  clock: HeldClock,
  runId: number,
  init?: RequestInit,
): Promise<{ requested: Promise<Answer> }> {
  const requested = world.execute(query, { keys: [anyDatafoldRun(runId).key] }, init);
  await clock.waitOf(250);
  return { requested };
}

const asTenant = (apiKey: string): RequestInit => ({
  headers: { 'content-type': 'application/json', 'x-datafold-api-key': apiKey, 'x-olostep-api-key': apiKey },
});

describe('bulkhead: when 32 calls to a provider are in flight,', () => {
  it('a request waits 250 ms for a place, and then gets an error that there is none', async () => {
    const { world, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const first = world.execute(query, { keys: keys(1, 32) });
    await world.datafold.arrived(32);

    const late = await queueUp(world, clock, 100);
    await clock.pass(249);
    expect(world.lines).toEqual([]);
    await clock.pass(1);

    expect(await late.requested).toEqual(overloaded);
    expect(await answerAll(Promise.all([first]))).toEqual([found(1, 32)]);
    expect(world.datafold.paths).toHaveLength(32);
  });

  it('a request has its answer when there is a place within 250 ms', async () => {
    const { world, answerOne, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const first = world.execute(query, { keys: keys(1, 32) });
    await world.datafold.arrived(32);

    const late = await queueUp(world, clock, 100);
    await clock.pass(249);
    answerOne();
    await world.datafold.arrived(33);
    await clock.pass(250);

    expect(await answerAll(Promise.all([first, late.requested]))).toEqual([found(1, 32), found(100, 100)]);
  });

  it('64 more requests may wait, and the next one gets an error at once', async () => {
    const { world, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const requested = [];
    for (let runId = 1; runId <= 32; runId++) requested.push(world.execute(query, { keys: keys(runId, runId) }));
    await world.datafold.arrived(32);
    for (let runId = 33; runId <= 96; runId++) requested.push((await queueUp(world, clock, runId)).requested);

    expect(await world.execute(query, { keys: keys(97, 97) })).toEqual(overloaded);
    expect(world.datafold.paths).toHaveLength(32);

    const answers = await answerAll(Promise.all(requested));
    expect(answers).toEqual(Array.from({ length: 96 }, (_, index) => found(index + 1, index + 1)));
    expect(world.datafold.maxAtOnce()).toBe(32);
    expect(await answerAll(Promise.all([world.execute(query, { keys: keys(97, 97) })]))).toEqual([found(97, 97)]);
  });

  it('a request of 100 keys is answered in full, however slowly, as long as it is within its time', async () => {
    const { world, answerOne, answerAll } = await createSlowWorld();
    const clock = holdClock();

    const requested = world.execute(query, { keys: keys(1, 100) });
    for (const arrived of [32, 64, 96]) {
      await world.datafold.arrived(arrived);
      await clock.pass(1_500);
      for (let place = 0; place < 32; place++) answerOne();
    }

    expect(await answerAll(Promise.all([requested]))).toEqual([found(1, 100)]);
    expect(world.datafold.maxAtOnce()).toBe(32);
  });

  it('two requests take turns from then on', async () => {
    const { world, answerOne, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const first = world.execute(query, { keys: keys(1, 60) });
    await world.datafold.arrived(32);
    const second = world.execute(query, { keys: keys(101, 120) });
    await clock.waitOf(250);

    for (let arrived = 33; arrived <= 72; arrived++) {
      answerOne();
      await world.datafold.arrived(arrived);
    }

    const turns = runIds(world).slice(32);
    expect(turns.filter((runId) => runId > 100)).toEqual(Array.from({ length: 20 }, (_, index) => 101 + index));
    // Whichever began, after each pair of turns both have had as many.
    for (let pair = 0; pair < 20; pair++) {
      expect(turns.slice(2 * pair, 2 * pair + 2).filter((runId) => runId > 100)).toHaveLength(1);
    }
    expect(await answerAll(Promise.all([first, second]))).toEqual([found(1, 60), found(101, 120)]);
  });

  it('those to the other provider are made', async () => {
    const { world, answerAll } = await createSlowWorld();
    const clock = holdClock();
    world.olostep.on(olostepPath, { body: olostepBody });
    const first = world.execute(query, { keys: keys(1, 32) });
    await world.datafold.arrived(32);

    const mixed = world.execute(query, { keys: [anyDatafoldRun(100).key, olostepKey] });
    await clock.waitOf(250);
    await world.olostep.arrived(1);
    await clock.pass(250);

    expect(await mixed).toMatchObject({
      data: { monitorRuns: [null, { id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}` }] },
      errors: [{ path: ['monitorRuns', 0], extensions: { code: 'OVERLOADED', provider: 'DATAFOLD' } }],
    });
    await answerAll(Promise.all([first]));
  });

  it('a client that leaves while it waits gives up its place in the queue, and is never called for', async () => {
    const { world, answerAll } = await createSlowWorld({ limits: { maxQueuedOperations: 1 } });
    const clock = holdClock();
    const first = world.execute(query, { keys: keys(1, 32) });
    await world.datafold.arrived(32);
    const controller = new AbortController();
    const { requested } = await queueUp(world, clock, 100, { signal: controller.signal });
    expect(await world.execute(query, { keys: keys(101, 101) })).toEqual(overloaded);

    controller.abort();
    await expect(requested).rejects.toThrow('aborted');
    await until(() => world.lines.some(({ status }) => status === 499));

    const next = await queueUp(world, clock, 102);
    expect(await answerAll(Promise.all([first, next.requested]))).toEqual([found(1, 32), found(102, 102)]);
    expect(runIds(world)).toEqual([...Array.from({ length: 32 }, (_, index) => index + 1), 102]);
  });

  it('no timer is left of those that waited', async () => {
    const { world, answerOne, answerAll } = await createSlowWorld({ limits: { maxConcurrentCalls: 1 } });
    const clock = holdClock();
    const comeAndGo = async () => {
      const before = world.datafold.paths.length;
      const first = world.execute(query, { keys: keys(1, 1) });
      await world.datafold.arrived(before + 1);
      const late = await queueUp(world, clock, 2);
      answerOne();
      expect(await answerAll(Promise.all([first, late.requested]))).toEqual([found(1, 1), found(2, 2)]);
    };

    await comeAndGo();
    const timers = clock.timers();
    for (let time = 0; time < 3; time++) await comeAndGo();

    expect(clock.timers()).toBe(timers);
  });
});

describe("bulkhead: of calls with callers' own credentials,", () => {
  it('at most 16 of the 32 are for one credential, whichever requests they come from', async () => {
    const { world, answerAll } = await createSlowWorld({ credentials: 'forwarded' });
    const requested = [
      world.execute(query, { keys: keys(1, 20) }, asTenant('tenant-a')),
      world.execute(query, { keys: keys(21, 40) }, asTenant('tenant-a')),
    ];
    await world.datafold.arrived(16);
    requested.push(world.execute(query, { keys: keys(101, 140) }, asTenant('tenant-b')));
    await world.datafold.arrived(32);

    const authorizations = world.datafold.requests.map(({ headers }) => headers.authorization);
    expect(authorizations).toEqual([...Array(16).fill('Key tenant-a'), ...Array(16).fill('Key tenant-b')]);
    expect(await answerAll(Promise.all(requested))).toEqual([found(1, 20), found(21, 40), found(101, 140)]);
    expect(world.datafold.maxAtOnce()).toBe(32);
  });

  it('more than may wait are refused to the credential that has its share of them, and to no other', async () => {
    const { world, answerAll } = await createSlowWorld({ credentials: 'forwarded', limits: { maxQueuedCalls: 40 } });
    const first = world.execute(query, { keys: keys(1, 100) }, asTenant('tenant-a'));
    await world.datafold.arrived(16);
    const second = world.execute(query, { keys: keys(101, 130) }, asTenant('tenant-b'));
    await world.datafold.arrived(32);

    const [a, b] = await answerAll(Promise.all([first, second]));
    expect(a?.data.monitorRuns.filter((run: unknown) => run !== null)).toHaveLength(16 + 40);
    expect(new Set(a?.errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['OVERLOADED']));
    expect(b).toEqual(found(101, 130));
    const again = world.execute(query, { keys: keys(1, 56) }, asTenant('tenant-a'));
    expect(await answerAll(Promise.all([again]))).toEqual([found(1, 56)]);
  });

  it('those of one that waits hold up no other', async () => {
    const { world, answerAll } = await createSlowWorld({ credentials: 'forwarded' });
    const first = world.execute(query, { keys: keys(1, 100) }, asTenant('tenant-a'));
    await world.datafold.arrived(16);

    const second = world.execute(query, { keys: keys(101, 101) }, asTenant('tenant-b'));
    await world.datafold.arrived(17);

    expect(runIds(world).at(-1)).toBe(101);
    expect(await answerAll(Promise.all([first, second]))).toEqual([found(1, 100), found(101, 101)]);
  });
});

it('A large response that has been received takes no place while it is searched for the key', async () => {
  const world = await createWorld({ limits: { maxConcurrentCalls: 1 } });
  const [large, small] = [anyDatafoldRun(1), anyDatafoldRun(2)];
  world.datafold.on(large.path, { body: { ...large.body, error: '\n'.repeat(5_000_000) } });
  world.datafold.on(small.path, { body: small.body });
  // Each step of the search takes a turn of the event loop, by this clock.
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 5));
  onTestFinished(() => clock.mockRestore());
  const order: string[] = [];
  const execute = async (name: string, key: object) => {
    expect((await world.execute(query, { keys: [key] })).errors).toBeUndefined();
    order.push(name);
  };

  const first = execute('large', large.key);
  await world.datafold.arrived(1);
  await Promise.all([first, execute('small', small.key)]);

  expect(order).toEqual(['small', 'large']);
});
