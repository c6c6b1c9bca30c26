/** What a connection may hold, and for how long; and what every answer on it says to browsers. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { sendBytes, sendLines } from '../support/raw-http.ts';
import { createWorld } from '../support/world.ts';

const line = 'GET /health HTTP/1.1';
const headersOf = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`);

describe('connection limits: headers', () => {
  // `Host` and `Connection` are two of them.
  it('of a request may be 100', async () => {
    const { url } = await createWorld();

    expect((await sendLines(url, [line, 'Host: graph.test', ...headersOf(98)]))?.status).toBe(200);
  });

  it.each([99, 148, 1_900])('of a request may not be 2 more than %d', async (count) => {
    const { url } = await createWorld();

    const response = await sendLines(url, [line, 'Host: graph.test', ...headersOf(count)]);

    expect(response?.status).toBe(431);
    expect(await response?.json()).toMatchObject({
      errors: [{ message: 'Expected at most 100 headers.', extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('may be as many as the limit says', async () => {
    const { url } = await createWorld({ limits: { maxHeaders: 1_200 } });

    expect((await sendLines(url, [line, 'Host: graph.test', ...headersOf(1_198)]))?.status).toBe(200);
    expect((await sendLines(url, [line, 'Host: graph.test', ...headersOf(1_199)]))?.status).toBe(431);
  });

  it('of an identity that a proxy adds at the end are never pushed out', async () => {
    const { url } = await createWorld({}, { apiTokens: ['0123456789abcdef'] });
    const identity = 'Authorization: Bearer 0123456789abcdef';

    const response = await sendLines(url, [
      'POST /graphql HTTP/1.1',
      'Host: graph.test',
      ...headersOf(1_100),
      identity,
    ]);

    expect(response?.status).toBe(431);
  });
});

it('connection limits: A client that does not read its answer is cut off, whatever it sends on', async () => {
  const world = await createWorld();
  world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * 1024 * 1024) } } });
  // Milliseconds without a byte that gets through.
  world.server.timeout = 1_000;
  const over = new Promise<void>((resolve) => {
    world.server.on('request', (_request, response) => response.on('close', resolve));
  });
  const { monitorId, runId } = olostepKey;
  // More than the buffers of the system take.
  const query = `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { a: snapshot b: snapshot } }`;
  const body = JSON.stringify({ query });
  const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'];
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname).on('error', () => {});

  socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'));
  const sending = setInterval(() => socket.write('x'), 100);
  await over;
  clearInterval(sending);

  expect(world.lines).toContainEqual(expect.objectContaining({ message: 'request', status: 499 }));
});

describe('connection limits: allowed hosts', () => {
  const allowedHosts = ['graph.test', 'other.test:8080', '[::1]'];

  const post = (url: string, host: string, target = '/graphql') =>
    sendLines(
      url,
      [`POST ${target} HTTP/1.1`, `Host: ${host}`, 'Content-Type: application/json', 'Content-Length: 26'],
      '{"query":"{ __typename }"}',
    );

  it.each(['graph.test', 'graph.test:4000', 'GRAPH.test', 'other.test:8080', '[::1]:4000'])(
    'admit %s',
    async (host) => {
      const { url } = await createWorld({}, { allowedHosts });

      expect(await (await post(url, host))?.json()).toEqual({ data: { __typename: 'Query' } });
    },
  );

  it.each(['evil.test', 'other.test', 'other.test:80', 'graph.test.evil.test', '[::2]', '127.0.0.1'])(
    'refuse %s, by POST and with GraphiQL',
    async (host) => {
      const { url } = await createWorld({}, { allowedHosts });

      const answers = [
        await post(url, host),
        await sendLines(url, ['GET /graphql HTTP/1.1', `Host: ${host}`, 'Accept: text/html']),
      ];

      for (const response of answers) {
        expect(response?.status).toBe(421);
        expect(await response?.json()).toMatchObject({
          errors: [{ message: 'Expected a Host header that this service is configured for.' }],
        });
      }
    },
  );

  it.each([
    'localhost',
    'LOCALHOST:4000',
    'a.localhost',
    'a.b_c.localhost:1',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:4000',
  ])('of a service that is bound to loopback are names of this machine, as %s', async (host) => {
    const { url } = await createWorld({}, { allowedHosts: 'loopback' });

    expect(await (await post(url, host))?.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it.each([
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'xlocalhost',
    '[::2]',
    '[::]',
    '10.0.0.1',
    '0.0.0.0',
  ])('of a service that is bound to loopback are no others, as %s is one', async (host) => {
    const { url } = await createWorld({}, { allowedHosts: 'loopback' });

    // The host that was admitted last is remembered.
    expect((await post(url, 'localhost'))?.status).toBe(200);
    expect((await post(url, host))?.status).toBe(421);
    expect((await post(url, `${host}:4000`))?.status).toBe(421);
  });

  it.each([
    ['evil.test', 'http://graph.test/graphql'],
    ['graph.test', 'http://GRAPH.test:4000/graphql?a=b'],
    ['graph.test', 'https://other.test:8080/graphql'],
    ['evil.test', 'http://[::1]/graphql'],
  ])('where Host is %s admit a target of %s, as its host is the one that counts', async (host, target) => {
    const { url } = await createWorld({}, { allowedHosts });

    expect(await (await post(url, host, target))?.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it.each(['http://evil.test/graphql', 'http://other.test/graphql', 'http://graph.test.evil.test/graphql'])(
    'refuse a target of %s, whatever Host is, by POST, with GraphiQL and for the SDL',
    async (target) => {
      const { url } = await createWorld({}, { allowedHosts });
      const get = (target: string) =>
        sendLines(url, [`GET ${target} HTTP/1.1`, 'Host: graph.test', 'Accept: text/html']);

      const answers = [await post(url, 'graph.test', target), await get(target)];
      answers.push(await get(target.replace('/graphql', '/schema.graphql')));

      expect(answers.map((response) => response?.status)).toEqual([421, 421, 421]);
    },
  );

  it.each([[allowedHosts], ['loopback' as const]])(
    'are not required of health probes, by an address',
    async (allowedHosts) => {
      const { url } = await createWorld({}, { allowedHosts });

      expect((await sendLines(url, ['GET /health HTTP/1.1', 'Host: 10.0.0.1:4000']))?.status).toBe(200);
      expect((await sendLines(url, ['GET /ready HTTP/1.1', 'Host: 10.0.0.1:4000']))?.status).toBe(200);
      expect((await sendLines(url, ['GET http://10.0.0.1/ready HTTP/1.1', 'Host: 10.0.0.1']))?.status).toBe(200);
    },
  );
});

it('connection limits: Every answer tells browsers to take it as what it is, store nothing and pass nothing on', async () => {
  const { url, post } = await createWorld();
  const answers = [
    await post('{"query":"{ __typename }"}'),
    await post('{'),
    await post('', { headers: {} }),
    await fetch(url),
    await fetch(url, { headers: { accept: 'text/html' } }),
    await fetch(new URL('/health', url)),
    await fetch(new URL('/ready', url)),
    await fetch(new URL('/nowhere', url)),
    await sendBytes(url, 'hello?\r\n\r\n'),
    await sendLines(url, ['GET /graphql HTTP/1.1', 'Host: a b']),
  ];

  for (const response of answers) {
    expect(response?.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response?.headers.get('cache-control')).toBe('no-store');
    expect(response?.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response?.headers.get('server')).toBe(null);
    expect(response?.headers.get('x-powered-by')).toBe(null);
  }
});

describe('connection limits: a client that is slow on purpose', () => {
  it('has so long, and no longer', async () => {
    const { server } = await createWorld();

    expect(server).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
      timeout: 20_000,
      maxRequestsPerSocket: 1_000,
    });
  });

  it('has as long as the limits say', async () => {
    const limits = {
      headersTimeoutMs: 1_000,
      requestTimeoutMs: 2_000,
      keepAliveTimeoutMs: 3_000,
      maxRequestsPerConnection: 5,
    };
    const { server } = await createWorld({ limits });

    expect(server).toMatchObject({
      headersTimeout: 1_000,
      requestTimeout: 2_000,
      keepAliveTimeout: 3_000,
      maxRequestsPerSocket: 5,
    });
  });

  it.each([
    ['says nothing', ''],
    ['never ends its head', `${line}\r\nHost: graph.test\r\n`],
    [
      'never ends its body',
      'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    ],
  ])(
    'and %s gets an error, and its connection is closed',
    { timeout: 60_000, concurrent: true },
    async (_name, bytes) => {
      const { url } = await createWorld({ limits: { headersTimeoutMs: 500, requestTimeoutMs: 1_000 } });
      const { hostname, port } = new URL(url);

      const socket = connect(Number(port), hostname).setEncoding('latin1');
      socket.write(bytes);
      const answer = await text(socket);

      expect(answer).toMatch(/^HTTP\/1\.1 408 .*Expected the request to arrive sooner\./s);
    },
  );
});
