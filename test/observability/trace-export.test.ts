/** Traces of the service, as a collector receives them. */
import { describe, expect, it } from 'vitest';
import { readConfig, readSandboxConfig } from '../../src/config/config.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startService } from '../support/process.ts';
import { createWorld } from '../support/world.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

/** Starts the service, executes operations, and stops it. */
async function traceOperations(receiver: OtlpReceiver, env: Readonly<Record<string, string>>, headers = {}) {
  const { datafold } = await createWorld();
  datafold.on(datafoldPath, { body: datafoldBody });
  const service = startService({
    ...{ PORT: '0', DATAFOLD_API_KEY: 'canary', DATAFOLD_BASE_URL: datafold.baseUrl, RUN_CACHE: 'false' },
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    ...env,
  });
  const { url } = await service.nextLine();
  const response = await fetch(String(url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"query":"query Run { datafoldRun(monitorId: 7, runId: 42) { warnings } }"}',
  });
  expect(await response.json()).toEqual({ data: { datafoldRun: { warnings: datafoldBody.warnings } } });
  const request = await service.nextLine();
  const ended = await service.stop('SIGTERM');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return { request, traceparent: datafold.requests[0]?.headers.traceparent, ended };
}

describe('traces of the service', () => {
  it.each(['http/protobuf', 'http/json'])('tracing: operations are exported as OTLP, %s', async (protocol) => {
    const receiver = await startOtlpReceiver();

    const { request } = await traceOperations(receiver, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=of-the-collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });

    const operation = receiver.spans.find(({ name }) => name === 'query');
    expect(operation).toMatchObject({
      parentSpanId: '',
      attributes: { 'graphql.operation.name': 'Run', 'monitor_graph.upstream_calls': 1 },
      resource: { 'service.name': 'monitor-graph', 'deployment.environment.name': 'test' },
    });
    expect(request.traceId).toBe(operation?.traceId);
    const attempt = receiver.spans.find(({ name }) => name === 'GET run');
    expect(attempt).toMatchObject({
      parentSpanId: operation?.spanId,
      attributes: { 'monitor_graph.fields': ['Query.datafoldRun'], 'url.path': datafoldPath },
    });
    const [export_] = receiver.requests;
    expect(export_?.path).toBe('/v1/traces');
    expect(export_?.headers['x-api-key']).toBe('of-the-collector');
  });

  it('tracing: one of ten operations is recorded by default, and each whose client is sampled', async () => {
    const receiver = await startOtlpReceiver();
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };

    const { traceparent } = await traceOperations(receiver, { OTEL_SERVICE_NAME: 'another-name' }, headers);

    expect(receiver.spans.find(({ name }) => name === 'query')).toMatchObject({
      traceId,
      resource: { 'service.name': 'another-name' },
    });
    expect(traceparent).toContain(traceId);
    expect(readConfig(withEndpoint).traces).toMatchObject({ sampler: 'parentbased_traceidratio', ratio: 0.1 });
  });

  it('tracing: a collector that refuses spans fails no operation and delays no exit, and the log says so', async () => {
    const receiver = await startOtlpReceiver(400);

    const { ended } = await traceOperations(receiver, { OTEL_TRACES_SAMPLER: 'always_on' });

    expect(ended.stdout).toContain('"msg":"traces not exported"');
  });

  it('tracing: without an endpoint nothing is traced', () => {
    expect(readConfig({ ...good, OTEL_TRACES_SAMPLER: 'always_on' }).traces).toBeUndefined();
  });
});

const good = { DATAFOLD_API_KEY: 'key', API_TOKENS: 'a-token-of-16-chars' };
const withEndpoint = { ...good, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' };

describe('configuration: traces', () => {
  it('have the standard variables', () => {
    expect(
      readConfig({
        ...withEndpoint,
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OTEL_TRACES_SAMPLER: 'traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
        OTEL_BSP_MAX_QUEUE_SIZE: '100',
        OTEL_SERVICE_NAME: 'another-name',
      }),
    ).toMatchObject({
      traces: { protocol: 'http/json', sampler: 'traceidratio', ratio: 0.25, batch: { maxQueueSize: 100 } },
      warnings: [],
    });
  });

  it('are off with OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none', () => {
    expect(readConfig({ ...withEndpoint, OTEL_SDK_DISABLED: 'true' }).traces).toBeUndefined();
    expect(readConfig({ ...withEndpoint, OTEL_TRACES_EXPORTER: 'none' }).traces).toBeUndefined();
  });

  it('must be what the service can do', () => {
    const read = (env: Readonly<Record<string, string>>) => () => readConfig({ ...withEndpoint, ...env });

    expect(read({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toThrow(
      'OTEL_EXPORTER_OTLP_PROTOCOL: expected one of http/protobuf, http/json',
    );
    expect(read({ OTEL_TRACES_SAMPLER: 'often' })).toThrow('OTEL_TRACES_SAMPLER: expected one of');
    expect(read({ OTEL_TRACES_SAMPLER_ARG: '10' })).toThrow('OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1');
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT: expected an http or https URL',
    );
  });

  it('of the sandbox stay on this machine', () => {
    expect(readSandboxConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' }).traces).toBeUndefined();
    expect(readSandboxConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }).traces).toBeDefined();
  });
});
