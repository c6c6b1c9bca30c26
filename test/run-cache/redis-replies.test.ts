/** Whatever a Redis says, at whatever command, costs no answer, no process, and no memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../src/core/limits.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createRedisCache } from '../../src/run-cache/redis/redis-cache.ts';
import { createReplyCheck, RedisProtocolError } from '../../src/run-cache/redis/replies.ts';
import { anyDatafoldRun, datafoldBody, datafoldPath } from '../support/bodies.ts';
import { until } from '../support/clock.ts';
import { bulk, type FakeRedis, type Said, startFakeRedis } from '../support/fake-redis.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { startService } from '../support/process.ts';
import { createWorld, type World } from '../support/world.ts';

// An uncaught error fails the whole run of these tests, as it would end the process.

const runs = Array.from({ length: 17 }, (_, place) => anyDatafoldRun(100 + place));
const keys = runs.map(({ key }) => key);
const refused = anyDatafoldRun(1);
const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id phase ... on DatafoldRun { error } } }';
const toAnswer = (keys: readonly { readonly runId: string }[]) => ({
  data: { monitorRuns: keys.map(({ runId }) => ({ id: `DATAFOLD:7:${runId}`, phase: 'FINISHED', error: null })) },
});

/** A world on the Redis, with a password and a database, whose Datafold has the runs. */
async function createRedisWorld(redis: FakeRedis, limits: Partial<Limits> = {}): Promise<World> {
  const url = `${redis.url.replace('//', '//user:password@')}/3`;
  const runCache = await createRedisCache({ url, log: silentLog, limits: { ...defaultLimits, ...limits } });
  const world = await createWorld({ runCache });
  for (const { path, body } of runs) world.datafold.on(path, { body });
  return world;
}

/** Has every command sent that there is, and looks at the answers. */
async function tryOut(world: World): Promise<void> {
  // More than one command reads.
  expect(await world.execute(query, { keys })).toEqual(toAnswer(keys));
  const few = keys.slice(0, 2);
  for (const status of [403, 401]) {
    expect(await world.execute(query, { keys: few })).toEqual(toAnswer(few));
    world.datafold.on(refused.path, { status });
    await world.execute(query, { keys: [refused.key] });
  }
  expect(await world.execute(query, { keys: few })).toEqual(toAnswer(few));
}

const commands = ['auth', 'select', 'info', 'mget', 'set', 'get', 'del'] as const;

const replies: Readonly<Record<string, Said>> = {
  null: '$-1\r\n',
  'a null list': '*-1\r\n',
  'an empty list': '*0\r\n',
  'a short list': '*1\r\n$-1\r\n',
  'nested lists': '*3\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n*0\r\n',
  'lists nested without end': '*1\r\n'.repeat(100_000),
  'a list of errors': `*3\r\n${'-ERR no\r\n'.repeat(3)}`,
  'a list of numbers': `*3\r\n${':1\r\n'.repeat(3)}`,
  'a list longer than any': '*99999999999\r\n',
  'a list that is very long': '*1000000000\r\n:1\r\n',
  'a text longer than any': '$99999999999999\r\nabc',
  'a negative length': '$-7\r\n',
  'a length that is none': '$abc\r\nabc\r\n',
  'a length without end': `$${'9'.repeat(100_000)}`,
  'a line without end': `+${'x'.repeat(1_000_000)}`,
  'an error': '-ERR no\r\n',
  'an error of signs that are none': '-\u0000\r\n',
  'an empty error': '-\r\n',
  'an error that says what is not allowed': '-NOPERM no permissions\r\n',
  'that it loads': bulk('loading:1\r\nloading_eta_seconds:-1\r\n'),
  'a number': ':17\r\n',
  'a number that is none': ':x\r\n',
  'an empty text': '$0\r\n\r\n',
  'a text that ends elsewhere': '$3\r\nabcdef\r\n',
  'a push': '>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n',
  'a map': '%1\r\n+a\r\n+b\r\n',
  'nothing but ends of lines': '\r\n\r\n\r\n',
  'bytes that are no reply': Buffer.from([0, 255, 254, 13, 10, 42, 36]),
  'a page of HTML': 'HTTP/1.1 400 Bad Request\r\n\r\n<html>',
  'a reply too many': '+OK\r\n+OK\r\n',
  'many replies too many': '$-1\r\n'.repeat(1_000),
  'the end': { end: '' },
  'the end in the middle': { end: '*17\r\n$5\r\nab' },
  nothing: '',
};

describe('run cache in Redis: an answer is the same as without Redis, when Redis', () => {
  it.each(Object.keys(replies))('says %s', async (name) => {
    await Promise.all(
      commands.map(async (command) => {
        const redis = await startFakeRedis();
        redis.say((said) => (said === command ? replies[name] : undefined));
        await tryOut(await createRedisWorld(redis));
      }),
    );
  });

  it('says anything', fuzz, async () => {
    const sign = fc.constantFrom(...'$*+-:>%_#,\r\n0179x'.split(''));
    const text = fc.oneof(fc.string({ unit: sign, maxLength: 40 }), fc.string({ maxLength: 20 }));
    const { reply } = fc.letrec<{ reply: string }>((tie) => ({
      reply: fc.oneof(
        { maxDepth: 4 },
        text.map((value) => `+${value}\r\n`),
        text.map((value) => `-${value}\r\n`),
        text.map((value) => String(bulk(value))),
        fc.integer().map((value) => `:${value}\r\n`),
        fc.constantFrom('$-1\r\n', '*-1\r\n'),
        fc.array(tie('reply'), { maxLength: 20 }).map((values) => `*${values.length}\r\n${values.join('')}`),
      ),
    }));
    /** What becomes of the reply of a Redis. */
    const saying = fc.oneof(
      { weight: 4, arbitrary: fc.constant((right: Buffer): Said => right) },
      text.map((value) => () => value),
      reply.map((value) => () => value),
      reply.map((value) => (right: Buffer) => Buffer.concat([right, Buffer.from(value)])),
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => () => Buffer.from(bytes)),
      fc.nat().map((at) => (right: Buffer) => ({ end: right.subarray(0, at % right.length) })),
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => (right: Buffer) => {
        const changed = Buffer.from(right);
        changed[at % changed.length] = byte;
        return changed;
      }),
      fc.constantFrom(...Object.values(replies).filter((said) => said !== '')).map((said) => () => said),
    );
    const scene = fc.record({
      sayings: fc.array(saying, { minLength: 1, maxLength: 8 }),
      spoilt: fc.subarray<string>([...commands], { minLength: 1 }),
    });
    const play = async ({ sayings, spoilt }: typeof scene extends fc.Arbitrary<infer Scene> ? Scene : never) => {
      let count = 0;
      const redis = await startFakeRedis();
      redis.say((command, right) =>
        spoilt.includes(command) ? sayings[count++ % sayings.length]?.(Buffer.from(right)) : undefined,
      );
      await tryOut(await createRedisWorld(redis));
    };
    await fc.assert(
      fc.asyncProperty(fc.array(scene, { minLength: 1, maxLength: 12, size: 'max' }), async (scenes) => {
        await Promise.all(scenes.map(play));
      }),
      { numRuns: casesOf(30, 3), seed: 20261122 },
    );
  });

  it('says more than there is room for', async () => {
    const redis = await startFakeRedis();
    const floodBytes = 256 * 1024 * 1024;
    // Nothing is late.
    const world = await createRedisWorld(redis, { redisTimeoutMs: 600_000 });
    redis.say((command) => (command === 'mget' ? `*17\r\n$${floodBytes}\r\n` : undefined));
    const before = process.memoryUsage().rss;

    const answer = world.execute(query, { keys });
    await until(() => redis.commands.some(([command]) => command === 'mget'));
    redis.flood(floodBytes);

    expect(await answer).toEqual(toAnswer(keys));
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
  });

  it.each([
    ['mget', '$-1\r\n'],
    ['mget', ':1\r\n'],
    ['mget', '*1\r\n$-1\r\n'],
    ['mget', '*2\r\n:1\r\n:1\r\n'],
    ['set', ':1\r\n'],
  ])(
    'says to %s what is no reply to it: %j; it is logged, and Redis is used again by a new connection',
    async (to, said) => {
      const redis = await startFakeRedis();
      const reported: string[] = [];
      const report = (fields: object, message: string) => void reported.push(`${message} ${JSON.stringify(fields)}`);
      const log = { info: report, warn: report, error: report };
      const runCache = await createRedisCache({ url: redis.url, log, limits: defaultLimits });
      const world = await createWorld({ runCache });
      world.datafold.on(datafoldPath, { body: datafoldBody });
      const execute = () => world.execute(query, { keys: [{ provider: 'DATAFOLD', monitorId: '7', runId: '42' }] });

      redis.say((command) => (command === to ? said : undefined));
      await execute();
      await until(() => reported.length > 0);
      redis.say(() => undefined);
      while (reported.length === 1) await execute();

      expect(reported).toEqual(['redis unavailable {"reason":"PROTOCOL"}', 'redis available {}']);
      expect(redis.commands.filter(([command]) => command === 'info')).toHaveLength(2);
    },
  );

  it('mixes up its replies: no run is that of another credential', async () => {
    const redis = await startFakeRedis();
    const runCache = await createRedisCache({ url: redis.url, log: silentLog, limits: defaultLimits });
    const world = await createWorld({ runCache, credentials: 'forwarded' });
    world.datafold.on(datafoldPath, ({ headers }, response) => {
      const body = { ...datafoldBody, error: `for ${headers.authorization}` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
    const execute = (apiKey: string) =>
      world.execute(
        query,
        { keys: [{ provider: 'DATAFOLD', monitorId: '7', runId: '42' }] },
        { headers: { 'content-type': 'application/json', 'x-datafold-api-key': apiKey } },
      );
    const replies: (string | Buffer)[] = [];
    redis.say((command, reply) => void (command === 'mget' && replies.push(reply)));
    for (let time = 1; time <= 3; time++) {
      await execute('tenant-a');
      await until(() => redis.values.size === 2);
    }

    redis.say((command) => (command === 'mget' ? replies.at(-1) : undefined));

    expect(await execute('tenant-b')).toMatchObject({ data: { monitorRuns: [{ error: 'for Key tenant-b' }] } });
  });
});

describe('run cache in Redis: the service', () => {
  it('goes on when Redis answers with null, and ends as usual', async () => {
    const redis = await startFakeRedis();
    redis.say((command) => (command === 'mget' ? '$-1\r\n' : undefined));
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const service = startService({
      PORT: '0',
      DATAFOLD_API_KEY: 'canary',
      DATAFOLD_BASE_URL: world.datafold.baseUrl,
      REDIS_URL: redis.url,
    });
    const { url } = await service.nextLine();

    for (let time = 1; time <= 3; time++) {
      const headers = { 'content-type': 'application/json' };
      const body = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}';
      const response = await fetch(String(url), { method: 'POST', headers, body });
      expect(await response.json()).toEqual({ data: { datafoldRun: { state: 'OK' } } });
    }
    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('run cache in Redis: the check of replies', () => {
  const limits = { maxTextBytes: 100, maxValues: 8 };
  /** What it passes on of the bytes, which come in pieces of these lengths. */
  const passOn = (bytes: Buffer, lengths: readonly number[]): string => {
    const check = createReplyCheck(limits);
    const passed: Buffer[] = [];
    for (let start = 0, place = 0; start < bytes.length; place++) {
      const end = start + (lengths[place % lengths.length] ?? bytes.length);
      passed.push(Buffer.from(check(bytes.subarray(start, end))));
      start = end;
    }
    return Buffer.concat(passed).toString('latin1');
  };

  const line = fc.string({ unit: fc.constantFrom(...'+-*$: aä1'.split('')), maxLength: 20 });
  const value = fc.oneof(
    line.map((text) => `+${text}\r\n`),
    line.map((text) => `-ERR ${text}\r\n`),
    fc.integer().map((number) => `:${number}\r\n`),
    fc.string({ unit: 'binary', maxLength: 50 }).map((text) => String(bulk(text))),
    fc.constant('$-1\r\n'),
  );
  const list = fc.array(value, { maxLength: 8 }).map((values) => `*${values.length}\r\n${values.join('')}`);
  const stream = fc.array(fc.oneof(value, list, fc.constant('*-1\r\n')), { minLength: 1, maxLength: 10 });
  const pieces = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });

  it('passes on what is valid, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(stream, pieces, (said, lengths) => {
        const bytes = Buffer.from(said.join(''));
        expect(passOn(bytes, lengths)).toBe(bytes.toString('latin1'));
      }),
      { numRuns: 5_000, seed: 20261122 },
    );
  });

  it('passes on nothing behind what is not', () => {
    fc.assert(
      fc.property(
        stream,
        fc.constantFrom('>1\r\n', '*1\r\n*0\r\n', '$x\r\n', '\r\n', ':\r\n', '*9\r\n'),
        pieces,
        (said, bad, lengths) => {
          const check = createReplyCheck(limits);
          check(Buffer.from(said.join('')));
          expect(() => passOn(Buffer.from(said.join('') + bad), lengths)).toThrow(RedisProtocolError);
          expect(() => check(Buffer.from(bad))).toThrow(RedisProtocolError);
          expect(() => check(Buffer.from('+OK\r\n'))).toThrow(RedisProtocolError);
        },
      ),
      { numRuns: 2_000, seed: 20261122 },
    );
  });

  it('skips a text that is too long, as if there were none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 95, max: 105 }), pieces, (length, lengths) => {
        const [before, text, behind] = ['*3\r\n$1\r\na\r\n', bulk('x'.repeat(length)), ':1\r\n'].map(String);
        const expected = length > 100 ? '$-1\r\n' : text;
        expect(passOn(Buffer.from(`${before}${text}${behind}`), lengths)).toBe(`${before}${expected}${behind}`);
      }),
      { numRuns: 500, seed: 20261122 },
    );
  });

  it('shows the client no text that Redis has sent', () => {
    expect(passOn(Buffer.from("-NOPERM User default has no permissions: 'canary'\r\n"), [7])).toBe('-NOPERM\r\n');
  });
});
