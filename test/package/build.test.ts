/** The service as it runs in production: one file, beside the few lines that load it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startService } from '../support/process.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build/service.ts'], { cwd: project });
}, 60_000);

describe('The text of the service', () => {
  const read = (name: string) => readFileSync(`${project}dist/${name}`, 'latin1');

  it('is ASCII: with one sign more all of it would be held in memory at two bytes a sign', () => {
    expect(read('service.mjs').match(/[^\0-\x7f]/)?.[0]).toBeUndefined();
  });

  it('has GraphQL as ES modules: of a CommonJS one, each file that imports it has getters for all that it exports', () => {
    const { sources } = JSON.parse(read('service.mjs.map')) as { sources: string[] };
    const files = sources.filter((source) => source.includes('node_modules/graphql/'));

    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !file.endsWith('.mjs'))).toEqual([]);
  });

  it('has no part of OpenTelemetry, which is loaded where traces are exported', () => {
    const { sources } = JSON.parse(read('service.mjs.map')) as { sources: string[] };

    expect(sources.filter((source) => source.includes('node_modules/@opentelemetry/'))).toEqual([]);
  });
});

it('answers, logs, traces, shows GraphiQL with the examples, and stops, as the sources do', async () => {
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  const receiver = await startOtlpReceiver();
  const service = startService(
    {
      ...{ PORT: '0', DATAFOLD_API_KEY: 'canary', DATAFOLD_BASE_URL: upstream.baseUrl, METRICS: 'true' },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_TRACES_SAMPLER: 'always_on' },
    },
    [],
    'dist/main.mjs',
  );
  const { url, msg } = await service.nextLine();
  expect(msg).toBe('listening');

  const answer = await fetch(String(url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}',
  });
  expect(await answer.json()).toEqual({ data: { datafoldRun: { state: 'OK' } } });
  expect(await service.nextLine()).toMatchObject({ msg: 'request', status: 200, path: '/graphql' });

  const metrics = await fetch(new URL('/metrics', String(url)));
  expect(await metrics.text()).toMatch(/^monitor_graph_upstream_calls_total\{.*result="ok"\} 1$/m);

  const page = await fetch(String(url), { headers: { accept: 'text/html' } });
  // The page is nine megabytes, which is too long for a report.
  expect((await page.text()).includes('query RunLog')).toBe(true);

  upstream.close();
  expect(await service.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  expect(receiver.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['query', 'GET run']));
});
