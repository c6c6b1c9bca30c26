/** A response that isn't as documented leaves a warning, with its status and content type: once, however much of it is bad. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepPath,
} from '../support/bodies.ts';
import { type Reply, startFakeUpstream } from '../support/fake-upstream.ts';
import { createListingWorld, createWorld, keys, type World } from '../support/world.ts';

const warnings = ({ lines }: World) => lines.filter(({ level, message }) => level === 'warn' && message !== 'request');
const part = 'part of an upstream response is not as documented';

describe('bad responses: a response that is bad as a whole', () => {
  const json = { 'content-type': 'application/json' };

  it.each<[name: string, reply: Reply, contentType: string]>([
    ['a page that is not there', { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } }, 'text/html'],
    ['a page of HTML', { headers: { 'content-type': 'Text/HTML' }, body: '<h1>Sign in</h1>' }, 'text/html'],
    ['HTML as JSON', { headers: json, body: '<h1>' }, 'application/json'],
    ['a redirect', { status: 302, headers: { 'content-type': 'text/plain' } }, 'text/plain'],
    ['a status of no use', { status: 409, headers: json }, 'application/json'],
    ['two types', { headers: { 'content-type': ['application/json', 'text/html'] } }, 'application/json, text/html'],
    ['an unknown type', { headers: { 'content-type': 'application/x-canary' } }, 'other'],
    ['a type that repeats the key', { headers: { 'content-type': `text/${keys.datafold}` } }, 'other'],
    ['another run', { headers: json, body: { ...datafoldBody, run_id: 43 } }, 'application/json'],
  ])('is logged with its status and content type: %s', async (_name, reply, contentType) => {
    const world = await createWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, reply);

    const { errors } = await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { state } }');

    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }]);
    const { status: upstreamStatus = 200 } = reply;
    expect(warnings(world)).toEqual([
      expect.objectContaining({ upstreamStatus, contentType, path: datafoldPath, code: 'UPSTREAM_BAD_RESPONSE' }),
    ]);
    expect(JSON.stringify(world.lines)).not.toContain('canary');
  });

  it('without a content type is logged as such', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, (_request, response) => void response.end('canary'));

    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { state } }');

    expect(warnings(world)).toEqual([expect.objectContaining({ upstreamStatus: 200, contentType: 'none' })]);
  });

  it('is logged by the last attempt: of one that got no response there is no status', async () => {
    const world = await createWorld({ limits: { maxAttempts: 2, retryBaseDelayMs: 1 } });
    let attempts = 0;
    world.datafold.on(datafoldPath, ({ socket }, response) => {
      if (++attempts === 1) response.end('<h1>');
      else socket.resetAndDestroy();
    });

    await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { state } }');

    const [line, ...others] = warnings(world);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', attempts: 2 });
    expect(line).not.toHaveProperty('upstreamStatus');
  });

  it('about another run is marked for those who look after security, and counted', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, run_id: 43 } });

    for (let time = 1; time <= 3; time++) await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { state } }');

    expect(warnings(world).map(({ reason, security, mismatches }) => [reason, security, mismatches])).toEqual([
      ['id_mismatch', true, 1],
      ['id_mismatch', true, 2],
      ['id_mismatch', true, 3],
    ]);
  });
});

describe('bad responses: a response of which a part is bad', () => {
  const events = Array.from({ length: 1_000 }, (_, place) => ({ ...olostepBody.events[0], id: place, ts: 'canary' }));
  const query = `{ olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") {
    logGroup a: events(first: 1000) { nodes { id timestamp } }
  } }`;

  it.each([
    ['the fast path', {}],
    ['the way of Yoga', { 'content-type': 'application/graphql+json' }],
  ])('leaves one line for each field of it, not for each item, on %s', async (_name, headers) => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: { ...olostepBody, log_group: 7, events } });

    await (
      await world.post(JSON.stringify({ query }), { headers: { 'content-type': 'application/json', ...headers } })
    ).text();

    const requestId = world.lines.find(({ message }) => message === 'request')?.requestId;
    const line = {
      requestId,
      provider: 'OLOSTEP',
      account: 'default',
      upstreamStatus: 200,
      contentType: 'application/json',
    };
    expect(warnings(world).map(({ count, field, ...rest }) => ({ field, ...rest }))).toEqual(
      ['olostepRun.logGroup', 'olostepRun.a.nodes.id', 'olostepRun.a.nodes.timestamp'].map((field) => {
        return { ...line, level: 'warn', message: part, field, code: 'UPSTREAM_BAD_RESPONSE' };
      }),
    );
    // As many as are shown.
    const counts = warnings(world).map(({ count }) => Number(count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(999);
    expect(JSON.stringify(world.lines)).not.toContain('canary');
  });

  it('leaves one in an incremental response as well', async () => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: { ...olostepBody, log_group: 7 } });
    const deferred = query.replace('logGroup', '... @defer { logGroup }').replace(/a: events.*/, 'id');

    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed' };
    await (await world.post(JSON.stringify({ query: deferred }), { headers })).text();

    expect(warnings(world)).toEqual([
      expect.objectContaining({ message: part, field: 'olostepRun.logGroup', count: 1 }),
    ]);
  });

  it('leaves at most the log lines of a request, and one that counts the others', async () => {
    const world = await createWorld({ limits: { maxLogLines: 20 } });
    world.olostep.on(olostepPath, { body: { ...olostepBody, log_group: 7 } });
    const aliases = Array.from({ length: 45 }, (_, place) => `a${place}: logGroup`).join(' ');

    await world.execute(query.replace('logGroup', aliases).replace(/a: events.*/, ''));

    expect(warnings(world)).toHaveLength(21);
    expect(warnings(world).at(-1)).toMatchObject({ message: 'more log lines of the request omitted', omitted: 25 });
  });

  it('leaves one where it is a gap of the feed, or where it is read for nothing', async () => {
    const world = await createListingWorld();
    world.olostep.onAny({ body: { monitors: [{ ...olostepMonitorBody, last_run: undefined }], count: 1 } });
    world.olostep.on('/v1/monitors', { body: { monitors: 'canary' } });

    const { data } = await world.execute('{ runs(providers: [OLOSTEP]) { gaps { code } } }');
    expect(data.runs.gaps).toEqual([{ code: 'UPSTREAM_BAD_RESPONSE' }]);
    expect(warnings(world)).toEqual([
      expect.objectContaining({ message: part, field: 'runs.gaps', upstreamStatus: 200 }),
    ]);

    const others = [1, 2, 3].map(anyDatafoldRun);
    for (const { path, body } of others) world.datafold.on(path, { body });
    world.datafold.on('/api/v1/monitors/7/runs?page=1&page_size=100', { body: { runs: 'canary' } });
    const found = await world.execute('query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase } }', {
      keys: others.map(({ key }) => key),
    });
    expect(found.errors).toBeUndefined();
    expect(warnings(world).slice(1)).toEqual([
      expect.objectContaining({ message: part, field: 'runs', upstreamStatus: 200 }),
    ]);
  });
});

it('bad responses: Without a configured log, a gateway warns on the console, and says nothing else there', async () => {
  const reported = (['log', 'info', 'debug', 'warn', 'error'] as const).map((name) => {
    const spy = vi.spyOn(console, name).mockImplementation(() => {});
    onTestFinished(() => spy.mockRestore());
    return { name, spy };
  });
  const upstream = await startFakeUpstream();
  const gateway = createGateway({ providers: { DATAFOLD: { apiKey: keys.datafold, baseUrl: upstream.baseUrl } } });
  onTestFinished(async () => {
    upstream.close();
    await gateway.close();
  });
  upstream.on(datafoldPath, { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>canary</h1>' });
  const { path, body } = anyDatafoldRun(43);
  upstream.on(path, { body });

  for (const runId of [42, 43]) {
    const query = `{ datafoldRun(monitorId: 7, runId: ${runId}) { state } }`;
    const headers = { 'content-type': 'application/json' };
    const request = new Request('http://graph.test/graphql', {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    await (await gateway.fetch(request)).text();
  }

  const calls = reported.flatMap(({ name, spy }) => spy.mock.calls.map((call) => [name, ...call]));
  expect(calls).toEqual([
    [
      'warn',
      'monitor-graph: upstream call failed',
      expect.objectContaining({ path: datafoldPath, upstreamStatus: 404, contentType: 'text/html' }),
    ],
  ]);
});
