/** Traces of operations and upstream calls, by the real API of OpenTelemetry and its SDK. */
import * as openTelemetry from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath } from '../support/bodies.ts';
import { until } from '../support/clock.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { createWorld, verifyCredentials } from '../support/world.ts';

const exporter = new InMemorySpanExporter();
openTelemetry.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
openTelemetry.trace.setGlobalTracerProvider(
  new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  }),
);
beforeEach(() => exporter.reset());

const createTracedWorld = (config: Partial<GatewayConfig> = {}) => createWorld({ openTelemetry, ...config });

const runQuery = 'query Run { datafoldRun(monitorId: 7, runId: 42) { warnings } }';

/** The spans that have ended, in the order of their start. */
const spans = () => exporter.getFinishedSpans().toSorted((one, other) => toMs(one.startTime) - toMs(other.startTime));
const toMs = ([seconds, nanoseconds]: ReadableSpan['startTime']) => seconds * 1_000 + nanoseconds / 1e6;
/** Those of the operations that have ended: a response is sent before its last span has. */
async function operations(count = 1): Promise<ReadableSpan[]> {
  const ended = () => spans().filter(({ kind }) => kind === openTelemetry.SpanKind.SERVER);
  await until(() => ended().length >= count);
  return ended();
}
async function operationNamed(name: string): Promise<ReadableSpan | undefined> {
  const find = () => spans().find(({ attributes }) => attributes['graphql.operation.name'] === name);
  await until(() => find() !== undefined);
  return find();
}
const childrenOf = (span: ReadableSpan | undefined) =>
  spans().filter(({ parentSpanContext }) => parentSpanContext?.spanId === span?.spanContext().spanId);
const upstreamCallsOf = (span: ReadableSpan | undefined) =>
  childrenOf(span).filter(({ kind }) => kind === openTelemetry.SpanKind.CLIENT);
const reasonsOf = (all: readonly ReadableSpan[]) =>
  all.map(({ name, attributes }) => [name, attributes['monitor_graph.upstream.reason']]);

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const withParent = (flags: '00' | '01') => ({
  headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${parentId}-${flags}` },
});

describe('traces of operations', () => {
  it('tracing: an operation has a span with its name, type and outcome', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery, {}, { headers: { 'content-type': 'application/json', 'x-client-name': 'tests' } });

    const [operation] = await operations();
    expect(operation?.name).toBe('query');
    expect(operation?.parentSpanContext).toBeUndefined();
    expect(operation?.attributes).toEqual({
      'graphql.operation.name': 'Run',
      'graphql.operation.type': 'query',
      'graphql.document.hash': expect.stringMatching(/^[\da-f]{64}$/),
      'monitor_graph.outcome': 'ok',
      'monitor_graph.upstream_calls': 1,
      'monitor_graph.request_id': expect.any(String),
      'monitor_graph.client.name': 'tests',
    });
    expect(world.lines.find(({ operationName }) => operationName === 'Run')?.traceId).toBe(
      operation?.spanContext().traceId,
    );
  });

  it('tracing: a document has a span of parsing and validation, unless it is cached', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery);
    await world.execute(runQuery);

    const [first, second] = await operations(2);
    expect(childrenOf(first).map(({ name }) => name)).toEqual(['graphql.parse_and_validate', 'GET run']);
    expect(childrenOf(second).map(({ name }) => name)).toEqual(['GET run']);
  });

  it('tracing: a rejected operation has a span with its error', async () => {
    const world = await createTracedWorld();

    await world.execute('query Wrong { wrong }');
    await world.execute('{');

    const [invalid, unparsed] = await operations(2);
    expect(invalid).toMatchObject({
      name: 'query',
      status: { code: openTelemetry.SpanStatusCode.ERROR },
      attributes: { 'monitor_graph.outcome': 'failed', 'error.type': 'BAD_USER_INPUT' },
    });
    expect(unparsed).toMatchObject({
      name: 'GraphQL Operation',
      attributes: { 'error.type': 'BAD_USER_INPUT' },
    });
  });

  it('tracing: an incremental response has one span until its last payload', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    const query =
      '{ monitorRun(key: {provider: DATAFOLD, monitorId: 7, runId: 42}) { id ... @defer { ... on DatafoldRun { warnings } } } }';
    const response = await world.post(JSON.stringify({ query }), {
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
    });
    expect(await response.text()).toContain('Sampled');

    const [operation] = await operations();
    expect(upstreamCallsOf(operation)).toHaveLength(1);
    expect(toMs(upstreamCallsOf(operation)[0]?.endTime ?? [0, 0])).toBeLessThanOrEqual(
      toMs(operation?.endTime ?? [0, 0]),
    );
  });
});

describe('traces of upstream calls', () => {
  it('tracing: an attempt has a span with its fields, and sends it as traceparent', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery);

    const [operation] = await operations();
    const [attempt] = upstreamCallsOf(operation);
    expect(attempt?.attributes).toEqual({
      'monitor_graph.provider': 'DATAFOLD',
      'monitor_graph.account': 'default',
      'monitor_graph.upstream.kind': 'run',
      'monitor_graph.upstream.reason': 'single',
      'monitor_graph.upstream.attempt': 1,
      'monitor_graph.fields': ['Query.datafoldRun'],
      'http.request.method': 'GET',
      'url.path': datafoldPath,
      'http.response.status_code': 200,
    });
    const { traceId, spanId } = attempt?.spanContext() ?? {};
    expect(world.datafold.requests.map(({ headers }) => headers.traceparent)).toEqual([`00-${traceId}-${spanId}-01`]);
  });

  it('tracing: attempts of a list say that they fetch a list or a further page, and a retry says so', async () => {
    const world = await createTracedWorld();
    await verifyCredentials(world);
    const monitors = Array.from({ length: 90 }, (_, place) => ({ id: place + 1, name: `Monitor ${place + 1}` }));
    serveDatafold(world.datafold, { monitors });

    const list = 'monitorList(provider: DATAFOLD, first: 50, after: $after) { pageInfo { endCursor } }';
    const { data } = await world.execute(`query List($after: String) { ${list} }`);
    const after = data.monitorList.pageInfo.endCursor;
    await world.execute(`query Page($after: String) { ${list} }`, { after });
    const [first] = upstreamCallsOf(await operationNamed('List'));
    expect(first).toMatchObject({
      name: 'GET monitors',
      attributes: { 'monitor_graph.upstream.reason': 'list', 'monitor_graph.fields': ['Query.monitorList'] },
    });
    expect(reasonsOf(upstreamCallsOf(await operationNamed('Page')))).toEqual([['GET monitors', 'page']]);

    let hasFailed = false;
    const failOnce: Handler = (_request, response) => {
      response.writeHead(hasFailed ? 200 : 503, { 'content-type': 'application/json' });
      response.end(hasFailed ? JSON.stringify(datafoldBody) : '{}');
      hasFailed = true;
    };
    world.datafold.on(datafoldPath, failOnce);
    await world.execute(runQuery);
    const retried = await operationNamed('Run');
    expect(reasonsOf(upstreamCallsOf(retried))).toEqual([
      ['GET run', 'single'],
      ['GET run', 'retry'],
    ]);
    expect(upstreamCallsOf(retried)[0]).toMatchObject({
      status: { code: openTelemetry.SpanStatusCode.ERROR },
      attributes: { 'http.response.status_code': 503, 'error.type': 'UPSTREAM_UNAVAILABLE' },
    });
  });

  it('tracing: several fields that wait for one call are all named', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const other = anyDatafoldRun(43);
    world.datafold.on(other.path, { body: other.body });

    await world.execute(
      `query ($key: MonitorRunKey!) {
        a: datafoldRun(monitorId: 7, runId: 42) { warnings }
        b: monitorRun(key: $key) { ... on DatafoldRun { warnings } }
        c: node(id: "DATAFOLD:7:43") { ... on DatafoldRun { warnings } }
      }`,
      { key: datafoldKey },
    );

    const [operation] = await operations();
    const fields = upstreamCallsOf(operation).map(({ attributes }) => [
      attributes['url.path'],
      attributes['monitor_graph.fields'],
    ]);
    expect(Object.fromEntries(fields)).toEqual({
      [datafoldPath]: ['Query.datafoldRun', 'Query.monitorRun'],
      [other.path]: ['Query.node'],
    });
  });

  it('tracing: a coalesced call has a span that links to the attempt, which links to its operation', async () => {
    const world = await createTracedWorld({ coalesceCalls: true });
    let release = () => {};
    world.datafold.on(datafoldPath, (_request, response) => {
      release = () => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody));
    });
    const other = anyDatafoldRun(43);
    world.datafold.on(other.path, { body: other.body });

    const first = world.execute(runQuery);
    await world.datafold.arrived(1);
    // The call of the other run has arrived: this operation waits for the same call too.
    const second = world.execute(
      `query Second { a: datafoldRun(monitorId: 7, runId: 42) { warnings } b: datafoldRun(monitorId: 7, runId: 43) { warnings } }`,
    );
    await world.datafold.arrived(2);
    release();
    await Promise.all([first, second]);

    const [leader, follower] = [await operationNamed('Run'), await operationNamed('Second')];
    const [attempt] = upstreamCallsOf(leader);
    const wait = childrenOf(follower).find(({ name }) => name === 'coalesced');
    expect(wait?.attributes).toMatchObject({
      'monitor_graph.upstream.reason': 'coalesced',
      'monitor_graph.fields': ['Query.datafoldRun'],
    });
    expect(wait?.links.map(({ context }) => context.spanId)).toEqual([attempt?.spanContext().spanId]);
    expect(attempt?.links.map(({ context }) => context.spanId)).toEqual([follower?.spanContext().spanId]);
  });
});

describe('trace context', () => {
  it("tracing: the client's traceparent is the parent of the operation", async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery, {}, withParent('01'));

    const [operation] = await operations();
    expect(operation?.parentSpanContext).toMatchObject({ traceId, spanId: parentId });
    expect(upstreamCallsOf(operation)[0]?.spanContext().traceId).toBe(traceId);
  });

  it('tracing: an operation whose client is not sampled has no span, and passes its trace on', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery, {}, withParent('00'));

    expect(spans()).toEqual([]);
    expect(world.datafold.requests[0]?.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  });

  it('tracing: a traceparent that is none is ignored', async () => {
    const world = await createTracedWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery, {}, { headers: { 'content-type': 'application/json', traceparent: 'wrong' } });

    const [operation] = await operations();
    expect(operation?.parentSpanContext).toBeUndefined();
  });

  it('tracing: without an API no traceparent is sent', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery, {}, withParent('01'));

    expect(spans()).toEqual([]);
    expect(world.datafold.requests[0]?.headers.traceparent).toBeUndefined();
  });
});
