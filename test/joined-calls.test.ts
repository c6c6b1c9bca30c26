/** Calls that are under way serve all who ask the same. */
import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../src/gateway.ts';
import { createCredential } from '../src/upstream/credential.ts';
import { toFlightName } from '../src/upstream/shared-calls.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath } from './bodies.ts';
import { holdClock, until } from './clock.ts';
import type { Handler } from './fake-upstream.ts';
import { createWorld, type World } from './world.ts';

const createJoiningWorld = (config: Partial<GatewayConfig> = {}) => createWorld({ joinCalls: true, ...config });

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id ... on DatafoldRun { error } } }';
const found = (error: string | null = null) => ({ id: 'DATAFOLD:7:42', error });

/** Answers the run once it is told to. */
function hold(world: World) {
  const held: (() => void)[] = [];
  const answer: Handler = (_request, response) => {
    held.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
  };
  world.datafold.on(datafoldPath, answer);
  return () => held.splice(0).forEach((release) => void release());
}

/** Asks for the run, and is known to wait for it once this resolves: the other call of the same moment has arrived. */
async function join(world: World, other: number, init: RequestInit = {}) {
  const { key, path, body } = anyDatafoldRun(other);
  world.datafold.on(path, { body });
  const controller = new AbortController();
  const asked = world.ask(query, { keys: [datafoldKey, key] }, { signal: controller.signal, ...init });
  const runs = asked.then(({ data }) => data.monitorRuns[0]);
  // Of one who leaves, nobody wants to know.
  runs.catch(() => {});
  await until(() => world.datafold.paths.includes(path) && callsOf(world) > 0);
  return {
    runs,
    asked,
    async leave() {
      controller.abort();
      await expect(asked).rejects.toThrow('aborted');
    },
  };
}

const callsOf = (world: World) => world.datafold.paths.filter((path) => path === datafoldPath).length;
const hasLeft = (world: World, count: number) =>
  until(() => world.lines.filter(({ status }) => status === 499).length === count);

describe('A call that is under way', () => {
  it('serves all who ask the same', async () => {
    const world = await createJoiningWorld();
    const release = hold(world);

    const askers = [await join(world, 101), await join(world, 102), await join(world, 103)];
    release();

    expect(await Promise.all(askers.map(({ runs }) => runs))).toEqual([found(), found(), found()]);
    expect(callsOf(world)).toBe(1);
  });

  it('serves nobody who comes when it is over', async () => {
    const world = await createJoiningWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    for (let time = 1; time <= 3; time++) await world.ask(query, { keys: [datafoldKey] });

    expect(callsOf(world)).toBe(3);
  });

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])('goes on when %s leaves, who is let go at once', async (_name, leaver) => {
    const world = await createJoiningWorld();
    const release = hold(world);
    const askers = [await join(world, 101), await join(world, 102)];

    await askers[leaver]?.leave();
    await hasLeft(world, 1);
    const third = await join(world, 103);
    release();

    expect(await askers[1 - leaver]?.runs).toEqual(found());
    expect(await third.runs).toEqual(found());
    expect(callsOf(world)).toBe(1);
  });

  it('ends when all have left, and serves nobody who comes then', async () => {
    const world = await createJoiningWorld();
    const release = hold(world);
    const askers = [await join(world, 101), await join(world, 102)];

    for (const asker of askers) await asker.leave();
    await world.datafold.deserted(1);
    const later = await join(world, 103);
    await until(() => callsOf(world) === 2);
    release();

    expect(await later.runs).toEqual(found());
    expect(callsOf(world)).toBe(2);
  });

  it('fails for all at once, is told once, of the first of them, and is made again for the next', async () => {
    const world = await createJoiningWorld();
    const held: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      held.push(() => response.writeHead(403).end());
    });
    const json = { 'content-type': 'application/json' };
    const askers = [
      await join(world, 101, { headers: { ...json, 'x-request-id': 'first' } }),
      await join(world, 102, { headers: { ...json, 'x-request-id': 'second' } }),
    ];
    for (const release of held) release();

    const answers = await Promise.all(askers.map(({ asked }) => asked));
    expect(answers).toMatchObject(
      ['first', 'second'].map((requestId) => ({
        data: { monitorRuns: [null, { id: expect.any(String) }] },
        errors: [{ path: ['monitorRuns', 0], extensions: { code: 'FORBIDDEN', requestId } }],
      })),
    );
    expect(world.lines.filter(({ message }) => message === 'upstream call failed')).toEqual([
      expect.objectContaining({ requestId: 'first', reason: 'status' }),
    ]);

    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await world.ask(query, { keys: [datafoldKey] })).toMatchObject({ data: { monitorRuns: [found()] } });
  });

  it('has the deadline of the first, for all of them', async () => {
    const world = await createJoiningWorld({ limits: { attemptMs: 5_000, fieldMs: 5_000 } });
    hold(world);
    const clock = holdClock();
    const first = await join(world, 101);
    await clock.pass(4_000);
    const second = await join(world, 102);

    await clock.pass(1_000);

    for (const { asked } of [first, second])
      expect(await asked).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
    expect(callsOf(world)).toBe(1);
  });

  it('serves nobody with another credential', async () => {
    const world = await createJoiningWorld({ credentials: 'forwarded', keptRuns: true });
    const held: (() => void)[] = [];
    world.datafold.on(datafoldPath, ({ headers }, response) => {
      const body = { ...datafoldBody, error: `for ${headers.authorization}` };
      held.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
    });
    const tenants = ['a', 'b', 'c'];
    const askers: { runs: Promise<unknown> }[] = [];
    for (const [place, tenant] of tenants.entries()) {
      const headers = { 'content-type': 'application/json', 'x-datafold-api-key': tenant };
      for (const time of [1, 2]) askers.push(await join(world, 100 + 10 * time + place, { headers }));
    }
    await until(() => held.length === 3);
    for (const release of held) release();

    expect(await Promise.all(askers.map(({ runs }) => runs))).toEqual(
      tenants.flatMap((tenant) => [found(`for Key ${tenant}`), found(`for Key ${tenant}`)]),
    );
    expect(callsOf(world)).toBe(3);
  });

  it('is made for each, where none is to be joined', async () => {
    const world = await createJoiningWorld({ joinCalls: false });
    const release = hold(world);

    const askers = [await join(world, 101), await join(world, 102)];
    await until(() => callsOf(world) === 2);
    release();

    expect(await Promise.all(askers.map(({ runs }) => runs))).toEqual([found(), found()]);
    expect(callsOf(world)).toBe(2);
  });

  it('has a name that no other has, in 10,000 pairs', () => {
    const text = (signs: string) =>
      Array.from(
        { length: 1 + Math.floor(Math.random() * 4) },
        () => signs[Math.floor(Math.random() * signs.length)],
      ).join('');
    const thing = () => ({ authorization: `Key ${text('a/ :=')}`, path: `/${text('a/:=?')}` });
    const nameOf = ({ authorization, path }: ReturnType<typeof thing>) =>
      toFlightName(createCredential(authorization, 'caller'), { path });

    let pairs = 0;
    while (pairs < 10_000) {
      const [one, other] = [thing(), thing()];
      if (JSON.stringify(one) === JSON.stringify(other)) continue;
      pairs++;
      if (nameOf(one) === nameOf(other)) throw new Error(`${JSON.stringify([one, other])} share a name`);
    }
  });

  it('leaves no timer and no listener behind', async () => {
    const world = await createJoiningWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const clock = holdClock();
    const ask = async (times: number) => {
      for (let time = 0; time < times; time++) await world.ask(query, { keys: [datafoldKey] });
    };

    await ask(3);
    const timers = clock.timers();
    await ask(6);

    expect(clock.timers()).toBe(timers);
  });
});
