import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { type Copy, createGateway, type Gateway, type GatewayConfig, type KeptRuns } from '../src/gateway.ts';
import { datafoldBody, datafoldPath } from './bodies.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';
import { sendLines } from './raw-http.ts';

const query = '{ datafoldRun(monitorId: "7", runId: "42") { id outcome } }';
const answer = { data: { datafoldRun: { id: 'DATAFOLD:7:42', outcome: 'PASSED' } } };

const post = (url: string, signal?: AbortSignal) =>
  new Request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'bff-1' },
    body: JSON.stringify({ query }),
    ...(signal && { signal }),
  });

it('is a value with fetch, which listens to nothing', async () => {
  const { gateway } = await createLibrary();

  const response = await gateway.fetch(post('http://bff.test/graph'));

  expect(await response.json()).toEqual(answer);
  expect(response.headers.get('x-request-id')).toBe('bff-1');
});

it('may be prepared for its first request', async () => {
  const { gateway } = await createLibrary();

  await gateway.prepare();

  expect(await (await gateway.fetch(post('http://bff.test/graph'))).json()).toEqual(answer);
});

it('is mounted in a plain node:http server', async () => {
  const { gateway } = await createLibrary();
  const server = createServer((request, response) => {
    if (request.url === '/graph') void gateway.requestListener(request, response);
    else response.end('the rest of the site');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  expect(await (await fetch(post(`${origin}/graph`))).json()).toEqual(answer);
  expect(await (await fetch(`${origin}/`)).text()).toBe('the rest of the site');
});

it('takes whole URLs for targets, as proxies send them, wherever it is mounted', async () => {
  const { gateway } = await createLibrary();
  const server = createServer((request, response) => {
    // What Express keeps the target in.
    if (request.headers['x-express']) Object.assign(request, { originalUrl: request.url, url: '/' });
    void gateway.requestListener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const body = JSON.stringify({ query });

  for (const express of [[], ['X-Express: 1']]) {
    const line = 'POST http://bff.test/graph?a=b HTTP/1.1';
    const head = [line, 'Host: bff.test', 'Content-Type: application/json', `Content-Length: ${body.length}`];

    const response = await sendLines(url, [...head, ...express], body);

    expect(await response?.json()).toEqual(answer);
  }
});

it('is mounted in Fastify', async () => {
  const { gateway } = await createLibrary();
  const app = fastify();
  app.post('/graph', ({ body, headers }) =>
    gateway.fetch(
      new Request('http://bff.test/graph', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': String(headers['x-request-id']) },
        body: JSON.stringify(body),
      }),
    ),
  );
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());

  const response = await fetch(post(`${origin}/graph`));

  expect(await response.json()).toEqual(answer);
  expect(response.headers.get('x-request-id')).toBe('bff-1');
});

it('takes a request whose headers nobody may change, as those of Deno are', async () => {
  const { gateway } = await createLibrary();
  const request = post('http://bff.test/graph');
  request.headers.set('content-type', 'Application/JSON');
  request.headers.set('accept', 'application/json;q=0, */*');
  request.headers.set = () => {
    throw new TypeError('immutable');
  };

  const response = await gateway.fetch(request);

  expect(response.headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
  expect(await response.json()).toEqual(answer);
});

it('takes its upstream calls along when the request is aborted', async () => {
  const { gateway, upstream } = await createLibrary();
  const left = new Promise((resolve) => {
    upstream.on(datafoldPath, (_request, response) => response.once('close', resolve));
  });
  const controller = new AbortController();

  const response = gateway.fetch(post('http://bff.test/graph', controller.signal));
  await upstream.arrived(1);
  controller.abort();

  await expect(response).rejects.toThrow();
  await left;
});

it('refuses a body of more than 100 KiB, however it is mounted', async () => {
  const { gateway, upstream } = await createLibrary();
  const body = JSON.stringify({ query: `${query} # ${'x'.repeat(100 * 1024)}` });

  const response = await gateway.fetch(
    new Request('http://bff.test/graph', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  );

  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  expect(upstream.paths).toEqual([]);
});

it('keeps runs that have ended in a store of your own', async () => {
  const copies = new Map<string, Copy>();
  const keptRuns: KeptRuns = {
    read: (names) => names.map((name) => copies.get(name)),
    write: (name, copy) => copies.set(name, copy),
    drop: (names) => {
      for (const name of names) copies.delete(name);
    },
    forget: () => copies.clear(),
    close: async () => copies.clear(),
  };
  const { gateway, upstream } = await createLibrary({ keptRuns });

  for (const _time of ['first', 'second'])
    expect(await (await gateway.fetch(post('http://bff.test/graph'))).json()).toEqual(answer);

  expect(upstream.paths).toEqual([datafoldPath]);
  expect(copies.size).toBe(1);
  await gateway.close();
  expect(copies.size).toBe(0);
});

async function createLibrary(config: GatewayConfig = {}): Promise<{ gateway: Gateway; upstream: FakeUpstream }> {
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  const gateway = createGateway({
    path: '/graph',
    providers: { DATAFOLD: { apiKey: 'key', baseUrl: upstream.baseUrl } },
    ...config,
  });
  onTestFinished(async () => {
    upstream.close();
    await gateway.close();
  });
  return { gateway, upstream };
}
