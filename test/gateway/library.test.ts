import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createGateway,
  type Gateway,
  type GatewayConfig,
  type RunCache,
  type StoredEntry,
} from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { sendLines } from '../support/raw-http.ts';

const query = '{ datafoldRun(monitorId: "7", runId: "42") { id outcome } }';
const answer = { data: { datafoldRun: { id: 'DATAFOLD:7:42', outcome: 'PASSED' } } };

const post = (url: string, signal?: AbortSignal, text = query) =>
  new Request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'bff-1' },
    body: JSON.stringify({ query: text }),
    ...(signal && { signal }),
  });

it('library: is a value with fetch, which listens to nothing', async () => {
  const { gateway } = await createLibrary();

  const response = await gateway.fetch(post('http://bff.test/graph'));

  expect(await response.json()).toEqual(answer);
  expect(response.headers.get('x-request-id')).toBe('bff-1');
});

it('library: answers with the Response of the runtime, as frameworks check its class and its methods', async () => {
  const { gateway } = await createLibrary();
  const deferred = post(
    'http://bff.test/graph',
    undefined,
    '{ ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }',
  );
  deferred.headers.set('accept', 'multipart/mixed');

  const responses = [
    await gateway.fetch(post('http://bff.test/graph')),
    await gateway.fetch(deferred),
    await gateway.fetch(new Request('http://bff.test/elsewhere')),
    await gateway.fetch(new Request('http://bff.test/graph', { method: 'PUT' })),
  ];

  expect(responses.map((response) => response instanceof globalThis.Response)).toEqual([true, true, true, true]);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 404, 405]);
  const [one, other] = responses[1]?.body?.tee() ?? [];
  expect(await new Response(one).text()).toContain('"hasNext":false');
  expect(await new Response(other).text()).toContain('DATAFOLD:7:42');
});

it('library: may be prepared for its first request', async () => {
  const { gateway } = await createLibrary();

  await gateway.prepare();

  expect(await (await gateway.fetch(post('http://bff.test/graph'))).json()).toEqual(answer);
});

it('library: is mounted in a plain node:http server', async () => {
  const { gateway } = await createLibrary();
  const server = createServer((request, response) => {
    if (request.url === '/graph') gateway.requestListener(request, response);
    else response.end('the rest of the site');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  expect(await (await fetch(post(`${origin}/graph`))).json()).toEqual(answer);
  expect(await (await fetch(`${origin}/`)).text()).toBe('the rest of the site');
});

it('library: takes whole URLs for targets, as proxies send them, wherever it is mounted', async () => {
  const { gateway } = await createLibrary();
  const server = createServer((request, response) => {
    // Where Express stores the target.
    if (request.headers['x-express']) Object.assign(request, { originalUrl: request.url, url: '/' });
    gateway.requestListener(request, response);
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

/** What runs before the graph, like body parsers of Express: it reads the body, and may leave what it found. */
type Parser = (text: string, type: string) => unknown;

/** Mounts the graph behind a parser, and returns what posts to it. */
async function mountBehind(parse: Parser) {
  const { gateway, upstream } = await createLibrary();
  const server = createServer(async (request, response) => {
    const body = parse(await text(request), request.headers['content-type'] ?? '');
    if (body !== undefined) Object.assign(request, { body });
    gateway.requestListener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graph`;
  return {
    upstream,
    post: (body: BodyInit, type?: string) =>
      fetch(url, { method: 'POST', body, ...(type !== undefined && { headers: { 'content-type': type } }) }),
  };
}

const asJson: Parser = (text) => JSON.parse(text);
const asForm: Parser = (text) => Object.fromEntries(new URLSearchParams(text));
const asParts: Parser = (text) => ({ query: /\r\n\r\n(.*)\r\n--/.exec(text)?.[1] });

const multipart = ['--b', 'Content-Disposition: form-data; name="query"', '', query, '--b--', ''].join('\r\n');

it.each<[name: string, parse: Parser, body: BodyInit, type: string | undefined]>([
  ['express.urlencoded()', asForm, new URLSearchParams({ query }), undefined],
  ['express.urlencoded(), in capitals', asForm, `query=${query}`, 'APPLICATION/X-WWW-FORM-URLENCODED'],
  ['multer().none()', asParts, multipart, 'multipart/form-data; boundary=b'],
  ["express.json({ type: '*/*' })", asJson, JSON.stringify({ query }), 'text/plain'],
  ["express.json({ type: '*/*' }), without a type", asJson, new Blob([JSON.stringify({ query })]), undefined],
  ["express.json({ type: '*/*' }), of another type", asJson, JSON.stringify({ query }), 'text/plain;application/json'],
  ["express.text({ type: '*/*' })", (text) => text, JSON.stringify({ query }), 'text/plain'],
  ["express.raw({ type: '*/*' })", (text) => Buffer.from(text), JSON.stringify({ query }), 'text/plain'],
])('library: refuses what a page of another site can post, also behind %s', async (_name, parse, body, type) => {
  const { post, upstream } = await mountBehind(parse);

  const response = await post(body, type);

  expect(response.status).toBe(415);
  expect((await response.json()).errors[0].message).toBe('Expected a POST with the content type application/json.');
  expect(upstream.paths).toEqual([]);
});

it.each<[name: string, parse: Parser]>([
  ['JSON', asJson],
  ['text', (text) => text],
  ['bytes', (text) => Buffer.from(text)],
])('library: takes JSON that a parser in front has read as %s', async (_name, parse) => {
  const { post } = await mountBehind(parse);

  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/graphql+json'])
    expect(await (await post(JSON.stringify({ query }), type)).json()).toEqual(answer);
});

it.each<[body: string, sentence: string]>([
  ['{}', 'Expected a `query`, or the id of a document'],
  ['{"variables":{}}', 'Expected a `query`, or the id of a document'],
  ['[]', 'Batching is not supported.'],
])('library: says of %s that a parser in front has read what it says of it otherwise', async (body, sentence) => {
  const { post } = await mountBehind(asJson);

  const response = await post(body, 'application/json');

  expect(response.status).toBe(400);
  expect((await response.json()).errors[0].message).toContain(sentence);
});

describe('library: a body that something else has read already', () => {
  const sentence = 'Expected an unread body: other middleware has read this one already. Mount the graph before it.';
  const itself = { message: sentence, extensions: { code: 'BAD_USER_INPUT' } };

  it.each<[name: string, parse: Parser]>([
    ['nothing', () => undefined],
    ['an empty object, as Express 4 does', () => ({})],
    ['an empty text', () => ''],
    ['null', () => null],
  ])('and left %s is said to be so', async (_name, parse) => {
    const { post, upstream } = await mountBehind(parse);

    const response = await post(JSON.stringify({ query }), 'application/json');

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [itself] });
    expect(upstream.paths).toEqual([]);
  });

  it('of a Request is said to be so', async () => {
    const { gateway } = await createLibrary();
    const request = post('http://bff.test/graph');
    await request.text();

    const response = await gateway.fetch(request);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [itself] });
  });

  it("is no body that the client hasn't sent", async () => {
    const { post } = await mountBehind(() => ({}));

    expect((await (await post('', 'application/json')).json()).errors[0].message).toContain('Expected a body of JSON');
  });
});

it('library: is mounted in Fastify', async () => {
  const { gateway } = await createLibrary();
  const app = fastify();
  // As @fastify/formbody does.
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) =>
    done(null, asForm(String(text), '')),
  );
  app.post('/graph', ({ body, headers }) =>
    gateway.fetch(
      new Request('http://bff.test/graph', {
        method: 'POST',
        headers: { 'content-type': headers['content-type'] ?? '', 'x-request-id': String(headers['x-request-id']) },
        body: JSON.stringify(body),
      }),
    ),
  );
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());

  const response = await fetch(post(`${origin}/graph`));

  expect(await response.json()).toEqual(answer);
  expect(response.headers.get('x-request-id')).toBe('bff-1');
  const form = await fetch(`${origin}/graph`, { method: 'POST', body: new URLSearchParams({ query }) });
  expect(form.status).toBe(415);
});

it('library: takes a request whose headers are immutable, as those of Deno are', async () => {
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

it('library: cancels upstream calls when the body of an incremental response is cancelled', async () => {
  const { gateway, upstream } = await createLibrary();
  const left = new Promise((resolve) => {
    upstream.on(datafoldPath, (_request, response) => response.once('close', resolve));
  });
  const deferred = post(
    'http://bff.test/graph',
    undefined,
    '{ ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }',
  );
  deferred.headers.set('accept', 'multipart/mixed');

  const { body } = await gateway.fetch(deferred);
  const reader = body?.getReader();
  await reader?.read();
  await upstream.arrived(1);
  await reader?.cancel();

  await left;
});

it('library: cancels its upstream calls when the request is aborted', async () => {
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

it('library: refuses a body of more than 100 KiB, however it is mounted', async () => {
  const { gateway, upstream } = await createLibrary();
  const body = JSON.stringify({ query: `${query} # ${'x'.repeat(100 * 1024)}` });

  const response = await gateway.fetch(
    new Request('http://bff.test/graph', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  );

  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  expect(upstream.paths).toEqual([]);
});

it('library: caches finished runs in a custom store', async () => {
  const entries = new Map<string, StoredEntry>();
  const runCache: RunCache = {
    read: (names) => names.map((name) => entries.get(name)),
    write: (name, entry) => entries.set(name, entry),
    drop: (names) => {
      for (const name of names) entries.delete(name);
    },
    forget: () => entries.clear(),
    close: async () => entries.clear(),
  };
  const { gateway, upstream } = await createLibrary({ runCache, limits: { freshMs: 0 } });

  for (const _time of ['first', 'second'])
    expect(await (await gateway.fetch(post('http://bff.test/graph'))).json()).toEqual(answer);

  expect(upstream.paths).toEqual([datafoldPath]);
  // The finished run, and its response for stale-if-error.
  expect(entries.size).toBe(2);
  await gateway.close();
  expect(entries.size).toBe(0);
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
