/** cached runs that outlive a request. */
import { describe, expect, it, vi } from 'vitest';
import { createGateway, type GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { type StoredEntries, toRunName } from '../../src/run-cache/run-cache.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath, toDatafoldRow } from '../support/bodies.ts';
import { holdDate, holdDice, until } from '../support/clock.ts';
import { toCredential } from '../support/credential.ts';
import { type FakeUpstream, silence } from '../support/fake-upstream.ts';
import { createListingWorld, createWorld, type World } from '../support/world.ts';

const createKeepingWorld = (config: Partial<GatewayConfig> = {}) => createWorld({ runCache: true, ...config });

const query = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) { id phase outcome startedAt readAt isStale ... on DatafoldRun { state diffId error warnings } }
}`;
const requestFor = (world: World, ...keys: object[]) => world.execute(query, { keys });

const inState = (state: string) => ({ body: { ...datafoldBody, state } });

describe('run cache: a run that has ended', () => {
  it('is requested once: a second request for 50 of them makes no call', async () => {
    const world = await createKeepingWorld();
    const runs = Array.from({ length: 50 }, (_, place) => anyDatafoldRun(100 + place));
    for (const { path, body } of runs) world.datafold.on(path, { body });
    const keys = runs.map(({ key }) => key);

    const first = await requestFor(world, ...keys);
    expect(world.datafold.paths).toHaveLength(50);
    const second = await requestFor(world, ...keys);

    expect(world.datafold.paths).toHaveLength(50);
    expect(first.errors).toBeUndefined();
    // With the time at which each was read.
    expect(second).toEqual(first);
  });

  it('is there for a query of any shape', async () => {
    const world = await createKeepingWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { id startedAt } }');

    const answer = await world.execute(`{
      a: datafoldRun(monitorId: 7, runId: 42) { state warnings }
      b: monitorRun(key: { provider: DATAFOLD, monitorId: "7", runId: "42" }) { phase }
      c: node(id: "DATAFOLD:7:42") { id ... on DatafoldRun { error isStale } }
      d: nodes(ids: ["DATAFOLD:7:42"]) { ... on MonitorRun { outcome } }
    }`);

    expect(answer).toEqual({
      data: {
        a: { state: 'OK', warnings: datafoldBody.warnings },
        b: { phase: 'FINISHED' },
        c: { id: 'DATAFOLD:7:42', error: null, isStale: false },
        d: [{ outcome: 'PASSED' }],
      },
    });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it.each(['ok', 'alert', 'error', 'skipped', 'cancelled'])('is cached: %s', async (state) => {
    const world = await createKeepingWorld();
    world.datafold.on(datafoldPath, inState(state));

    expect(await requestFor(world, datafoldKey)).toEqual(await requestFor(world, datafoldKey));
    expect(world.datafold.paths).toHaveLength(1);
  });

  it.each(['created', 'queued', 'checking', 'learning', 'paused'])("isn't one that may go on: %s", async (state) => {
    const world = await createKeepingWorld();
    world.datafold.on(datafoldPath, inState(state));
    await requestFor(world, datafoldKey);
    world.datafold.on(datafoldPath, inState('ok'));

    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [{ state: 'OK' }] } });
  });

  it('is requested again when its entry has expired', async () => {
    holdDate('2026-11-22T12:00:00Z');
    const world = await createKeepingWorld({ limits: { runCacheTtlMs: 60_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await requestFor(world, datafoldKey);

    vi.setSystemTime(new Date('2026-11-22T12:00:59.999Z'));
    expect(await requestFor(world, datafoldKey)).toMatchObject({
      data: { monitorRuns: [{ readAt: '2026-11-22T12:00:00.000Z' }] },
    });
    expect(world.datafold.paths).toHaveLength(1);

    vi.setSystemTime(new Date('2026-11-22T12:01:00Z'));
    expect(await requestFor(world, datafoldKey)).toMatchObject({
      data: { monitorRuns: [{ readAt: '2026-11-22T12:01:00.000Z' }] },
    });
    expect(world.datafold.paths).toHaveLength(2);
  });

  it.each([
    ['warnings', {}],
    ['error', {}],
    ['diff_id', {}],
    ['started_at', {}],
    ['started_at', '2026-02-30T00:00:00Z'],
  ])('is cached for only ten seconds when a field is not as documented: %s %j', async (name, value) => {
    holdDate('2026-11-22T12:00:00Z');
    const world = await createKeepingWorld();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, [name]: value } });
    expect((await requestFor(world, datafoldKey)).errors).toHaveLength(1);

    world.datafold.on(datafoldPath, { body: datafoldBody });
    vi.setSystemTime(new Date('2026-11-22T12:00:09Z'));
    expect((await requestFor(world, datafoldKey)).errors).toHaveLength(1);
    vi.setSystemTime(new Date('2026-11-22T12:00:11Z'));
    expect((await requestFor(world, datafoldKey)).errors).toBeUndefined();
    expect(world.datafold.paths).toHaveLength(2);
  });

  it('is cached as it came, digit for digit, however large', async () => {
    const world = await createKeepingWorld();
    const diff_id = JSON.rawJSON('9007199254740993123');
    const warnings = Array.from({ length: 400 }, (_, place) => `${place} ü "\\ `.repeat(10));
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, diff_id, warnings } });

    await requestFor(world, datafoldKey);

    expect(await requestFor(world, datafoldKey)).toMatchObject({
      data: { monitorRuns: [{ diffId: '9007199254740993123', warnings }] },
    });
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('is not cached when it is larger than the limit', async () => {
    const world = await createKeepingWorld({ limits: { runCacheMaxEntryBytes: 10_000 } });
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: 'x'.repeat(10_000) } });

    for (let time = 1; time <= 2; time++) await requestFor(world, datafoldKey);

    expect(world.datafold.paths).toHaveLength(2);
  });

  it('is evicted for others in the end, least recently used first', async () => {
    const world = await createKeepingWorld({ limits: { runCacheMaxBytes: 20_000 } });
    world.datafold.onAny((request, response) => {
      const run_id = Number(request.url?.split('/').at(-1));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...datafoldBody, run_id, error: 'x'.repeat(1_000) }));
    });
    await requestFor(world, datafoldKey);

    for (let runId = 100; runId < 200; runId++) {
      await requestFor(world, anyDatafoldRun(runId).key, datafoldKey);
    }
    expect(world.datafold.paths).toHaveLength(101);

    await requestFor(world, anyDatafoldRun(100).key);
    expect(world.datafold.paths).toHaveLength(102);
    await requestFor(world, anyDatafoldRun(199).key);
    expect(world.datafold.paths).toHaveLength(102);
  });

  it('is requested each time without a run cache', async () => {
    const world = await createKeepingWorld({ runCache: false });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    for (let time = 1; time <= 2; time++) await requestFor(world, datafoldKey);

    expect(world.datafold.paths).toHaveLength(2);
  });

  it('is cached in a custom store, by credential and ids', async () => {
    const copies = new Map();
    const world = await createKeepingWorld({
      runCache: {
        read: async (names) => names.map((name) => copies.get(name)),
        write: (name, copy) => void copies.set(name, copy),
        drop: (names) => names.forEach((name) => void copies.delete(name)),
        forget() {},
        async close() {},
      },
    });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    expect(await requestFor(world, datafoldKey)).toEqual(await requestFor(world, datafoldKey));
    expect(world.datafold.paths).toHaveLength(1);
    expect([...copies.keys()]).toEqual([expect.stringMatching(/^[\w+/]{43}=\/2\/DATAFOLD\/run\/7\/42$/)]);
  });

  it('is cached in a store that is closed with the gateway', async () => {
    const close = vi.fn(async () => {});
    const runCache = { read: () => [], write() {}, drop() {}, forget() {}, close };

    await createGateway({ providers: { DATAFOLD: { apiKey: 'key' } }, runCache }).close();

    expect(close).toHaveBeenCalledOnce();
  });

  it('is requested, when a custom store fails or has nonsense', async () => {
    const found = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42', state: 'OK' }] } };
    const bytes = Buffer.from(JSON.stringify(datafoldBody));
    const nonsense = { bytes: Buffer.from('{"state":'), readAt: 0, freshUntil: Number.MAX_SAFE_INTEGER };
    const away = new Error('away');
    for (const read of [
      () => [nonsense],
      () => [null],
      () => [7, 'text'],
      () => [{ bytes: 'text', readAt: Date.now(), freshUntil: Infinity }],
      () => [{ bytes, readAt: Number.NaN, freshUntil: Infinity }],
      () => [{ bytes, readAt: Infinity, freshUntil: Infinity }],
      () => [{ bytes, readAt: 0, freshUntil: Number.NaN }],
      () => null,
      () => ({}),
      () => {
        throw away;
      },
    ] as unknown as (() => StoredEntries)[]) {
      for (const reading of [read, async () => read()]) {
        const world = await createKeepingWorld({
          runCache: { read: reading, write() {}, drop() {}, forget() {}, async close() {} },
        });
        world.datafold.on(datafoldPath, { body: datafoldBody });

        expect(await requestFor(world, datafoldKey)).toMatchObject(found);
        expect(world.datafold.paths).toHaveLength(1);
      }
    }
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'at once',
      () => {
        throw new Error('canary');
      },
    ],
    ['later', () => Promise.reject(new Error('canary'))],
  ])("is answered when a store of one's own takes nothing, and fails %s; it is logged once", async (_name, fail) => {
    const world = await createKeepingWorld({
      runCache: { read: fail, write: fail, drop: fail, forget: fail, async close() {} },
    });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    for (const status of [404, 403, 401]) world.datafold.on(anyDatafoldRun(status).path, { status });

    const keys = [datafoldKey, ...[404, 403, 401].map((runId) => anyDatafoldRun(runId).key)];
    expect(await requestFor(world, ...keys)).toMatchObject({
      data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }, null, null, null] },
      errors: [{ extensions: { code: 'FORBIDDEN' } }, { extensions: { code: 'UPSTREAM_AUTH_FAILED' } }],
    });

    expect(world.lines.filter(({ message }) => message === 'run cache store failing')).toEqual([
      { level: 'warn', message: 'run cache store failing', reason: 'Error' },
    ]);
  });
});

describe('run cache: a row of a list', () => {
  const execute = (world: World, fields: string) =>
    world.execute(`{ monitor(key: { provider: DATAFOLD, monitorId: "7" }) { ${fields} } }`);
  const aliases = Array.from({ length: 20 }, (_, place) => `a${place}: runs { nodes { runId phase } }`);
  const phaseOf = (runId: number) => ({ runId: `${runId}`, phase: 'FINISHED' });

  /** Has Datafold answer every list with these rows, as JSON. */
  const serveRows = ({ onAny }: FakeUpstream, ...rows: readonly string[]) =>
    onAny({ body: `{"count":${rows.length},"page":1,"page_size":100,"total_pages":1,"runs":[${rows}]}` });
  const rowOf = (runId: number, more: string) =>
    `${JSON.stringify(toDatafoldRow(anyDatafoldRun(runId).body)).slice(0, -1)},"more":${more}}`;

  it('that cannot be written, as a part that no client selects is nested without end, is not cached, and costs no response', async () => {
    const world = await createListingWorld({ runCache: true });
    const levels = 20_000;
    serveRows(world.datafold, rowOf(1, '['.repeat(levels) + ']'.repeat(levels)), rowOf(2, '0'));

    expect(await execute(world, 'runs { nodes { runId phase } }')).toEqual({
      data: { monitor: { runs: { nodes: [phaseOf(1), phaseOf(2)] } } },
    });
  });

  it('is cached once a request, however many fields lead to it', async () => {
    const names: string[] = [];
    const write = (name: string) => void names.push(name.slice(name.indexOf('=') + 1));
    const world = await createListingWorld({
      runCache: { read: (wanted) => wanted.map(() => undefined), write, drop() {}, forget() {}, async close() {} },
    });
    serveRows(world.datafold, rowOf(1, '0'), rowOf(2, '0'));

    const { errors } = await execute(world, aliases.join(' '));

    expect(errors).toBeUndefined();
    expect(names).toEqual(['/2/DATAFOLD/row/7/1', '/2/DATAFOLD/row/7/2']);
  });
});

describe('run cache: nothing is cached', () => {
  it.each([
    ['of a run that is not there', { status: 404 }],
    ['of a run that is gone', { status: 410 }],
    ['of one that may not be seen', { status: 403 }],
    ['of credentials that are refused', { status: 401 }],
    ['of a failure', { status: 500 }],
    ['of an answer that is no JSON', { body: 'Bad Gateway' }],
    ['of an answer that is another run', { body: { ...datafoldBody, run_id: 43 } }],
  ])('%s', async (_name, reply) => {
    holdDice(0);
    const world = await createKeepingWorld();
    world.datafold.on(datafoldPath, reply);
    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [null] } });

    world.datafold.on(datafoldPath, { body: datafoldBody });
    expect(await requestFor(world, datafoldKey)).toMatchObject({ data: { monitorRuns: [{ state: 'OK' }] } });
  });
});

describe('run cache: an entry belongs to the credential that fetched it:', () => {
  const asTenant = (key: string) => ({
    headers: { 'content-type': 'application/json', 'x-datafold-api-key': key },
  });

  it('callers with their own keys get none of each other, for the same ids', async () => {
    const world = await createKeepingWorld({ credentials: 'forwarded', coalesceCalls: true });
    world.datafold.onAny(({ url, headers }, response) => {
      const run_id = Number(url?.split('/').at(-1));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...datafoldBody, run_id, error: `for ${headers.authorization}` }));
    });
    const keys = [1, 2, 3, 4, 5].map((runId) => anyDatafoldRun(runId).key);
    const tenants = Array.from({ length: 20 }, (_, place) => `tenant-${place}`);
    const errorsFor = async (tenant: string) => {
      const { data } = await world.execute(query, { keys }, asTenant(tenant));
      return data.monitorRuns.map(({ error }: { error: string }) => error);
    };

    for (let time = 1; time <= 3; time++) {
      const errors = await Promise.all(tenants.map(errorsFor));
      expect(errors).toEqual(tenants.map((tenant) => keys.map(() => `for Key ${tenant}`)));
    }
    expect(world.datafold.paths).toHaveLength(100);
  });

  it('of 10,000 pairs of names there is none that is the same', () => {
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(Math.random() * items.length)] as Item;
    // Few signs, and those that hold names together: whatever can be mistaken is among them.
    const text = (signs: string) =>
      Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => pick([...signs])).join('');
    const item = () => {
      const provider = pick(['DATAFOLD', 'OLOSTEP'] as const);
      const [monitorId, runId] =
        provider === 'DATAFOLD' ? [text('12'), text('12')] : [`monitor_${text('1_-')}`, `run_${text('1_-')}`];
      return {
        authorization: `Key ${text('a/:=')}`,
        baseUrl: `https://${text('a:/')}`,
        key: { provider, account: 'default', monitorId, runId },
        kind: pick(['run', 'row'] as const),
      };
    };
    const nameOf = ({ authorization, baseUrl, key, kind }: ReturnType<typeof item>) =>
      toRunName(toCredential(authorization, 'caller', baseUrl), key, kind);

    let pairs = 0;
    while (pairs < 10_000) {
      const [one, other] = [item(), item()];
      if (JSON.stringify(one) === JSON.stringify(other)) continue;
      pairs++;
      if (nameOf(one) === nameOf(other)) throw new Error(`${JSON.stringify([one, other])} share a name`);
    }
  });
});

describe('run cache: a key that its provider does not accept', () => {
  const asTenant = (key: string) => ({ headers: { 'content-type': 'application/json', 'x-datafold-api-key': key } });
  const other = anyDatafoldRun(43);

  /** A world that has an entry of the run for two tenants. */
  async function createTenantsWorld() {
    const world = await createKeepingWorld({ credentials: 'forwarded' });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    for (const tenant of ['a', 'b']) await world.execute(query, { keys: [datafoldKey] }, asTenant(tenant));
    return world;
  }
  const hasCopy = async (world: World, tenant: string) => {
    const calls = world.datafold.paths.length;
    await world.execute(query, { keys: [datafoldKey] }, asTenant(tenant));
    return world.datafold.paths.length === calls;
  };

  it.each([
    ['a run', other.path, '{ datafoldRun(monitorId: 7, runId: 43) { error } }'],
    ['a monitor', '/api/v1/monitors/7', '{ monitor(key: { provider: DATAFOLD, monitorId: 7 }) { name } }'],
  ])('has no entries any more, and those of others stay: 401 for %s', async (_name, path, refused) => {
    const world = await createTenantsWorld();
    world.datafold.on(path, { status: 401 });
    expect(await world.execute(refused, {}, asTenant('a'))).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });

    expect(await hasCopy(world, 'b')).toBe(true);
    expect(await hasCopy(world, 'a')).toBe(false);
    // What is accepted again is cached again.
    expect(await hasCopy(world, 'a')).toBe(true);
  });

  it('has entries when only one run is forbidden', async () => {
    const world = await createTenantsWorld();
    world.datafold.on(other.path, { status: 403 });

    await world.execute(query, { keys: [other.key] }, asTenant('a'));

    expect(await hasCopy(world, 'a')).toBe(true);
  });

  it('has none in the same request either, to replace another run', async () => {
    holdDice(0);
    holdDate('2026-11-22T12:00:00Z');
    const world = await createKeepingWorld({ limits: { runCacheTtlMs: 60_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    await requestFor(world, datafoldKey);
    vi.setSystemTime(new Date('2026-11-22T13:00:00Z'));
    world.datafold.on(other.path, { status: 401 });
    world.datafold.on(datafoldPath, async (_request, response) => {
      await until(() => world.lines.some(({ code }) => code === 'UPSTREAM_AUTH_FAILED'));
      response.writeHead(503).end();
    });

    const answer = await world.execute(
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys, allowStale: true) { error: id } }',
      { keys: [other.key, datafoldKey] },
    );

    expect(answer).toMatchObject({ data: { monitorRuns: [null, null] } });
  });
});

describe('run cache: with allowStale, while a provider is down', () => {
  const stale = `query ($keys: [MonitorRunKey!]!, $allowStale: Boolean! = true) {
    monitorRuns(keys: $keys, allowStale: $allowStale) { id readAt isStale ... on DatafoldRun { state error } }
  }`;
  const one = `query ($key: MonitorRunKey!) { monitorRun(key: $key, allowStale: true) { isStale phase } }`;
  const readAt = '2026-11-22T12:00:00.000Z';

  /** A world that has an entry of a run, which isn't fresh any more. */
  async function createWorldWithCopy({ state = 'ok', ...config }: Partial<GatewayConfig> & { state?: string } = {}) {
    holdDice(0);
    holdDate(readAt);
    const { limits, ...rest } = config;
    const world = await createKeepingWorld({ ...rest, limits: { runCacheTtlMs: 60_000, ...limits } });
    world.datafold.on(datafoldPath, inState(state));
    await requestFor(world, datafoldKey);
    vi.setSystemTime(new Date('2026-11-22T13:00:00Z'));
    return world;
  }
  const failed = (code: string) => ({
    data: { monitorRuns: [null] },
    errors: [expect.objectContaining({ extensions: expect.objectContaining({ code }) })],
  });
  const copy = (state = 'OK') => ({
    data: { monitorRuns: [{ id: 'DATAFOLD:7:42', readAt, isStale: true, state, error: null }] },
  });

  it('a cached run is shown, marked, with the time at which it was read', async () => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status: 503 });

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(copy());
    expect(await world.execute(one, { key: datafoldKey })).toEqual({
      data: { monitorRun: { isStale: true, phase: 'FINISHED' } },
    });
  });

  it.each([
    ['checking', 'CHECKING'],
    ['learning', 'LEARNING'],
    ['paused', 'UNKNOWN'],
  ])('one of a run that had not ended does too: %s', async (word, state) => {
    const world = await createWorldWithCopy({ state: word });
    world.datafold.on(datafoldPath, { status: 500 });

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(copy(state));
  });

  it('none is shown without allowStale', async () => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status: 503 });

    const answer = await world.execute(stale, { keys: [datafoldKey], allowStale: false });

    expect(answer).toEqual(failed('UPSTREAM_UNAVAILABLE'));
  });

  it('a field beside it without allowStale gets the error, in the same request', async () => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status: 503 });

    const answer = await world.execute(
      `query ($key: MonitorRunKey!) {
        with: monitorRun(key: $key, allowStale: true) { isStale }
        without: monitorRun(key: $key) { isStale }
      }`,
      { key: datafoldKey },
    );

    expect(answer).toMatchObject({
      data: { with: { isStale: true }, without: null },
      errors: [{ path: ['without'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
  });

  it('a run without an entry is the error that it is', async () => {
    const world = await createWorldWithCopy();
    world.datafold.onAny({ status: 503 });
    world.datafold.on(datafoldPath, { status: 503 });

    const answer = await world.execute(stale, { keys: [anyDatafoldRun(43).key, datafoldKey] });

    expect(answer).toMatchObject({
      data: { monitorRuns: [null, { isStale: true }] },
      errors: [{ path: ['monitorRuns', 0], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
  });

  it('a cached run replaces a response that takes too long', async () => {
    const world = await createWorldWithCopy({
      limits: { upstreamMinAttemptMs: 10, upstreamAttemptTimeoutMs: 50, operationTimeoutMs: 100 },
    });
    world.datafold.on(datafoldPath, silence);

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(copy());
  });

  it.each([408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 511, 520, 522, 524, 527, 530, 599])(
    'a cached run replaces a transient failure: %i',
    async (status) => {
      // A 429 is retried until the deadline.
      const world = await createWorldWithCopy({ limits: { operationTimeoutMs: status === 429 ? 1_000 : 15_000 } });
      world.datafold.on(datafoldPath, { status });

      expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(copy());
    },
  );

  it('a cached run is shown while the circuit breaker is open, without a call', async () => {
    const world = await createWorldWithCopy({ limits: { breakerMinCalls: 1, maxAttempts: 1 } });
    world.datafold.on(datafoldPath, { status: 503 });
    while (!world.lines.some(({ state }) => state === 'open')) await requestFor(world, datafoldKey);
    const calls = world.datafold.paths.length;

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(copy());
    expect(world.datafold.paths).toHaveLength(calls);
  });

  it('an entry that is fresh still is no stale one', async () => {
    const world = await createWorldWithCopy({ limits: { runCacheTtlMs: 86_400_000 } });
    world.datafold.on(datafoldPath, { status: 503 });

    expect(await world.execute(stale, { keys: [datafoldKey] })).toMatchObject({
      data: { monitorRuns: [{ isStale: false }] },
    });
  });

  it('a cached run that is too old is not shown', async () => {
    const world = await createWorldWithCopy({ limits: { runCacheStaleIfErrorMs: 3_600_000 } });
    world.datafold.on(datafoldPath, { status: 503 });

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(failed('UPSTREAM_UNAVAILABLE'));
  });

  it.each([
    [401, 'UPSTREAM_AUTH_FAILED'],
    [403, 'FORBIDDEN'],
    [402, 'QUOTA_EXCEEDED'],
    [422, 'BAD_USER_INPUT'],
    [418, 'UPSTREAM_BAD_RESPONSE'],
  ])('a cached run does not replace %s: %s', async (status, code) => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status });

    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(failed(code));
  });

  it('a run that is gone is null, and does not come back', async () => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status: 404 });
    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual({ data: { monitorRuns: [null] } });

    world.datafold.on(datafoldPath, { status: 503 });
    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(failed('UPSTREAM_UNAVAILABLE'));
  });

  it.each([401, 403])('a run that was refused with %i does not come back', async (status) => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status });
    await world.execute(stale, { keys: [datafoldKey] });

    world.datafold.on(datafoldPath, { status: 503 });
    expect(await world.execute(stale, { keys: [datafoldKey] })).toEqual(failed('UPSTREAM_UNAVAILABLE'));
  });

  it("the next answer is the provider's own, once it is back", async () => {
    const world = await createWorldWithCopy();
    world.datafold.on(datafoldPath, { status: 503 });
    await world.execute(stale, { keys: [datafoldKey] });

    world.datafold.on(datafoldPath, inState('alert'));
    expect(await world.execute(stale, { keys: [datafoldKey] })).toMatchObject({
      data: { monitorRuns: [{ isStale: false, state: 'ALERT', readAt: '2026-11-22T13:00:00.000Z' }] },
    });
  });
});
