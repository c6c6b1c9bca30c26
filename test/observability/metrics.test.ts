/** Metrics as Prometheus reads them. */
import * as promClient from 'prom-client';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { addGauges } from '../../src/observability/process-metrics.ts';
import { createLoadShedder } from '../../src/server/load-shedding.ts';
import type { ServerOptions } from '../../src/server/server.ts';
import { anyDatafoldRun, datafoldBody, datafoldPath } from '../support/bodies.ts';
import { silence } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld, verifyCredentials } from '../support/world.ts';

const runQuery = '{ datafoldRun(monitorId: 7, runId: 42) { state } }';

/** A world whose metrics are served at `/metrics`. */
async function createMeasuredWorld(config: Partial<GatewayConfig> = {}, options: Partial<ServerOptions> = {}) {
  const { registry, observer, reject } = createMetrics({ client: promClient, operationNames: new Set(['Listed']) });
  const loadShedder = createLoadShedder({ ...defaultLimits, ...config.limits });
  const world = await createWorld(
    { ...config, observer },
    {
      loadShedder,
      onRejected: reject,
      metrics: { page: { contentType: registry.contentType, read: () => registry.metrics() } },
      ...options,
    },
  );
  const { inFlight, eventLoopLagMs } = loadShedder;
  const upstreams = world.gateway.readUpstreams;
  addGauges(promClient, registry, { inFlight, eventLoopLagMs, upstreams }, '1.2.3');
  const metricsUrl = new URL('/metrics', world.url);
  return {
    ...world,
    metricsUrl,
    /** The values of a metric, by its labels as the text has them. */
    async read(name: string): Promise<Record<string, number>> {
      const text = await (await fetch(metricsUrl)).text();
      const lines = text.split('\n').filter((line) => new RegExp(`^monitor_graph_${name}[ {]`).test(line));
      return Object.fromEntries(
        lines.map((line) => {
          const [, labels = '', value = ''] = /^\w+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
          return [labels.replaceAll('"', ''), Number(value)];
        }),
      );
    },
  };
}

describe('metrics of upstream calls', () => {
  it('metrics: count upstream calls by provider, account, kind and result', async () => {
    const world = await createMeasuredWorld({ limits: { maxAttempts: 1 } });
    await verifyCredentials(world);
    const failed = anyDatafoldRun(43);
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.datafold.on(failed.path, { status: 503, body: {} });

    await world.execute(runQuery);
    await world.execute(`{
      absent: datafoldRun(monitorId: 7, runId: 44) { state }
      failed: datafoldRun(monitorId: 7, runId: 43) { state }
    }`);

    const of = (rest: string) => `provider=DATAFOLD,account=default,${rest}`;
    expect(await world.read('upstream_calls_total')).toMatchObject({
      [of('kind=run,result=ok')]: 1,
      // The other one is that of the verification.
      [of('kind=run,result=absent')]: 2,
      [of('kind=run,result=UPSTREAM_UNAVAILABLE')]: 1,
      [of('kind=monitors,result=ok')]: 1,
    });
    expect(await world.read('upstream_call_duration_seconds_count')).toMatchObject({ [of('kind=run')]: 4 });
  });

  it('metrics: count attempts and retries', async () => {
    const world = await createMeasuredWorld();
    await verifyCredentials(world);
    const before = await world.read('upstream_attempts_total');
    world.datafold.on(datafoldPath, { status: 503, body: {} });

    await world.execute(runQuery);

    const attempts = world.datafold.paths.length;
    expect(attempts).toBeGreaterThan(1);
    const account = 'provider=DATAFOLD,account=default';
    const after = await world.read('upstream_attempts_total');
    expect((after[account] ?? 0) - (before[account] ?? 0)).toBe(attempts);
    expect(await world.read('upstream_retries_total')).toEqual({ [account]: attempts - 1 });
  });

  it('metrics: a call of a client that disconnects is cancelled, and one that was never sent counts as none', async () => {
    const world = await createMeasuredWorld({ coalesceCalls: true });
    world.datafold.on(datafoldPath, silence);
    const client = new AbortController();

    const left = world.execute(runQuery, {}, { signal: client.signal });
    const other = new AbortController();
    const coalesced = world.execute(runQuery, {}, { signal: other.signal });
    await world.datafold.arrived(1);
    client.abort();
    other.abort();
    await Promise.allSettled([left, coalesced]);
    await world.datafold.deserted(1);

    expect(await world.read('upstream_calls_total')).toEqual({
      'provider=DATAFOLD,account=default,kind=run,result=cancelled': 1,
    });
  });

  it('metrics: show calls in flight, and which circuit breakers are open', async () => {
    const world = await createMeasuredWorld({ limits: { breakerMinCalls: 2, maxAttempts: 1 } });
    const account = 'provider=DATAFOLD,account=default';
    const other = 'provider=OLOSTEP,account=default';
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const second = anyDatafoldRun(43);
    world.datafold.on(second.path, { body: second.body });
    const both =
      '{ a: datafoldRun(monitorId: 7, runId: 42) { state } b: datafoldRun(monitorId: 7, runId: 43) { state } }';
    await world.execute(both);
    const states = (state: string) => `state=${state},${account}`;
    expect(await world.read('circuit_breakers')).toMatchObject({ [states('closed')]: 1, [states('open')]: 0 });

    for (const path of [datafoldPath, second.path]) world.datafold.on(path, { status: 503, body: {} });
    await world.execute(both);

    expect(await world.read('circuit_breakers')).toMatchObject({ [states('closed')]: 0, [states('open')]: 1 });
    expect(await world.read('provider_circuit_open')).toEqual({ [account]: 0, [other]: 0 });
    expect(await world.read('upstream_calls_in_flight')).toEqual({ [account]: 0, [other]: 0 });
  });
});

describe('metrics of operations', () => {
  it('metrics: count operations by name, outcome and code; names that are not listed are other', async () => {
    const world = await createMeasuredWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.datafold.on(anyDatafoldRun(43).path, { status: 503, body: {} });
    const fields = (runId: number) => `datafoldRun(monitorId: 7, runId: ${runId}) { state }`;

    await world.execute(`query Listed { ${fields(42)} }`);
    await world.execute(`query Listed { a: ${fields(42)} b: ${fields(43)} }`);
    await world.execute(`query Listed { ${fields(43)} }`);
    await world.execute(`query Unlisted { ${fields(42)} }`);
    await world.execute(`{ ${fields(42)} }`);
    await world.execute('{');

    expect(await world.read('operations_total')).toEqual({
      'operation=Listed,outcome=ok,code=': 1,
      'operation=Listed,outcome=partial,code=UPSTREAM_UNAVAILABLE': 1,
      'operation=Listed,outcome=failed,code=UPSTREAM_UNAVAILABLE': 1,
      'operation=other,outcome=ok,code=': 2,
      'operation=other,outcome=failed,code=BAD_USER_INPUT': 1,
    });
    expect(await world.read('operation_duration_seconds_count')).toEqual({
      'operation=Listed': 3,
      'operation=other': 3,
    });
  });

  it('metrics: count what saved upstream calls', async () => {
    const world = await createMeasuredWorld({ limits: { freshMs: 60_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery);
    await world.execute(runQuery);

    expect(await world.read('upstream_calls_saved_total')).toMatchObject({
      'provider=DATAFOLD,account=default,by=fresh': 1,
      'provider=DATAFOLD,account=default,by=run_cache': 0,
    });
  });
});

describe('metrics of the process', () => {
  it('metrics: show operations in flight, upstream calls in flight, event loop lag, memory and the version', async () => {
    const world = await createMeasuredWorld();
    world.datafold.on(datafoldPath, silence);
    const client = new AbortController();
    const waiting = world.execute(runQuery, {}, { signal: client.signal });
    await world.datafold.arrived(1);

    expect(await world.read('operations_in_flight')).toEqual({ '': 1 });
    expect(await world.read('upstream_calls_in_flight')).toMatchObject({
      'provider=DATAFOLD,account=default': 1,
    });
    expect(await world.read('event_loop_lag_seconds')).toEqual({ '': expect.any(Number) });
    expect(await world.read('build_info')).toEqual({ [`version=1.2.3,node=${process.versions.node}`]: 1 });
    const text = await (await fetch(world.metricsUrl)).text();
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);

    client.abort();
    await expect(waiting).rejects.toThrow();
  });

  it('metrics: count requests that are refused before they become an operation, by code', async () => {
    const world = await createMeasuredWorld({}, { apiTokens: ['a-token-of-16-chars'] });

    await world.execute('{ __typename }');
    await fetch(new URL('/elsewhere', world.url));

    expect(await world.read('rejected_requests_total')).toEqual({
      'code=UNAUTHENTICATED': 1,
      'code=BAD_USER_INPUT': 1,
    });
  });
});

describe('the metrics endpoint', () => {
  it('metrics: are not served unless they are configured', async () => {
    const { url } = await createWorld();

    expect((await fetch(new URL('/metrics', url))).status).toBe(404);
  });

  it('metrics: have the content type of Prometheus, and are read by GET alone', async () => {
    const { metricsUrl } = await createMeasuredWorld();

    const response = await fetch(metricsUrl);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405);
  });

  it('metrics: are read behind their token, which is none of the service', async () => {
    const page = { contentType: 'text/plain', read: async () => 'metrics' };
    const { url } = await createWorld(
      {},
      { metrics: { page, tokens: ['token-of-metrics'] }, apiTokens: ['token-of-service'] },
    );
    const scrape = async (authorization?: string) =>
      (await fetch(new URL('/metrics', url), { headers: authorization === undefined ? {} : { authorization } })).status;

    expect(await scrape()).toBe(401);
    expect(await scrape('Bearer token-of-service')).toBe(401);
    expect(await scrape('Bearer token-of-metrics')).toBe(200);
  });

  it('metrics: are served while the service sheds load', async () => {
    const world = await createMeasuredWorld({ limits: { maxConcurrentOperations: 1 } });
    world.datafold.on(datafoldPath, silence);
    const client = new AbortController();
    const waiting = world.execute(runQuery, {}, { signal: client.signal });
    await world.datafold.arrived(1);

    expect((await world.execute(runQuery)).errors?.[0]?.extensions.code).toBe('OVERLOADED');
    expect(await world.read('rejected_requests_total')).toEqual({ 'code=OVERLOADED': 1 });

    client.abort();
    await expect(waiting).rejects.toThrow();
  });
});

describe('metrics of the process that npm start starts', () => {
  it('metrics: are served on METRICS_PORT, and not on PORT, to hosts of this machine', {
    timeout: 60_000,
  }, async () => {
    const service = startService({ PORT: '0', METRICS_PORT: '0', DATAFOLD_API_KEY: 'canary' });
    const { port } = await service.nextLine();
    const { url } = await service.nextLine();

    const scrape = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(scrape.status).toBe(200);
    expect(await scrape.text()).toMatch(/^monitor_graph_build_info\{version="\d/m);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    const rebound = ['GET /metrics HTTP/1.1', 'Host: other.test'];
    expect((await sendLines(`http://127.0.0.1:${port}`, rebound))?.status).toBe(421);
    expect((await fetch(new URL('/metrics', String(url)))).status).toBe(404);

    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });
});
