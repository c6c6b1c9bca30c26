import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock } from '../support/clock.ts';
import { type Handler, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { createWorld, keys as heldKeys, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] } };

/** A client that requests these runs, and can disconnect before the response. */
function createClient(world: World, keys: readonly object[]) {
  const controller = new AbortController();
  const requested = world.execute(query, { keys }, { signal: controller.signal });
  return {
    requested,
    async leave() {
      controller.abort();
      await expect(requested).rejects.toThrow('aborted');
    },
  };
}

const half: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"run_id":');
};

describe('cancellation: a client that leaves', () => {
  it.each([
    ['that is not answered yet', silence],
    ['whose answer is on its way', half],
  ])('cancels its call, %s', async (_name, handler) => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, handler);

    const client = createClient(world, [datafoldKey]);
    await world.datafold.arrived(1);
    await client.leave();

    await world.datafold.deserted(1);
  });

  it('cancels all its calls, to both providers', async () => {
    const world = await createWorld();
    world.datafold.onAny(silence);
    world.olostep.onAny(silence);
    const keys = [1, 2, 3, 4, 5].map((runId) => anyDatafoldRun(runId).key);

    const client = createClient(world, [...keys, olostepKey]);
    await Promise.all([world.datafold.arrived(5), world.olostep.arrived(1)]);
    await client.leave();

    await Promise.all([world.datafold.deserted(5), world.olostep.deserted(1)]);
  });

  it('cancels its waiting calls too, which are never made', async () => {
    const world = await createWorld();
    world.datafold.onAny(silence);
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const keys = Array.from({ length: 100 }, (_, index) => anyDatafoldRun(100 + index).key);

    const client = createClient(world, keys);
    await world.datafold.arrived(32);
    await client.leave();
    await world.datafold.deserted(32);

    // The next caller would wait behind them.
    expect(await world.execute(query, { keys: [datafoldKey] })).toEqual(found);
    expect(world.datafold.paths).toHaveLength(33);
    expect(world.datafold.paths.at(-1)).toBe(datafoldPath);
  });

  it('leaves the connection that is made for its call to the next one, once that has failed', async () => {
    const sockets: Socket[] = [];
    // Says nothing, so that no connection to it is ever made to its end.
    const upstream = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    const olostep = await startFakeUpstream();
    olostep.on(olostepPath, silence);
    const world = await createWorld({
      providers: {
        DATAFOLD: { apiKey: heldKeys.datafold, baseUrl: `https://127.0.0.1:${port}` },
        OLOSTEP: { apiKey: heldKeys.olostep, baseUrl: olostep.baseUrl },
      },
      limits: { maxConcurrentCalls: 1 },
    });
    onTestFinished(() => {
      upstream.close();
      olostep.close();
    });

    const client = createClient(world, [datafoldKey]);
    await once(upstream, 'connection');
    await client.leave();
    const next = createClient(world, [datafoldKey, olostepKey]);
    // By then its call of Datafold waits for the one connection that there may be.
    await olostep.arrived(1);
    expect(sockets).toHaveLength(1);
    sockets[0]?.destroy();
    await once(upstream, 'connection');

    await next.leave();
    for (const socket of sockets) socket.destroy();
  });

  it('cancels no call of another client, not even for the same run', async () => {
    const world = await createWorld();
    const answers: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
    });

    const leaver = createClient(world, [datafoldKey]);
    await world.datafold.arrived(1);
    const stayer = createClient(world, [datafoldKey]);
    await world.datafold.arrived(2);
    await leaver.leave();
    await world.datafold.deserted(1);
    for (const answer of answers) answer();

    expect(await stayer.requested).toEqual(found);
  });

  it('leaves a service that goes on serving, however many have left', async () => {
    const world = await createWorld();
    world.datafold.onAny(silence);
    for (let left = 1; left <= 40; left++) {
      const client = createClient(world, [anyDatafoldRun(100 + left).key]);
      await world.datafold.arrived(left);
      await client.leave();
      await world.datafold.deserted(left);
    }

    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await world.execute(query, { keys: [datafoldKey] })).toEqual(found);
  });

  it('is no failure: the log has one line for it, with the status 499', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, silence);

    const client = createClient(world, [datafoldKey]);
    await world.datafold.arrived(1);
    await client.leave();
    await world.datafold.deserted(1);

    expect(world.lines).toEqual([expect.objectContaining({ level: 'info', message: 'request', status: 499 })]);
  });

  it('leaves no timer behind', async () => {
    const world = await createWorld();
    world.datafold.onAny(silence);
    const clock = holdClock();
    const comeAndGo = async (time: number) => {
      const client = createClient(world, [datafoldKey]);
      await world.datafold.arrived(time);
      await client.leave();
      await world.datafold.deserted(time);
    };

    for (const time of [1, 2, 3]) await comeAndGo(time);
    // The connections have timers too, which stay.
    const timers = clock.timers();
    for (const time of [4, 5, 6, 7, 8, 9]) await comeAndGo(time);

    expect(clock.timers()).toBe(timers);
  });
});

it('cancellation: A call that is answered leaves no timer behind', async () => {
  const world = await createWorld();
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
