/** The files of examples/deployment: the proxy is run, and what the manifests set is known to the service. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { knownVariables } from '../../src/config/config.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { findFreePort } from '../support/free-port.ts';
import { untilListening } from '../support/recipes.ts';
import { createWorld } from '../support/world.ts';

const read = (name: string) => readFileSync(`examples/deployment/${name}`, 'utf8');

it('sets variables that the service knows', () => {
  const [deployment] = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS());
  const [container] = deployment.spec.template.spec.containers;
  const [compose] = parseAllDocuments(read('compose.yaml')).map((document) => document.toJS());
  const [, dockerfile = ''] = /^ENV (.*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const names = [
    ...container.env.map(({ name }: { name: string }) => name),
    ...Object.keys(compose.services.graph.environment),
    ...dockerfile.split(' ').map((each) => each.split('=')[0]),
  ];

  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => name !== 'NODE_ENV' && !knownVariables({}).includes(name))).toEqual([]);
  expect(container.readinessProbe.httpGet.path).toBe('/ready');
  expect(container.livenessProbe.httpGet.path).toBe('/health');
});

const nginx = process.env.NGINX ?? 'nginx';
const hasNginx = (() => {
  try {
    execFileSync(nginx, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

// On a laptop a missing nginx skips these tests; in CI it fails them.
describe.skipIf(!hasNginx && !process.env.CI)('Behind nginx, below a path prefix', () => {
  async function startProxy() {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const port = await findFreePort();
    const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
    const config = read('nginx.conf')
      .replace('server graph:4000', `server ${new URL(world.url).host}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replaceAll('/tmp/', `${folder}/`);
    writeFileSync(join(folder, 'nginx.conf'), config);
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
    const child: ChildProcess = spawn(nginx, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<{ stderr: string }>((resolve) => {
      let stderr = '';
      child.stderr?.on('data', (chunk) => {
        stderr += chunk;
      });
      child.once('close', () => resolve({ stderr }));
      child.once('error', ({ message }) => resolve({ stderr: message }));
    });
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    });
    const url = `http://127.0.0.1:${port}/monitors/graphql`;
    await untilListening(new URL('../health', url).href, ended);
    return { world, url };
  }

  it('operations reach the graph, and parts come one by one, not compressed', async () => {
    const { world, url } = await startProxy();
    let answer = () => {};
    const called = new Promise<void>((resolve) => {
      world.datafold.on(datafoldPath, (_request, response) => {
        answer = () =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(datafoldBody));
        resolve();
      });
    });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed', 'accept-encoding': 'gzip' },
      body: JSON.stringify({ query: '{ __typename ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }' }),
    });
    const reader = response.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString();
    await called;
    answer();
    let rest = '';
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      rest += Buffer.from(part.value).toString();

    expect(response.headers.get('content-encoding')).toBeNull();
    expect(first).toContain('"data":{"__typename":"Query"}');
    expect(first).not.toContain('DATAFOLD:7:42');
    expect(rest).toContain('DATAFOLD:7:42');
  });

  it('GraphiQL is shown, and sends operations to the path that it is shown at', async () => {
    const { url } = await startProxy();

    const page = await fetch(url, { headers: { accept: 'text/html' } });
    const text = await page.text();

    expect(page.status).toBe(200);
    // Without an endpoint GraphiQL takes the path of the page.
    expect(/"endpoint":/.test(text.slice(-100_000))).toBe(false);
  });
});
