import { describe, expect, it } from 'vitest';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from '../support/bodies.ts';
import { holdClock, holdDice } from '../support/clock.ts';
import { createWorld, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] } };
const sentences = {
  RATE_LIMITED: 'DATAFOLD limits the rate of calls.',
  UPSTREAM_UNAVAILABLE: 'DATAFOLD is not available.',
} as const;
const limited = (facts: object, code: keyof typeof sentences = 'RATE_LIMITED') => ({
  data: { monitorRuns: [null] },
  errors: [
    expect.objectContaining({
      message: sentences[code],
      extensions: {
        ...facts,
        code,
        provider: 'DATAFOLD',
        account: 'default',
        retryable: true,
        requestId: expect.any(String),
      },
    }),
  ],
});

const execute = (world: World, apiKey?: string) =>
  world.execute(
    query,
    { keys: [datafoldKey] },
    apiKey === undefined
      ? {}
      : { headers: { 'content-type': 'application/json', 'x-datafold-api-key': apiKey, 'x-olostep-api-key': apiKey } },
  );

const limit = (wait: string, status = 429) => ({ status, headers: { 'retry-after': wait } });

describe('rate limit cool-down: a credential that is to be used less often', () => {
  it('cools down for as long as the provider says, without a call, and says how long that is', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit('30'));
    const clock = holdClock();

    expect(await execute(world)).toEqual(limited({ upstreamStatus: 429, retryAfterMs: 30_000 }));
    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 30_000 }));
    // From then on there is time left to wait for it.
    await clock.pass(15_249);
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 14_751 }));
    expect(world.datafold.paths).toHaveLength(1);

    await clock.pass(14_751);
    expect(await execute(world)).toEqual(found);
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each([
    ['3600', 3_600_000],
    ['123456789012', 123_456_789_012_000],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ])('cools down for at most a minute, whatever the provider says: %s', async (wait, retryAfterMs) => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit(wait));
    const clock = holdClock();

    expect(await execute(world)).toEqual(limited({ upstreamStatus: 429, retryAfterMs }));
    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 60_000 }));
    await clock.pass(60_000);

    expect(await execute(world)).toEqual(found);
  });

  it('is not used by other operations either while one waits: they wait as well', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit('1'));
    const clock = holdClock();
    holdDice(0);

    const first = execute(world);
    await clock.waitOf(1_000);
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const second = execute(world);
    await clock.pass(999);
    expect(world.datafold.paths).toHaveLength(1);
    await clock.pass(1);

    expect(await first).toEqual(found);
    await clock.pass(125);
    expect(await second).toEqual(found);
    expect(world.datafold.paths).toHaveLength(3);
  });

  it.each([
    ['without a wait', {}],
    ['with an unreadable wait', { 'retry-after': 'soon' }],
  ])('cools down for up to half a second, as the dice say, when the provider answers %s', async (_name, headers) => {
    holdDice(0.5);
    const world = await createWorld();
    world.datafold.on(datafoldPath, { status: 429, headers: headers as Record<string, string> });
    const clock = holdClock();

    const requested = execute(world);
    // And up to a tenth of a second more, so that replicas don't come back together.
    await clock.waitOf(300);
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await clock.pass(299);
    expect(world.datafold.paths).toHaveLength(1);
    await clock.pass(1);

    expect(await requested).toEqual(found);
  });

  it('cools down as well when the provider is not available to it until then, and gets that error', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit('30', 503));
    const clock = holdClock();

    expect(await execute(world)).toEqual(
      limited({ upstreamStatus: 503, retryAfterMs: 30_000 }, 'UPSTREAM_UNAVAILABLE'),
    );
    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 30_000 }, 'UPSTREAM_UNAVAILABLE'));
    expect(world.datafold.paths).toHaveLength(1);

    await clock.pass(30_000);
    expect(await execute(world)).toEqual(found);
  });

  it('rests as well when the provider is busy until then, whatever the status', async () => {
    const world = await createWorld();
    const body = { detail: 'Not enough resources available to run this' };
    const headers = { 'retry-after': '30' };
    world.olostep.on(olostepPath, { status: 404, headers, body });
    holdClock();

    for (const upstreamStatus of [404, undefined]) {
      const facts = { code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 30_000, ...(upstreamStatus && { upstreamStatus }) };
      expect(await world.execute(query, { keys: [olostepKey] })).toMatchObject({ errors: [{ extensions: facts }] });
    }
    expect(world.olostep.paths).toHaveLength(1);
  });

  it.each([
    ['a day late', '2026-11-19T12:00:00Z'],
    ['a day early', '2026-11-21T12:00:00Z'],
  ])('rests until a date as the provider has it, though the clock here is %s', async (_name, date) => {
    const world = await createWorld();
    const headers = { date: 'Fri, 20 Nov 2026 12:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 12:00:30 GMT' };
    world.datafold.on(datafoldPath, { status: 429, headers });
    holdClock(date);

    expect(await execute(world)).toEqual(limited({ upstreamStatus: 429, retryAfterMs: 30_000 }));
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 30_000 }));
  });

  it('waits for the longest wait that the provider named, in whichever order', async () => {
    const world = await createWorld();
    const answers: (() => void)[] = [];
    world.datafold.onAny((_request, response) => {
      const wait = response.req.url?.endsWith('/1') ? '30' : '10';
      answers.push(() => response.writeHead(429, { 'retry-after': wait }).end());
    });
    const clock = holdClock();

    const requested = [1, 2].map((runId) => world.execute(query, { keys: [anyDatafoldRun(runId).key] }));
    await world.datafold.arrived(2);
    // The longer one first.
    if (world.datafold.paths[0]?.endsWith('/2')) answers.reverse();
    answers[0]?.();
    await Promise.race(requested);
    answers[1]?.();
    await Promise.all(requested);

    await clock.pass(10_000);
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 20_000 }));
  });

  it('ends what waits for a place, too', async () => {
    const world = await createWorld();
    world.datafold.onAny(limit('30'));
    holdClock();
    const keys = Array.from({ length: 100 }, (_, index) => anyDatafoldRun(index).key);

    const { errors } = await world.execute(query, { keys });

    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(Array(100).fill('RATE_LIMITED'));
    expect(world.datafold.paths).toHaveLength(32);
  });

  it('stops nothing of another provider', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit('30'));
    world.olostep.on(olostepPath, { body: olostepBody });
    await execute(world);

    expect(await world.execute(query, { keys: [datafoldKey, olostepKey] })).toMatchObject({
      data: { monitorRuns: [null, { id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}` }] },
      errors: [{ path: ['monitorRuns', 0], extensions: { code: 'RATE_LIMITED' } }],
    });
  });

  it.each([
    [429, 'RATE_LIMITED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ] as const)("stops nothing of another's credential: %i", async (status, code) => {
    const world = await createWorld({ credentials: 'forwarded' });
    world.datafold.on(datafoldPath, (request, response) => {
      if (request.headers.authorization === 'Key tenant-a') response.writeHead(status, { 'retry-after': '30' }).end();
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody));
    });
    holdClock();

    expect(await execute(world, 'tenant-a')).toEqual(limited({ upstreamStatus: status, retryAfterMs: 30_000 }, code));
    expect(await execute(world, 'tenant-b')).toEqual(found);
    expect(await execute(world, 'tenant-a')).toEqual(limited({ retryAfterMs: 30_000 }, code));
    expect(world.datafold.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Key tenant-a',
      'Key tenant-b',
    ]);
  });

  it('is no matter of the calendar', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, limit('30'));
    const clock = holdClock('2026-11-20T12:00:00Z');
    await execute(world);

    clock.setDate('2026-11-20T13:00:00Z');
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 30_000 }));
    clock.setDate('2026-11-20T11:00:00Z');
    expect(await execute(world)).toEqual(limited({ retryAfterMs: 30_000 }));
  });
});
