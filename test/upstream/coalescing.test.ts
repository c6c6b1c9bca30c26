/** Calls in flight serve all callers of the same. */
import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { toCoalesceKey } from '../../src/upstream/coalescing.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath } from '../support/bodies.ts';
import { type HeldClock, holdClock, until } from '../support/clock.ts';
import { toCredential } from '../support/credential.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const createJoiningWorld = (config: Partial<GatewayConfig> = {}) => createWorld({ coalesceCalls: true, ...config });

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id ... on DatafoldRun { error } } }';
const found = (error: string | null = null) => ({ id: 'DATAFOLD:7:42', error });

/** Answers the run on demand. */
function hold(world: World) {
  const held: (() => void)[] = [];
  const answer: Handler = (_request, response) => {
    held.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
  };
  world.datafold.on(datafoldPath, answer);
  return () => held.splice(0).forEach((release) => void release());
}

/** Requests the run, and is known to wait for it once this resolves: the other call of the same moment has arrived. */
async function join(world: World, other: number, init: RequestInit = {}) {
  const { key, path, body } = anyDatafoldRun(other);
  world.datafold.on(path, { body });
  const controller = new AbortController();
  const requested = world.execute(query, { keys: [datafoldKey, key] }, { signal: controller.signal, ...init });
  const runs = requested.then(({ data }) => data.monitorRuns[0]);
  // The result of a caller that disconnects is not needed.
  runs.catch(() => {});
  await until(() => world.datafold.paths.includes(path) && callsOf(world) > 0);
  return {
    runs,
    requested,
    async leave() {
      controller.abort();
      await expect(requested).rejects.toThrow('aborted');
    },
  };
}

const timedOut = {
  errors: expect.arrayContaining([
    expect.objectContaining({
      path: ['monitorRuns', 0],
      extensions: expect.objectContaining({ code: 'UPSTREAM_TIMEOUT', retryable: true }),
    }),
  ]),
};

const callsOf = (world: World) => world.datafold.paths.filter((path) => path === datafoldPath).length;
const hasLeft = (world: World, count: number) =>
  until(() => world.lines.filter(({ status }) => status === 499).length === count);

describe('request coalescing: a call that is in flight', () => {
  it('serves all callers of the same', async () => {
    const world = await createJoiningWorld();
    const release = hold(world);

    const callers = [await join(world, 101), await join(world, 102), await join(world, 103)];
    release();

    expect(await Promise.all(callers.map(({ runs }) => runs))).toEqual([found(), found(), found()]);
    expect(callsOf(world)).toBe(1);
  });

  it('serves no caller that comes when it is over', async () => {
    const world = await createJoiningWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    for (let time = 1; time <= 3; time++) await world.execute(query, { keys: [datafoldKey] });

    expect(callsOf(world)).toBe(3);
  });

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])('goes on when %s leaves, who is let go at once', async (_name, leaver) => {
    const world = await createJoiningWorld();
    const release = hold(world);
    const callers = [await join(world, 101), await join(world, 102)];

    await callers[leaver]?.leave();
    await hasLeft(world, 1);
    const third = await join(world, 103);
    release();

    expect(await callers[1 - leaver]?.runs).toEqual(found());
    expect(await third.runs).toEqual(found());
    expect(callsOf(world)).toBe(1);
  });

  it('ends when all have disconnected, and serves no later caller', async () => {
    const world = await createJoiningWorld();
    const release = hold(world);
    const callers = [await join(world, 101), await join(world, 102)];

    for (const caller of callers) await caller.leave();
    await world.datafold.deserted(1);
    const later = await join(world, 103);
    await until(() => callsOf(world) === 2);
    release();

    expect(await later.runs).toEqual(found());
    expect(callsOf(world)).toBe(2);
  });

  it('fails for all at once, is logged for each of them, and is made again for the next', async () => {
    const world = await createJoiningWorld();
    const held: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      held.push(() => response.writeHead(403).end());
    });
    const json = { 'content-type': 'application/json' };
    const callers = [
      await join(world, 101, { headers: { ...json, 'x-request-id': 'first' } }),
      await join(world, 102, { headers: { ...json, 'x-request-id': 'second' } }),
    ];
    for (const release of held) release();

    const answers = await Promise.all(callers.map(({ requested }) => requested));
    expect(answers).toMatchObject(
      ['first', 'second'].map((requestId) => ({
        data: { monitorRuns: [null, { id: expect.any(String) }] },
        errors: [{ path: ['monitorRuns', 0], extensions: { code: 'FORBIDDEN', requestId } }],
      })),
    );
    expect(world.lines.filter(({ message }) => message === 'upstream call failed')).toEqual([
      expect.objectContaining({ requestId: 'first', reason: 'status' }),
    ]);
    expect(world.lines.filter(({ message }) => message === 'coalesced upstream call failed')).toEqual([
      expect.objectContaining({ requestId: 'second', sender: 'first', path: datafoldPath, code: 'FORBIDDEN' }),
    ]);

    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await world.execute(query, { keys: [datafoldKey] })).toMatchObject({ data: { monitorRuns: [found()] } });
  });

  it.each([408, 504])(
    "that fails as its provider says that it was late (%i) is not made again: that isn't the time of the first",
    async (status) => {
      const world = await createJoiningWorld({ limits: { maxAttempts: 1 } });
      const held: (() => void)[] = [];
      world.datafold.on(datafoldPath, (_request, response) => {
        held.push(() => response.writeHead(status).end());
      });
      const callers = [await join(world, 101), await join(world, 102)];

      for (const release of held) release();

      for (const { requested } of callers) {
        expect(await requested).toMatchObject({
          errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT', upstreamStatus: status, retryable: true } }],
        });
      }
      expect(callsOf(world)).toBe(1);
    },
  );

  it('goes on beyond the deadline of the first, for those who have more time', async () => {
    const world = await createJoiningWorld({ limits: { upstreamAttemptTimeoutMs: 9_000, operationTimeoutMs: 5_000 } });
    const release = hold(world);
    const clock = holdClock();
    const first = await join(world, 101);
    await clock.pass(4_000);
    const others = [await join(world, 102), await join(world, 103)];

    await clock.pass(1_000);
    expect(await first.requested).toMatchObject(timedOut);
    release();

    for (const { runs } of others) expect(await runs).toEqual(found());
    expect(callsOf(world)).toBe(1);
    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ message: 'coalesced upstream call failed', code: 'UPSTREAM_TIMEOUT' }),
    ]);
  });

  it('is waited for by each until the deadline of its operation, and ends with the last of them', async () => {
    const world = await createJoiningWorld({ limits: { upstreamAttemptTimeoutMs: 9_000, operationTimeoutMs: 5_000 } });
    hold(world);
    const clock = holdClock();
    const callers = [await join(world, 101)];
    for (const other of [102, 103]) {
      await clock.pass(2_000);
      callers.push(await join(world, other));
    }

    // They came 2 s after one another, and the first has 1 s left.
    for (const [place, ms] of [1_000, 2_000, 1_999].entries()) {
      await clock.pass(ms);
      if (place < 2) expect(await callers[place]?.requested).toMatchObject(timedOut);
    }
    expect(world.lines.filter(({ message }) => message === 'request')).toHaveLength(2);
    await clock.pass(1);

    expect(await callers[2]?.requested).toMatchObject(timedOut);
    await world.datafold.deserted(1);
    expect(callsOf(world)).toBe(1);
  });

  it('that fails by time is made again, once, for those who have more of it', async () => {
    const world = await createJoiningWorld({
      limits: { maxAttempts: 1, upstreamAttemptTimeoutMs: 3_000, operationTimeoutMs: 9_000 },
    });
    hold(world);
    const clock = holdClock();
    const first = await join(world, 101);
    await clock.pass(2_000);
    const others = [await join(world, 102), await join(world, 103)];

    await clock.pass(1_000);
    expect(await first.requested).toMatchObject(timedOut);
    await until(() => callsOf(world) === 2);
    await clock.pass(3_000);

    for (const { requested } of others) expect(await requested).toMatchObject(timedOut);
    expect(callsOf(world)).toBe(2);
  });

  it('that fails by time is not made again for one who has hardly any left', async () => {
    const world = await createJoiningWorld({
      limits: { maxAttempts: 1, upstreamAttemptTimeoutMs: 3_000, operationTimeoutMs: 3_249 },
    });
    hold(world);
    const clock = holdClock();
    const callers = [await join(world, 101), await join(world, 102)];

    await clock.pass(3_000);

    for (const { requested } of callers) expect(await requested).toMatchObject(timedOut);
    expect(callsOf(world)).toBe(1);
  });

  it('serves no caller with another credential', async () => {
    const world = await createJoiningWorld({ credentials: 'forwarded', runCache: true });
    const held: (() => void)[] = [];
    world.datafold.on(datafoldPath, ({ headers }, response) => {
      const body = { ...datafoldBody, error: `for ${headers.authorization}` };
      held.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
    });
    const tenants = ['a', 'b', 'c'];
    const callers: { runs: Promise<unknown> }[] = [];
    for (const [place, tenant] of tenants.entries()) {
      const headers = { 'content-type': 'application/json', 'x-datafold-api-key': tenant };
      for (const time of [1, 2]) callers.push(await join(world, 100 + 10 * time + place, { headers }));
    }
    await until(() => held.length === 3);
    for (const release of held) release();

    expect(await Promise.all(callers.map(({ runs }) => runs))).toEqual(
      tenants.flatMap((tenant) => [found(`for Key ${tenant}`), found(`for Key ${tenant}`)]),
    );
    expect(callsOf(world)).toBe(3);
  });

  it('is made for each caller, where coalescing is off', async () => {
    const world = await createJoiningWorld({ coalesceCalls: false });
    const release = hold(world);

    const callers = [await join(world, 101), await join(world, 102)];
    await until(() => callsOf(world) === 2);
    release();

    expect(await Promise.all(callers.map(({ runs }) => runs))).toEqual([found(), found()]);
    expect(callsOf(world)).toBe(2);
  });

  it('has a name that no other has, in 10,000 pairs', () => {
    const text = (signs: string) =>
      Array.from(
        { length: 1 + Math.floor(Math.random() * 4) },
        () => signs[Math.floor(Math.random() * signs.length)],
      ).join('');
    const item = () => ({
      authorization: `Key ${text('a/ :=')}`,
      baseUrl: `https://${text('a:/')}`,
      path: `/${text('a/:=?')}`,
    });
    const nameOf = ({ authorization, baseUrl, path }: ReturnType<typeof item>) =>
      toCoalesceKey(toCredential(authorization, 'caller', baseUrl), {
        path,
      });

    let pairs = 0;
    while (pairs < 10_000) {
      const [one, other] = [item(), item()];
      if (JSON.stringify(one) === JSON.stringify(other)) continue;
      pairs++;
      if (nameOf(one) === nameOf(other)) throw new Error(`${JSON.stringify([one, other])} share a name`);
    }
  });

  it('leaves no timer and no listener behind', async () => {
    const world = await createJoiningWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const clock = holdClock();
    const execute = async (times: number) => {
      for (let time = 0; time < times; time++) await world.execute(query, { keys: [datafoldKey] });
    };

    await execute(3);
    const timers = clock.timers();
    await execute(6);

    expect(clock.timers()).toBe(timers);
  });
});

describe('request coalescing: a call that waits for its turn', () => {
  const idQuery = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
  const idOf = (runId: number) => ({ id: `DATAFOLD:7:${runId}` });
  const requestFor = (world: World, first: number, last = first) =>
    world.execute(idQuery, {
      keys: Array.from({ length: last - first + 1 }, (_, place) => anyDatafoldRun(first + place).key),
    });

  /** A world whose Datafold answers each run on demand. */
  async function createSlowWorld(config: Partial<GatewayConfig> = {}) {
    const world = await createJoiningWorld(config);
    const held = new Map<number, () => void>();
    world.datafold.onAny(({ url = '' }, response) => {
      const runId = Number(url.split('/').at(-1));
      const body = JSON.stringify(anyDatafoldRun(runId).body);
      held.set(runId, () => void response.setHeader('content-type', 'application/json').end(body));
    });
    const timesOf = (runId: number) =>
      world.datafold.paths.filter((path) => path === anyDatafoldRun(runId).path).length;
    return {
      world,
      timesOf,
      answer(runId: number) {
        held.get(runId)?.();
        held.delete(runId);
      },
      /** Answers the rest, and what arrives. */
      async answerAll<Result>(requested: Promise<Result>): Promise<Result> {
        let isDone = false;
        const done = requested.finally(() => {
          isDone = true;
        });
        await until(() => {
          for (const [runId, release] of held) {
            held.delete(runId);
            release();
          }
          return isDone;
        });
        return done;
      },
    };
  }

  it('is made when the first caller of the same gets a permit, and serves both', async () => {
    const { world, timesOf, answer, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const many = requestFor(world, 1, 100);
    await world.datafold.arrived(32);

    const one = requestFor(world, 90);
    await clock.waitOf(250);
    answer(1);
    answer(2);
    await until(() => timesOf(90) === 1);
    answer(90);
    expect(await one).toEqual({ data: { monitorRuns: [idOf(90)] } });

    expect(world.datafold.paths.length).toBeLessThan(40);
    const { data } = await answerAll(many);
    expect(data.monitorRuns).toEqual(Array.from({ length: 100 }, (_, place) => idOf(1 + place)));
    expect(timesOf(90)).toBe(1);
  });

  it('serves who came before for as long as that one has time, and goes on for the other', async () => {
    const { world, timesOf, answer } = await createSlowWorld({
      limits: { upstreamAttemptTimeoutMs: 5_000, operationTimeoutMs: 5_000 },
    });
    const clock = holdClock();
    const many = requestFor(world, 1, 40);
    await world.datafold.arrived(32);
    await clock.pass(4_000);
    const one = requestFor(world, 40);
    await clock.waitOf(250);
    answer(1);
    answer(2);
    await until(() => timesOf(40) === 1);

    await clock.pass(1_000);
    const { data, errors = [] } = await many;
    expect(data.monitorRuns[39]).toBeNull();
    expect(errors).toContainEqual(
      expect.objectContaining({
        path: ['monitorRuns', 39],
        extensions: expect.objectContaining({ code: 'UPSTREAM_TIMEOUT', retryable: true }),
      }),
    );
    answer(40);

    expect(await one).toEqual({ data: { monitorRuns: [idOf(40)] } });
    expect(timesOf(40)).toBe(1);
  });

  it('is made for who came later, when who came first has waited for too long', async () => {
    const { world, timesOf, answer, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const many = requestFor(world, 1, 32);
    await world.datafold.arrived(32);
    const first = requestFor(world, 100);
    await clock.waitOf(250);
    await clock.pass(200);
    const second = requestFor(world, 100);
    await clock.waitOf(250);

    await clock.pass(50);
    expect(await first).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
    answer(1);
    await until(() => timesOf(100) === 1);

    await answerAll(Promise.all([many, second]));
    expect(await second).toEqual({ data: { monitorRuns: [idOf(100)] } });
  });

  it('is not made for one who leaves, and is for the other', async () => {
    const { world, timesOf, answer, answerAll } = await createSlowWorld();
    const clock = holdClock();
    const many = requestFor(world, 1, 32);
    await world.datafold.arrived(32);
    const first = await queueUp(world, clock, 100);
    const second = await queueUp(world, clock, 100);
    await first.leave();
    await hasLeft(world, 1);

    answer(1);
    answer(2);
    await until(() => timesOf(100) === 1);
    await answerAll(Promise.all([many, second.requested]));

    expect(await second.requested).toEqual({ data: { monitorRuns: [idOf(100)] } });
    expect(timesOf(100)).toBe(1);
  });

  /** Requests a run, which waits in the queue from then on. */
  async function queueUp(world: World, clock: HeldClock, runId: number) {
    const controller = new AbortController();
    const requested = world.execute(idQuery, { keys: [anyDatafoldRun(runId).key] }, { signal: controller.signal });
    await clock.waitOf(250);
    return {
      requested,
      async leave() {
        controller.abort();
        await expect(requested).rejects.toThrow('aborted');
      },
    };
  }
});
