/** cached runs in Redis, the real one: what it adds, and that nothing it does costs an answer. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits, type Limits } from '../../src/core/limits.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createRedisCache } from '../../src/run-cache/redis/redis-cache.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath } from '../support/bodies.ts';
import { holdDate, until } from '../support/clock.ts';
import { findFreePort } from '../support/free-port.ts';
import { startService } from '../support/process.ts';
import { hasRedisServer, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { createWorld, type LogLine, verifyCredentials, type World } from '../support/world.ts';

const query = `query ($keys: [MonitorRunKey!]!, $allowStale: Boolean! = false) {
  monitorRuns(keys: $keys, allowStale: $allowStale) { id phase readAt isStale ... on DatafoldRun { error warnings } }
}`;
const requestFor = (world: World, ...keys: object[]) => world.execute(query, { keys });
const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42', phase: 'FINISHED', isStale: false }] } };

/** More than an entry may have, where a test says so. */
const large = 'x'.repeat(1_000);

const runs = Array.from({ length: 50 }, (_, place) => anyDatafoldRun(100 + place));
const keysOf50 = runs.map(({ key }) => key);

/** However busy the machine is, Redis is in time, and no operation waits too long for its first call. */
const neverLate = { redisTimeoutMs: 30_000, queueTimeoutMs: 30_000, maxEventLoopLagMs: 60_000 };

interface RedisWorld extends World {
  /** What the store has told the log. */
  readonly reported: LogLine[];
}

/**
 * A world whose entries are in the Redis at the URL; Datafold has the fifty runs, and the one of `datafoldKey`.
 * @param beside another one, whose providers this one calls too: another process of the same service
 */
async function createRedisWorld(url: string, limits: Partial<Limits> = {}, beside?: World): Promise<RedisWorld> {
  const reported: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => void reported.push({ level, message, ...fields });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  // The machines of tests are slow and shared: what these tests prove is no matter of twenty milliseconds.
  const patient = { redisTimeoutMs: 500, ...limits };
  const runCache = await createRedisCache({ url, log, limits: { ...defaultLimits, ...patient } });
  const world = await createWorld({ runCache, limits: patient }, {}, beside);
  world.datafold.on(datafoldPath, { body: datafoldBody });
  for (const { path, body } of runs) world.datafold.on(path, { body });
  return { ...world, reported };
}

/** Two processes of the same service. */
async function createRedisWorlds(url: string, limits: Partial<Limits> = {}): Promise<[RedisWorld, RedisWorld]> {
  const first = await createRedisWorld(url, limits);
  return [first, await createRedisWorld(url, limits, first)];
}

/** A client of the test's own. */
function connect({ url }: RedisServer): Redis {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** Takes the connections of all others, and accepts none: Redis is unavailable, and loses nothing. */
async function shutOut(redis: Redis): Promise<void> {
  await redis.config('SET', 'requirepass', 'another');
  await redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

const letIn = (redis: Redis) => redis.config('SET', 'requirepass', '');

/** Takes or gives a right, by the test's own client. */
type Allowing = (redis: Redis) => Promise<unknown>;

/** Resolves once so many entries are there. */
async function stored(redis: Redis, count: number): Promise<string[]> {
  let names: string[] = [];
  while (names.length < count) names = (await redis.keys('*')).filter((name) => !name.endsWith('/epoch'));
  return names;
}

/** A world that has cached a run two hours ago: an entry of this name, which is no longer fresh. */
async function createStaleWorld() {
  const server = await startRedisServer();
  const redis = connect(server);
  holdDate('2026-11-22T12:00:00Z');
  const world = await createRedisWorld(server.url);
  await requestFor(world, datafoldKey);
  const [name = ''] = await stored(redis, 1);
  vi.setSystemTime(new Date('2026-11-22T14:00:00Z'));
  return { redis, world, name };
}

// On a laptop a missing Redis skips these tests, and says so; in CI it fails them.
if (!hasRedisServer) console.warn('No redis-server found: the tests of Redis are SKIPPED, or fail in CI.');
describe.skipIf(!hasRedisServer && !process.env.CI)('run cache in Redis: entries in Redis', () => {
  it('are shared: the first request of another process for 50 finished runs makes no call', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const [first, second] = await createRedisWorlds(server.url);

    const answer = await requestFor(first, ...keysOf50);
    await stored(redis, 50);
    expect(await requestFor(second, ...keysOf50)).toEqual(answer);

    expect(first.datafold.paths).toHaveLength(50);
    expect([...first.reported, ...second.reported]).toEqual([]);
  });

  it('have names that hold no credential, and expire when no entry may be shown any more', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url, { runCacheStaleIfErrorMs: 7_200_000 });

    await requestFor(world, datafoldKey);
    const [name = ''] = await stored(redis, 1);

    expect(name).toMatch(/^monitor-graph:[\w+/]{43}=\/2\/DATAFOLD\/run\/7\/42$/);
    expect(await redis.dump(name)).not.toContain('canary');
    const ttl = await redis.pttl(name);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(7_200_000);
  });

  it('are read sixteen by a command', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await requestFor(world, ...keysOf50);
    await stored(redis, 50);
    await redis.config('RESETSTAT');

    await requestFor(world, ...keysOf50);

    expect(await redis.info('commandstats')).toMatch(/cmdstat_mget:calls=4,/);
  });

  it('belong to the credential that fetched them: callers with their own keys get none of each other', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const store = () =>
      createRedisCache({ url: server.url, log: silentLog, limits: { ...defaultLimits, ...neverLate } });
    const createTenantWorld = async (beside?: World) =>
      createWorld({ credentials: 'forwarded', runCache: await store(), limits: neverLate }, {}, beside);
    const first = await createTenantWorld();
    const worlds = [first, await createTenantWorld(first)];
    first.datafold.on(datafoldPath, ({ headers }, response) => {
      const body = { ...datafoldBody, error: `for ${headers.authorization}` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });

    for (const [time, world] of [...worlds, ...worlds].entries()) {
      for (const tenant of ['a', 'b', 'c']) {
        const headers = { 'content-type': 'application/json', 'x-datafold-api-key': tenant };
        expect(await world.execute(query, { keys: [datafoldKey] }, { headers })).toMatchObject({
          data: { monitorRuns: [{ error: `for Key ${tenant}` }] },
        });
      }
      if (time === 0) await stored(redis, 3);
    }
    expect(first.datafold.paths).toHaveLength(3);
  });

  it('replace a provider that is down, for another process too, and end when the run is gone', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    holdDate('2026-11-22T12:00:00Z');
    const [first, second] = await createRedisWorlds(server.url);
    await verifyCredentials(second);
    await requestFor(first, datafoldKey);
    const [name = ''] = await stored(redis, 1);
    vi.setSystemTime(new Date('2026-11-22T14:00:00Z'));
    const execute = () => second.execute(query, { keys: [datafoldKey], allowStale: true });

    second.datafold.on(datafoldPath, { status: 503 });
    expect(await execute()).toMatchObject({
      data: { monitorRuns: [{ isStale: true, readAt: '2026-11-22T12:00:00.000Z' }] },
    });

    second.datafold.on(datafoldPath, { status: 404 });
    expect(await execute()).toEqual({ data: { monitorRuns: [null] } });
    while ((await redis.exists(name)) > 0);

    second.datafold.on(datafoldPath, { status: 503 });
    expect(await execute()).toMatchObject({ data: { monitorRuns: [null] }, errors: [{}] });
  });

  it.each([
    ['text', (redis: Redis, name: string) => redis.set(name, 'nonsense')],
    ['nothing', (redis: Redis, name: string) => redis.set(name, '')],
    ['a list', (redis: Redis, name: string) => redis.del(name).then(() => redis.rpush(name, 'a'))],
    ['a copy that is cut off', (redis: Redis, name: string) => cut(redis, name, -5)],
    ['a head that is cut off', (redis: Redis, name: string) => cut(redis, name, 10)],
    [
      'an entry that is no JSON',
      async (redis: Redis, name: string) => redis.setrange(name, (await redis.strlen(name)) - 1, '!'),
    ],
    ['another version', (redis: Redis, name: string) => redis.setrange(name, 3, '9')],
    ['times that are none', (redis: Redis, name: string) => redis.setrange(name, 16, '\x7f\xff\xff\xff')],
    ['megabytes', (redis: Redis, name: string) => redis.set(name, 'x'.repeat(20_000_000))],
  ])('that have been spoilt count as none: %s', async (_name, spoil) => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await requestFor(world, datafoldKey);
    const [name = ''] = await stored(redis, 1);
    await spoil(redis, name);

    expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    expect(world.datafold.paths).toHaveLength(2);
  });

  it('need no Redis to start with, and are there once it is', async () => {
    const port = await findFreePort();
    const world = await createRedisWorld(`redis://127.0.0.1:${port}`);
    expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    expect(world.reported).toEqual([{ level: 'warn', message: 'redis unavailable', reason: 'ECONNREFUSED' }]);

    const redis = connect(await startRedisServer({ port }));
    while ((await redis.dbsize()) === 0) expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    const calls = world.datafold.paths.length;
    expect(await requestFor(world, datafoldKey)).toMatchObject(found);

    expect(world.datafold.paths).toHaveLength(calls);
    expect(world.reported.slice(1)).toEqual([{ level: 'info', message: 'redis available' }]);
  });

  it('that cannot be opened with the password count as none, and the log says why, without the password', async () => {
    const server = await startRedisServer({ password: 'the-password' });
    const world = await createRedisWorld(server.url.replace('the-password', 'canary-password'));

    expect(await requestFor(world, datafoldKey)).toMatchObject(found);

    expect(world.reported).toEqual([{ level: 'warn', message: 'redis unavailable', reason: 'WRONGPASS' }]);
  });

  it('are opened with the right one', async () => {
    const server = await startRedisServer({ password: 'p@ss/w%rd' });
    const world = await createRedisWorld(server.url);
    await requestFor(world, datafoldKey);
    await stored(connect(server), 1);

    await requestFor(world, datafoldKey);

    expect(world.datafold.paths).toHaveLength(1);
  });

  it('that may not be read count as none, and Redis is left alone for a while', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    await redis.acl('SETUSER', 'default', '-mget');
    const world = await createRedisWorld(server.url);

    for (let time = 1; time <= 20; time++) expect(await requestFor(world, datafoldKey)).toMatchObject(found);

    expect(world.reported).toEqual([{ level: 'warn', message: 'redis unavailable', reason: 'NOPERM' }]);
    const [, refused] = /cmdstat_mget:.*rejected_calls=(\d+)/.exec(await redis.info('commandstats')) ?? [];
    expect(Number(refused)).toBeLessThan(20);
  });

  it('are forgotten for all processes when their key is not accepted any more', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    holdDate('2026-11-22T12:00:00Z');
    const [first, second] = await createRedisWorlds(server.url);
    await requestFor(first, datafoldKey);
    await stored(redis, 1);
    vi.setSystemTime(new Date('2026-11-22T12:01:00Z'));

    const [epoch = ''] = await redis.keys('*/epoch');
    const before = await redis.get(epoch);
    first.datafold.on(anyDatafoldRun(99).path, { status: 401 });
    await requestFor(first, anyDatafoldRun(99).key);
    while ((await redis.get(epoch)) === before);
    for (const world of [second, first]) {
      world.datafold.on(datafoldPath, { status: 401 });
      expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [null] } });
    }

    vi.setSystemTime(new Date('2026-11-22T12:02:00Z'));
    for (const world of [first, second]) world.datafold.on(datafoldPath, { body: datafoldBody });
    await requestFor(first, datafoldKey);
    await stored(redis, 1);
    const calls = second.datafold.paths.length;
    expect(await requestFor(second, datafoldKey)).toMatchObject(found);
    expect(second.datafold.paths).toHaveLength(calls);
  });

  it.each([
    ['is forbidden', { status: 403 }, { data: { monitorRuns: [null] }, errors: [{}] }],
    ['is gone', { status: 404 }, { data: { monitorRuns: [null] } }],
    ['has grown too large', { body: { ...datafoldBody, error: large } }, { data: { monitorRuns: [{ error: large }] } }],
  ])(
    'are gone for all processes once Redis is back, when their run %s while it is away',
    async (_name, reply, answer) => {
      const server = await startRedisServer();
      const redis = connect(server);
      const limits = { redisMaxEntryBytes: large.length };
      const [first, second] = await createRedisWorlds(server.url, limits);
      await requestFor(first, datafoldKey);
      const [name = ''] = await stored(redis, 1);

      await shutOut(redis);
      await until(() => first.reported.length > 0);
      for (const { datafold } of [first, second]) datafold.on(datafoldPath, reply);
      expect(await requestFor(first, datafoldKey)).toMatchObject(answer);
      await letIn(redis);

      while ((await redis.exists(name)) > 0);
      for (const world of [first, second]) {
        while (world.reported.length < 2) expect(await requestFor(world, datafoldKey)).toMatchObject(answer);
      }
    },
  );

  it('are never shown once their run is forbidden, though Redis still has them, until the run is read again', async () => {
    const { redis, world, name } = await createStaleWorld();
    const old = await redis.getBuffer(name);
    await redis.acl('SETUSER', 'default', '-del');
    const execute = () => world.execute(query, { keys: [datafoldKey], allowStale: true });

    for (const status of [403, 503]) {
      world.datafold.on(datafoldPath, { status });
      expect(await execute()).toMatchObject({ data: { monitorRuns: [null] }, errors: [{}] });
    }
    expect(await redis.getBuffer(name)).toEqual(old);

    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await execute()).toMatchObject(found);
    while (old?.equals((await redis.getBuffer(name)) ?? old));
    const calls = world.datafold.paths.length;
    expect(await execute()).toMatchObject(found);
    expect(world.datafold.paths).toHaveLength(calls);
  });

  it('count as none though they were on their way to Redis when their run was forbidden', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await redis.acl('SETUSER', 'default', '-del');
    await requestFor(world, anyDatafoldRun(100).key);
    await stored(redis, 1);

    server.send('SIGSTOP');
    expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    world.datafold.on(datafoldPath, { status: 403 });
    await requestFor(world, datafoldKey);
    server.send('SIGCONT');
    await stored(redis, 2);

    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [null] }, errors: [{}] });
    expect(world.reported).toEqual([]);
  });

  it.each<[string, Allowing, Allowing]>([
    [
      'takes nothing',
      (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
      (redis) => redis.config('SET', 'min-replicas-to-write', '0'),
    ],
    [
      'refuses everything',
      (redis) => redis.acl('SETUSER', 'default', '-mget', '-set', '-del'),
      (redis) => redis.acl('SETUSER', 'default', '+mget', '+set', '+del'),
    ],
  ])('go as soon as it can be, when their run is forbidden while Redis %s', async (_name, forbid, allow) => {
    const { redis, world, name } = await createStaleWorld();

    await forbid(redis);
    world.datafold.on(datafoldPath, { status: 403 });
    await requestFor(world, datafoldKey, anyDatafoldRun(100).key);
    await until(() => world.reported.length > 0);
    expect(await redis.exists(name)).toBe(1);
    await allow(redis);

    while ((await redis.exists(name)) > 0) await requestFor(world, anyDatafoldRun(100).key);
    expect(world.reported).toHaveLength(2);
  });

  it('are forgotten rather than that one comes back, when more have gone while Redis is away than are remembered', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const runCache = await createRedisCache({ url: server.url, log: silentLog, limits: defaultLimits });
    const world = await createWorld({ runCache });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await requestFor(world, datafoldKey);
    const [name = ''] = await stored(redis, 1);
    const [epoch = ''] = await redis.keys('*/epoch');
    const before = await redis.get(epoch);

    await shutOut(redis);
    world.datafold.on(datafoldPath, { status: 403 });
    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [null] } });
    // As thousands of calls would have it.
    runCache.drop(Array.from({ length: 10_000 }, (_, place) => `${'a'.repeat(44)}/DATAFOLD/run/7/${place}`));
    await letIn(redis);

    while ((await redis.get(epoch)) === before);
    expect(await redis.exists(name)).toBe(1);
    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [null] } });
  });

  it('count for nothing when Redis has lost the epoch that they are of', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await requestFor(world, datafoldKey);
    await stored(redis, 1);
    const [epoch = ''] = await redis.keys('*/epoch');
    await redis.del(epoch);

    await requestFor(world, datafoldKey);

    expect(world.datafold.paths).toHaveLength(2);
  });

  it('are small: larger ones are read from their provider', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url, { redisMaxEntryBytes: 1_000 });
    const { key, path, body } = anyDatafoldRun(99);
    world.datafold.on(path, { body: { ...body, error: 'x'.repeat(1_000) } });

    await requestFor(world, key, datafoldKey);
    await stored(redis, 1);
    await requestFor(world, key, datafoldKey);

    expect(await stored(redis, 1)).toEqual([expect.stringMatching('/42$')]);
    expect(world.datafold.paths.filter((requested) => requested === path)).toHaveLength(2);
  });

  it('are there again after a read or two that came too late', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await requestFor(world, ...keysOf50);
    await stored(redis, 50);

    server.send('SIGSTOP');
    for (let time = 1; time <= 2; time++) await requestFor(world, ...keysOf50);
    expect(world.datafold.paths).toHaveLength(150);
    server.send('SIGCONT');
    await redis.ping();
    await requestFor(world, ...keysOf50);

    expect(world.datafold.paths).toHaveLength(150);
    expect(world.reported).toEqual([]);
  });

  it('that Redis has no room for are lost, and the log says so once', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    await redis.config('SET', 'maxmemory', '1');
    const world = await createRedisWorld(server.url);

    for (let time = 1; time <= 3; time++) expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    await until(() => world.reported.length > 0);

    expect(world.reported).toEqual([{ level: 'warn', message: 'redis writes failing', reason: 'OOM' }]);
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('cost no answer when Redis is killed in the middle of a load, and are there again when it is', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url, neverLate);
    await requestFor(world, ...keysOf50);
    await stored(redis, 50);
    redis.disconnect();

    let answered = 0;
    const load = async () => {
      for (let time = 1; time <= 50; time++) {
        const { data, errors } = await requestFor(world, ...keysOf50);
        if (errors !== undefined || data.monitorRuns.includes(null))
          throw new Error(`an answer failed: ${JSON.stringify(errors?.[0])}`);
        answered++;
      }
    };
    const loads = [load(), load(), load(), load()];
    await until(() => answered >= 40);
    server.send('SIGKILL');
    await Promise.all(loads);

    expect(answered).toBe(200);
    expect(world.reported).toEqual([expect.objectContaining({ level: 'warn', message: 'redis unavailable' })]);

    await server.ended;
    const again = connect(await startRedisServer({ port: server.port }));
    while ((await again.dbsize()) < 50) await requestFor(world, ...keysOf50);
    await until(() => world.reported.length === 2);
    expect(world.reported[1]).toMatchObject({ level: 'info', message: 'redis available' });
  });

  it('cost no answer when Redis stands still, and no wait but the first few', async () => {
    const server = await startRedisServer();
    const redis = connect(server);
    const world = await createRedisWorld(server.url);
    await requestFor(world, datafoldKey);
    await stored(redis, 1);
    redis.disconnect();

    server.send('SIGSTOP');
    for (let time = 1; time <= 100; time++) expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    expect(world.reported).toEqual([{ level: 'warn', message: 'redis unavailable', reason: 'late' }]);
    const calls = world.datafold.paths.length;
    expect(calls).toBe(101);

    server.send('SIGCONT');
    while (world.reported.length === 1) expect(await requestFor(world, datafoldKey)).toMatchObject(found);
    expect(world.reported[1]).toMatchObject({ level: 'info', message: 'redis available' });
  });

  it('cost no answer where something else than a Redis is', async () => {
    for (const greet of [
      (socket: Socket) => void socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      (socket: Socket) => void socket.on('data', () => socket.write('$9999999999\r\n')),
      (socket: Socket) => void socket.destroy(),
      // Says nothing at all.
      () => {},
    ]) {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        greet(socket);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      const world = await createRedisWorld(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);

      for (let time = 1; time <= 3; time++) expect(await requestFor(world, datafoldKey)).toMatchObject(found);
      expect(world.reported).toEqual([expect.objectContaining({ level: 'warn', message: 'redis unavailable' })]);
    }
  });

  it("are the service's, once REDIS_URL says where; the process ends as usual, Redis or not", async () => {
    const server = await startRedisServer({ password: 'canary-password' });
    const redis = connect(server);
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const env = {
      PORT: '0',
      DATAFOLD_API_KEY: 'canary',
      DATAFOLD_BASE_URL: world.datafold.baseUrl,
      REDIS_URL: server.url,
      // Longer than a busy machine takes, so that the run comes from Redis.
      REDIS_TIMEOUT_MS: '5000',
    };
    const body = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}';
    const execute = async (url: unknown) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(String(url), { method: 'POST', headers, body })).json();
    };

    for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
      const service = startService(env);
      const { url } = await service.nextLine();
      expect(await execute(url)).toEqual({ data: { datafoldRun: { state: 'OK' } } });
      await stored(redis, 1);
      server.send(signal);
      const { code, stdout, stderr } = await service.stop('SIGTERM');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toContain('canary');
      server.send('SIGCONT');
    }
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('hold no process that cannot start', async () => {
    const server = await startRedisServer();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;

    const service = startService({ PORT: `${port}`, DATAFOLD_API_KEY: 'canary', REDIS_URL: server.url });

    expect(await service.ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('EADDRINUSE') });
  });
});

/** Leaves the first so many bytes of a value, or all but the last ones. */
async function cut(redis: Redis, name: string, length: number): Promise<void> {
  const value = await redis.getBuffer(name);
  if (value !== null) await redis.set(name, value.subarray(0, length));
}
