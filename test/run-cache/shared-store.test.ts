/** Services that share a store with one key: another release, another environment, other limits. */
import { describe, expect, it, vi } from 'vitest';
import type { Limits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import type { RunCache } from '../../src/run-cache/run-cache.ts';
import { datafoldBody, datafoldKey, datafoldPath } from '../support/bodies.ts';
import { holdDate, holdDice } from '../support/clock.ts';
import { found, stores } from '../support/stores.ts';
import { createWorld, keys, type World } from '../support/world.ts';

const query = `query ($keys: [MonitorRunKey!]!, $allowStale: Boolean! = false) {
  monitorRuns(keys: $keys, allowStale: $allowStale) { isStale readAt ... on DatafoldRun { error } }
}`;
const readAt = '2026-11-22T12:00:00.000Z';

describe.each(stores)('run cache: services that share entries in $name, with one key,', ({ create }) => {
  const execute = async (world: World, allowStale = false) => {
    const { data } = await world.execute(query, { keys: [datafoldKey], allowStale });
    return data.monitorRuns[0];
  };
  const bodyOf = (error: string) => ({ body: { ...datafoldBody, error } });
  /** Requests until the entry is there, as a store outside the process may take a moment. */
  const requestUntilCached = async (world: World) => {
    for (let before = -1; before !== world.datafold.paths.length; ) {
      before = world.datafold.paths.length;
      await execute(world);
    }
  };

  /** A service on the store, which calls the fake upstream of another one at this path. */
  const serve = (runCache: RunCache, beside?: World, path = '', config: Partial<GatewayConfig> = {}) =>
    createWorld(
      {
        runCache,
        ...config,
        ...(beside && {
          providers: { DATAFOLD: { apiKey: keys.datafold, baseUrl: beside.datafold.baseUrl + path } },
        }),
      },
      {},
      beside,
    );

  it('and two origins never get the run of the other', async () => {
    const open = await create();
    const [staging, production] = [await serve(await open()), await serve(await open())];
    staging.datafold.on(datafoldPath, bodyOf('staging'));
    production.datafold.on(datafoldPath, bodyOf('production'));
    await requestUntilCached(staging);

    expect(await execute(production)).toMatchObject({ error: 'production' });
    await requestUntilCached(production);
    expect(await execute(staging)).toMatchObject({ error: 'staging' });
  });

  it('and two paths never get the run of the other, and the same path in other words gets it', async () => {
    const open = await create();
    const first = await serve(await open());
    const [eu, us, same] = [
      await serve(await open(), first, '/eu'),
      await serve(await open(), first, '/us'),
      await serve(await open(), first, '/x/../eu/'),
    ];
    for (const path of ['/eu', '/us']) first.datafold.on(path + datafoldPath, bodyOf(path));

    await requestUntilCached(eu);
    expect(await execute(us)).toMatchObject({ error: '/us' });
    const calls = first.datafold.paths.length;
    expect(await execute(same)).toMatchObject({ error: '/eu' });
    expect(first.datafold.paths).toHaveLength(calls);
  });

  it('have their entries when the key is not accepted under another base URL', async () => {
    const open = await create();
    const [staging, production] = [await serve(await open()), await serve(await open())];
    for (const world of [staging, production]) {
      world.datafold.on(datafoldPath, bodyOf('as usual'));
      await requestUntilCached(world);
    }

    staging.datafold.on('/api/v1/monitors/7/runs/43', { status: 401 });
    await staging.execute(query, { keys: [{ ...datafoldKey, runId: '43' }] });

    const calls = production.datafold.paths.length;
    expect(await execute(production)).toMatchObject({ error: 'as usual' });
    expect(production.datafold.paths).toHaveLength(calls);
  });

  it.each<[string, Partial<Limits>, Partial<Limits>]>([
    ['reader', { runCacheTtlMs: 3_600_000 }, { runCacheTtlMs: 60_000 }],
    ['writer', { runCacheTtlMs: 60_000 }, { runCacheTtlMs: 3_600_000 }],
  ])('use an entry for as long as the one with the shorter limit: the %s', async (_name, writes, reads) => {
    holdDate(readAt);
    const open = await create();
    const writer = await serve(await open(), undefined, '', { limits: writes });
    const reader = await serve(await open(), writer, '', { limits: reads });
    writer.datafold.on(datafoldPath, bodyOf('first'));
    await requestUntilCached(writer);
    writer.datafold.on(datafoldPath, bodyOf('second'));

    vi.setSystemTime('2026-11-22T12:00:59.999Z');
    expect(await execute(reader)).toMatchObject({ error: 'first', readAt });
    vi.setSystemTime('2026-11-22T12:01:00.000Z');
    expect(await execute(reader)).toMatchObject({ error: 'second' });
  });

  it('take an entry of a run that something may still come of for as long as the reader does', async () => {
    holdDate(readAt);
    const open = await create();
    const writer = await serve(await open(), undefined, '', { limits: { runCacheSettlingTtlMs: 3_600_000 } });
    const reader = await serve(await open(), writer);
    writer.datafold.on(datafoldPath, { body: { ...datafoldBody, warnings: 'none' } });
    await requestUntilCached(writer);
    writer.datafold.on(datafoldPath, bodyOf('mended'));

    vi.setSystemTime('2026-11-22T12:00:09.999Z');
    expect(await execute(reader)).toMatchObject({ error: null });
    vi.setSystemTime('2026-11-22T12:00:10.000Z');
    expect(await execute(reader)).toMatchObject({ error: 'mended' });
  });

  it('take no entry for an answer that was read after the time that the clock shows now, as it was set back', async () => {
    holdDate(readAt);
    holdDice(0);
    const open = await create();
    const writer = await serve(await open());
    const other = await serve(await open(), writer);
    writer.datafold.on(datafoldPath, bodyOf('first'));
    await requestUntilCached(writer);

    vi.setSystemTime('2026-11-21T12:00:00.000Z');
    writer.datafold.on(datafoldPath, { status: 500 });
    for (const world of [writer, other]) expect(await execute(world, true)).toBeNull();
    writer.datafold.on(datafoldPath, bodyOf('second'));
    for (const world of [writer, other]) expect(await execute(world)).toMatchObject({ error: 'second' });

    // What is read then is cached as always.
    await requestUntilCached(other);
    vi.setSystemTime('2026-11-21T13:00:00.000Z');
    writer.datafold.on(datafoldPath, bodyOf('third'));
    expect(await execute(other)).toMatchObject({ error: 'third' });
  });

  it('have no entries of a key that is not accepted any more, though the clock of the process that was refused is a day late', async () => {
    holdDate(readAt);
    const open = await create();
    const first = await serve(await open());
    const second = await serve(await open(), first);
    first.datafold.on(datafoldPath, bodyOf('first'));
    await requestUntilCached(first);

    vi.setSystemTime('2026-11-21T12:00:00.000Z');
    first.datafold.on('/api/v1/monitors/7/runs/43', { status: 401 });
    await second.execute(query, { keys: [{ ...datafoldKey, runId: '43' }] });
    vi.setSystemTime(readAt);

    first.datafold.on(datafoldPath, bodyOf('second'));
    await found(async () => (await execute(first)).error === 'second' || undefined);
  });

  it('show a stale entry for as long as the reader allows', async () => {
    holdDate(readAt);
    holdDice(0);
    const open = await create();
    const writer = await serve(await open());
    const reader = await serve(await open(), writer, '', {
      limits: { runCacheTtlMs: 60_000, runCacheStaleIfErrorMs: 120_000 },
    });
    writer.datafold.on(datafoldPath, bodyOf('first'));
    await requestUntilCached(writer);
    writer.datafold.on(datafoldPath, { status: 500 });

    vi.setSystemTime('2026-11-22T12:01:59.999Z');
    expect(await execute(reader, true)).toMatchObject({ error: 'first', isStale: true });
    vi.setSystemTime('2026-11-22T12:02:00.000Z');
    expect(await execute(reader, true)).toBeNull();
  });
});
