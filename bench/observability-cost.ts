/**
 * What metrics and traces cost, in CPU time of this process for one operation with one upstream call: `npm run bench:observability`.
 * Nothing else of an operation is executed, and spans are exported to a collector in another process. CPU time depends little on other
 * work of the machine; `npm run bench:compare` measures the whole service with and without them, on a quiet machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import * as promClient from 'prom-client';
import { createMetrics } from '../src/observability/metrics.ts';
import type { OperationRecord, UpstreamCallRecord } from '../src/observability/observer.ts';
import { type TracedCall, Tracing, withTraceparent } from '../src/observability/tracing.ts';
import { loadTraces } from '../src/service/open-telemetry.ts';

const rounds = 5;
const operations = 20_000;
/** So many between two turns of the event loop, in which spans are exported. */
const perTurn = 20;

const record: OperationRecord = {
  ...{ name: 'Run', type: 'query', documentId: undefined, outcome: 'ok', errorCodes: [], durationMs: 5 },
  calls: {
    DATAFOLD: {
      ...{ calls: 1, paced: 0, stale: 0 },
      ...{ deduplicated: 0, fromLists: 0, cacheHits: 0, coalesced: 0, fresh: 0, unchanged: 0 },
    },
  },
};
const request = { requestId: 'd1b9c0e6-6d0c-4d5e-9a30-5f0f8f3f8a11', header: () => undefined };
const headers = { authorization: 'Key key', accept: 'application/json' };
const call = {
  provider: 'DATAFOLD',
  account: 'default',
  kind: 'run',
  isContinuation: false,
  path: '/api/v1/monitors/7/runs/42',
} as const satisfies TracedCall;
const field = { provider: 'DATAFOLD', monitorId: '7', runId: '42' };

function createTracedOperation(tracing: Tracing): () => void {
  return () => {
    const now = performance.now();
    const trace = tracing.begin(record.type, now, request);
    trace.addField('Query.datafoldRun', 'run', field);
    const attempt = trace.startAttempt(call, 1, now);
    const traceparent = attempt?.traceparent ?? trace.traceparent;
    if (traceparent !== undefined) withTraceparent(headers, traceparent);
    attempt?.end(200, undefined);
    trace.end(record, request, () => undefined);
  };
}

/** Microseconds of CPU, user and system. */
async function measure(execute: () => void): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < operations; done++) {
    execute();
    if (done % perTurn === 0) await setImmediate();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;

const collector = spawn(
  process.execPath,
  [
    '--eval',
    `require('node:http')
      .createServer((request, response) => request.resume().on('end', () => response.end()))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [port] = await once(collector.stdout, 'data');
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${String(port).trim()}`;

const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const createTraced = async (protocol: 'http/protobuf' | 'http/json', ratio: number) => {
  // A full batch is exported at once, as in production. Nothing is dropped.
  const batch = { maxQueueSize: 2 ** 20 };
  const traces = await loadTraces({ protocol, sampler: 'parentbased_traceidratio', ratio, batch }, log);
  return createTracedOperation(new Tracing(traces.api));
};
const { observer } = createMetrics({ client: promClient, operationNames: new Set(['Run']) });
const observed = {
  provider: 'DATAFOLD',
  account: 'default',
  kind: 'run',
  result: 'ok',
  attempts: 1,
  durationMs: 4,
} as const satisfies UpstreamCallRecord;

const cases: Readonly<Record<string, () => void>> = {
  nothing: ignore,
  metrics() {
    observer.endCall(observed);
    observer.endOperation(record);
  },
  'traces, 10 % sampled': await createTraced('http/protobuf', 0.1),
  'traces, none sampled': await createTraced('http/protobuf', 0),
  'traces, all, http/protobuf': await createTraced('http/protobuf', 1),
  'traces, all, http/json': await createTraced('http/json', 1),
};

const samples = new Map<string, number[]>();
for (let round = 0; round <= rounds; round++)
  for (const [name, execute] of Object.entries(cases)) {
    const micros = await measure(execute);
    // The first round is for warming up.
    if (round > 0) samples.set(name, [...(samples.get(name) ?? []), micros]);
  }
const base = median(samples.get('nothing') ?? []);
for (const [name, values] of samples) {
  const [lowest = 0, highest = 0] = [Math.min(...values), Math.max(...values)].map((value) => value - base);
  const spread = `${lowest.toFixed(1)} to ${highest.toFixed(1)}`;
  console.log(`${name}: ${(median(values) - base).toFixed(1)} µs of CPU an operation (${spread})`);
}
collector.kill();
process.exit();
