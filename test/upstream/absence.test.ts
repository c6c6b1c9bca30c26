/** `null` only when the provider says so: a 404 counts once it is known that it is the provider that says it. */
import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { VerifiedCredentials } from '../../src/upstream/credential.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepMonitorPath,
  olostepPath,
} from '../support/bodies.ts';
import { holdClock, holdDice, until } from '../support/clock.ts';
import { type Handler, type Reply, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const datafoldList = '/api/v1/monitors?page=1&page_size=1&order_by=id&sort_order=asc';
const datafoldEmpty = { body: { count: 0, page: 1, page_size: 1, total_pages: 0, monitors: [] } };
const olostepList = '/v1/monitors';
const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const none = { data: { monitorRuns: [null] } };
const failed = (code: string, facts: object = {}) => ({
  data: { monitorRuns: [null] },
  errors: [{ path: ['monitorRuns', 0], extensions: { code, ...facts } }],
});
const isNotThere = failed('UPSTREAM_BAD_RESPONSE', { upstreamStatus: 404, retryable: false });
const execute = (world: World, init?: RequestInit) => world.execute(query, { keys: [datafoldKey] }, init);
const callsOf = ({ datafold }: World, path: string) => datafold.paths.filter((one) => one === path).length;

/** A world in which no run is there, and the list of monitors is what it is said to be. */
async function createEmptyWorld(list: Reply | Handler = datafoldEmpty, config: Partial<GatewayConfig> = {}) {
  holdDice(0);
  const world = await createWorld(config);
  world.datafold.on(datafoldList, list);
  return world;
}

describe('absence: a 404 of a base URL and a credential that have answered nothing yet', () => {
  it.each([404, 410])(
    'is absence once the list of monitors is there, and so are those that follow: %i',
    async (status) => {
      const world = await createEmptyWorld();
      world.datafold.onAny({ status, body: { detail: 'Not Found' } });

      const response = await world.post(JSON.stringify({ query, variables: { keys: [datafoldKey] } }));
      expect(await response.json()).toEqual(none);
      expect(response.headers.get('x-upstream-calls')).toBe('2');
      expect(world.datafold.paths).toEqual([datafoldPath, datafoldList]);

      expect(await execute(world)).toEqual(none);
      expect(world.datafold.paths).toEqual([datafoldPath, datafoldList, datafoldPath]);
      expect(world.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    },
  );

  it("is absence of Olostep's, too, by its own list", async () => {
    const world = await createWorld();
    world.olostep.on(olostepList, { body: { monitors: [], count: 0 } });

    expect(await world.execute(query, { keys: [olostepKey] })).toEqual(none);
    expect(world.olostep.paths).toEqual([olostepPath, olostepList]);
  });

  it('is none where the list of monitors is not there either, and the log says so', async () => {
    const world = await createEmptyWorld({ status: 404, body: { message: 'no such path: canary' } });

    expect(await execute(world)).toMatchObject(isNotThere);

    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual(
      [datafoldList, datafoldPath].map((path) =>
        expect.objectContaining({
          ...{ message: 'upstream call failed', path, reason: 'unknown_route', code: 'UPSTREAM_BAD_RESPONSE' },
          ...{ upstreamStatus: 404, contentType: 'application/json' },
        }),
      ),
    );
    expect(JSON.stringify(world.lines)).not.toContain('canary');
  });

  it('requests the list once in five seconds, as long as that is not there', async () => {
    const world = await createEmptyWorld({ status: 404, body: {} });
    const clock = holdClock();
    for (let time = 1; time <= 3; time++) expect(await execute(world)).toMatchObject(isNotThere);
    expect(callsOf(world, datafoldList)).toBe(1);

    await clock.pass(5_000);
    world.datafold.on(datafoldList, datafoldEmpty);
    expect(await execute(world)).toEqual(none);
    expect(callsOf(world, datafoldList)).toBe(2);
  });

  it.each(['/api', '/proxy', '/datafold/v2'])('is none at a base URL that leads elsewhere: %s', async (path) => {
    const elsewhere = await startFakeUpstream();
    const world = await createWorld({
      providers: { DATAFOLD: { apiKey: 'some-key', baseUrl: elsewhere.baseUrl + path } },
    });
    elsewhere.on(datafoldList, datafoldEmpty);
    elsewhere.on(datafoldPath, { body: datafoldBody });

    expect(await execute(world)).toMatchObject(isNotThere);
    elsewhere.close();
  });

  it('is absence of a monitor as of a run, and of what a monitor has', async () => {
    const world = await createEmptyWorld();
    const ofMonitor = (selection: string) =>
      `{ monitor(key: { provider: DATAFOLD, monitorId: "7" }) { ${selection} } }`;

    expect(await world.execute(ofMonitor('name'))).toEqual({ data: { monitor: null } });
    expect(await world.execute(ofMonitor('runs { nodes { id } }'))).toEqual({ data: { monitor: null } });
    expect(callsOf(world, datafoldList)).toBe(1);
  });

  it('is an error where it is the list of monitors itself', async () => {
    const world = await createWorld();

    const { data, errors } = await world.execute('{ monitorList(provider: OLOSTEP) { totalCount } }');

    expect(data).toEqual({ monitorList: null });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 404 } }]);
    expect(world.olostep.paths).toEqual([olostepList]);
  });
});

describe('absence: the list of monitors is not requested', () => {
  it('once anything has been answered', async () => {
    const world = await createEmptyWorld();
    const { key, path, body } = anyDatafoldRun(1);
    world.datafold.on(path, { body });
    await world.execute(query, { keys: [key] });

    expect(await execute(world)).toEqual(none);
    expect(world.datafold.paths).toEqual([path, datafoldPath]);
  });

  it.each<[string, Reply]>([
    ['a page of HTML', { headers: { 'content-type': 'text/html' }, body: '<h1>' }],
    ['another run', { body: { ...datafoldBody, run_id: 44 } }],
    ['a list', { body: '[]' }],
    ['a redirect', { status: 302 }],
  ])('but anything else than a valid answer is none: %s', async (_name, reply) => {
    const world = await createEmptyWorld({ status: 404, body: {} }, { limits: { maxAttempts: 1 } });
    const { key, path } = anyDatafoldRun(1);
    world.datafold.on(path, reply);
    await world.execute(query, { keys: [key] });

    expect(await execute(world)).toMatchObject(isNotThere);
  });

  it('more than once for concurrent 404s, also when calls are not coalesced', async () => {
    const release: (() => void)[] = [];
    const world = await createEmptyWorld((_request, response) => {
      response.setHeader('content-type', 'application/json');
      release.push(() => response.end(JSON.stringify(datafoldEmpty.body)));
    });
    const keys = Array.from({ length: 30 }, (_, place) => anyDatafoldRun(place).key);

    const requested = [1, 2, 3].map(() => world.execute(query, { keys }));
    await world.datafold.arrived(91);
    await until(() => release.length > 0);
    for (const end of release) end();

    for (const answer of await Promise.all(requested))
      expect(answer).toEqual({ data: { monitorRuns: keys.map(() => null) } });
    expect(callsOf(world, datafoldList)).toBe(1);
  });

  it('of one caller for another: each key is verified separately', async () => {
    const world = await createEmptyWorld(
      ({ headers }, response) => {
        const isKnown = headers.authorization === 'Key known';
        response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
      },
      { credentials: 'forwarded' },
    );
    const asCaller = (key: string) => ({ headers: { 'content-type': 'application/json', 'x-datafold-api-key': key } });

    expect(await execute(world, asCaller('known'))).toEqual(none);
    expect(await execute(world, asCaller('unknown'))).toMatchObject(isNotThere);
    expect(await execute(world, asCaller('known'))).toEqual(none);
    expect(callsOf(world, datafoldList)).toBe(2);
  });

  it('again, unless the key is refused in between', async () => {
    const world = await createEmptyWorld();
    expect(await execute(world)).toEqual(none);

    world.datafold.on(datafoldPath, { status: 401 });
    await execute(world);
    world.datafold.on(datafoldPath, { status: 404 });
    expect(await execute(world)).toEqual(none);
    expect(callsOf(world, datafoldList)).toBe(2);
  });
});

describe('absence: where the list of monitors fails, a 404 is', () => {
  it.each<[string, Reply | Handler, string, object]>([
    ['as good as the list, which is not available', { status: 503 }, 'UPSTREAM_UNAVAILABLE', { retryable: true }],
    ['no absence for a key that is not accepted', { status: 401 }, 'UPSTREAM_AUTH_FAILED', { upstreamStatus: 401 }],
    ['to be called later', { status: 429, headers: { 'retry-after': '30' } }, 'RATE_LIMITED', { retryable: true }],
    ['no absence where lists are forbidden', { status: 403 }, 'UPSTREAM_BAD_RESPONSE', { upstreamStatus: 404 }],
    ['no absence where the list is HTML', { body: '<h1>' }, 'UPSTREAM_BAD_RESPONSE', { upstreamStatus: 404 }],
    [
      'no absence where the list is not found',
      { status: 404, body: '' },
      'UPSTREAM_BAD_RESPONSE',
      { upstreamStatus: 404 },
    ],
    ['no absence where the list is refused', { status: 422 }, 'UPSTREAM_BAD_RESPONSE', { upstreamStatus: 404 }],
  ])('%s', async (_name, list, code, facts) => {
    const world = await createEmptyWorld(list, { limits: { maxAttempts: 1 } });

    expect(await execute(world)).toMatchObject(failed(code, facts));
    expect(callsOf(world, datafoldList)).toBe(1);
  });

  it('absence all the same, if anything else has been answered by then', async () => {
    let fail = () => {};
    const world = await createEmptyWorld(
      (_request, response) => {
        fail = () => response.writeHead(500).end();
      },
      { limits: { maxAttempts: 1 } },
    );
    const { key, path, body } = anyDatafoldRun(1);
    world.datafold.on(path, { body });

    const requested = execute(world);
    await world.datafold.arrived(2);
    await world.execute(query, { keys: [key] });
    fail();

    expect(await requested).toEqual(none);
  });

  it('late by the deadline of the operation, which both calls share', async () => {
    const world = await createEmptyWorld(silence, {
      limits: { operationTimeoutMs: 2_000, upstreamAttemptTimeoutMs: 2_000 },
    });
    const clock = holdClock();
    const requested = execute(world);
    await world.datafold.arrived(2);

    await clock.pass(2_000);

    expect(await requested).toMatchObject(failed('UPSTREAM_TIMEOUT', { retryable: true }));
    await world.datafold.deserted(1);
  });

  it('of no interest once the client has disconnected, and the list is not waited for', async () => {
    const world = await createEmptyWorld(silence);
    const controller = new AbortController();
    const requested = execute(world, { signal: controller.signal });
    await world.datafold.arrived(2);

    controller.abort();

    await expect(requested).rejects.toThrow('aborted');
    await world.datafold.deserted(1);
  });

  it('a call less that the operation may make, as the list is one', async () => {
    const world = await createEmptyWorld(datafoldEmpty, { limits: { maxUpstreamCalls: 3 } });
    world.olostep.on(`${olostepMonitorPath}?include_total_count=false`, async (_request, response) => {
      await world.datafold.arrived(2);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(olostepMonitorBody));
    });
    world.olostep.on(olostepPath, { body: olostepBody });

    const { data, errors } = await world.execute(`{
      datafoldRun(monitorId: 7, runId: 42) { id }
      monitor(key: { provider: OLOSTEP, monitorId: "${olostepKey.monitorId}" }) {
        ... on OlostepMonitor { lastRun { run { logGroup } } }
      }
    }`);

    expect(data).toEqual({ datafoldRun: null, monitor: { lastRun: { run: null } } });
    expect(errors).toMatchObject([
      { path: ['monitor', 'lastRun', 'run'], extensions: { code: 'OPERATION_TOO_COSTLY' } },
    ]);
    expect(world.datafold.paths).toEqual([datafoldPath, datafoldList]);
  });
});

it('absence: Credentials that are verified are remembered up to a number, those that were used last', () => {
  const verified = new VerifiedCredentials(2);
  for (const digest of ['a', 'b', 'a', 'c']) verified.add(digest);
  expect(['a', 'b', 'c'].map((digest) => verified.has(digest))).toEqual([true, false, true]);

  verified.delete('c');
  expect(['a', 'b', 'c'].map((digest) => verified.has(digest))).toEqual([true, false, false]);

  for (const digest of ['x', 'y', 'x', 'z']) verified.refute(digest);
  expect(['x', 'y', 'z'].map((digest) => verified.isRefuted(digest))).toEqual([true, false, true]);
  verified.add('x');
  expect(verified.isRefuted('x')).toBe(false);
});
