/** The end of the process, as an operator, a balancer and the clients see it. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGracefulShutdown } from '../../src/server/graceful-shutdown.ts';
import { securityHeaders } from '../../src/server/response-headers.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { type FakeUpstream, type Handler, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld } from '../support/world.ts';

const query = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { id } }"}';
const found = { data: { datafoldRun: { id: 'DATAFOLD:7:42' } } };

async function start(env: Record<string, string> = {}) {
  const upstream: FakeUpstream = await startFakeUpstream();
  onTestFinished(() => upstream.close());
  const service = startService({
    PORT: '0',
    DATAFOLD_API_KEY: 'canary',
    DATAFOLD_BASE_URL: upstream.baseUrl,
    // Each request has to reach the fake upstream.
    RUN_CACHE: 'false',
    COALESCE_CALLS: 'false',
    FRESH_MS: '0',
    ...env,
  });
  const { url } = await service.nextLine();
  return { upstream, service, url: String(url).replace('localhost', '127.0.0.1') };
}

/** Sends requests on persistent connections, and returns the answer as soon as its head is there. */
function createClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const send = async (path: string, body?: string): Promise<IncomingMessage> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpRequest(new URL(path, url), { agent, headers, method: body === undefined ? 'GET' : 'POST' });
    request.end(body);
    const [response] = await once(request, 'response');
    return response;
  };
  return {
    execute: () => send('/graphql', query),
    async statusOf(path: string) {
      const response = await send(path);
      response.resume();
      await once(response, 'end');
      return response.statusCode;
    },
  };
}

/** Waits until the service says on its log that it is about to end. */
async function stopping(service: Awaited<ReturnType<typeof start>>['service']) {
  for (;;) if ((await service.nextLine()).msg === 'shutting down') return;
}

/** Answers when it is let. */
function createHold() {
  let release = () => {};
  const handler: Handler = (_request, response) => {
    release = () => void response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody));
  };
  return { handler, release: () => release() };
}

describe('graceful shutdown: a process that is to stop', { timeout: 30_000 }, () => {
  it('is alive and ready before; alive and not ready after; and closes every connection behind its answer', async () => {
    const { service, url } = await start();
    const client = createClient(url);
    expect([await client.statusOf('/health'), await client.statusOf('/ready')]).toEqual([200, 200]);

    const ended = service.stop('SIGTERM');
    await stopping(service);

    expect(await client.statusOf('/ready')).toBe(503);
    expect(await client.statusOf('/health')).toBe(200);
    const response = await client.execute();
    expect(response.headers.connection).toBe('close');
    expect((await ended).code).toBe(0);
  });

  it('finishes what is in flight, and tells those clients to close their connections too', async () => {
    const { service, upstream, url } = await start();
    const hold = createHold();
    upstream.on(datafoldPath, hold.handler);
    const requested = createClient(url).execute();
    await upstream.arrived(1);

    const ended = service.stop('SIGTERM');
    await stopping(service);
    hold.release();
    const response = await requested;

    expect(response.headers.connection).toBe('close');
    expect(await json(response)).toEqual(found);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('still answers a client that sends its next request on a connection that it was left', async () => {
    const { service, upstream, url } = await start();
    upstream.on(datafoldPath, { body: datafoldBody });
    const client = createClient(url);
    expect(await json(await client.execute())).toEqual(found);

    const ended = service.stop('SIGTERM');
    await stopping(service);

    expect(await json(await client.execute())).toEqual(found);
    expect((await ended).code).toBe(0);
  });

  it.each([
    ['that say nothing', ''],
    ['that wait for their next request', 'GET /health HTTP/1.1\r\nHost: graph.test\r\n\r\n'],
  ])('is not delayed by connections %s', async (_name, bytes) => {
    // So long that only a process that doesn't wait for it ends within the time of this test.
    const { service, url } = await start({ SHUTDOWN_TIMEOUT_MS: '600000' });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write(bytes);
    if (bytes !== '') await once(socket, 'data');

    expect((await service.stop('SIGTERM')).code).toBe(0);
  });

  it('answers who waits for a provider that hangs, shortly before its time is over, and ends with 0', async () => {
    const { service, upstream, url } = await start({
      ...{ SHUTDOWN_TIMEOUT_MS: '1500', SHUTDOWN_DELAY_MS: '200' },
      ...{ OPERATION_TIMEOUT_MS: '600000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '600000' },
    });
    upstream.on(datafoldPath, silence);
    const requested = createClient(url).execute();
    await upstream.arrived(1);

    const ended = service.stop('SIGTERM');
    const response = await requested;
    await upstream.deserted(1);

    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await json(response)).toMatchObject({
      data: { datafoldRun: null },
      errors: [{ path: ['datafoldRun'], extensions: { code: 'UPSTREAM_TIMEOUT', provider: 'DATAFOLD' } }],
    });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('answers even who waits for something else than an operation, as for the keys of an issuer', async () => {
    const far = await startFakeUpstream();
    onTestFinished(() => far.close());
    far.onAny(silence);
    const { service, url } = await start({
      ...{ SHUTDOWN_TIMEOUT_MS: '500', SHUTDOWN_DELAY_MS: '100' },
      ...{ JWKS_URL: `${far.baseUrl}/keys`, JWT_ISSUER: 'https://issuer.test', JWT_AUDIENCE: 'monitor-graph' },
      JWKS_TIMEOUT_MS: '600000',
    });
    const header = Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url');
    const requested = fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${header}.e30.e30` },
      body: query,
    });
    await far.arrived(1);

    const ended = service.stop('SIGTERM');
    const response = await requested;

    expect(response.status).toBe(503);
    expect(Object.fromEntries(response.headers)).toMatchObject({ connection: 'close', ...securityHeaders });
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'This process is shutting down. Try again.',
          extensions: { code: 'OVERLOADED', requestId: response.headers.get('x-request-id') },
        },
      ],
    });
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const requests = stdout.split('\n').filter((line) => line.includes('"msg":"request"'));
    expect(requests.map((line) => JSON.parse(line).requestId)).toEqual([response.headers.get('x-request-id')]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at once after a second signal, %s', async (signal) => {
    const { service, upstream, url } = await start({
      SHUTDOWN_TIMEOUT_MS: '600000',
      OPERATION_TIMEOUT_MS: '600000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '600000',
    });
    upstream.on(datafoldPath, silence);
    const requested = createClient(url).execute();
    await upstream.arrived(1);
    const lost = expect(requested).rejects.toThrow();
    void service.stop('SIGTERM');
    await stopping(service);

    const { code } = await service.stop(signal);

    await lost;
    expect(code).toBe(1);
  });
});

describe('graceful shutdown: a process stopped under load', { timeout: 60_000 }, () => {
  it('loses nothing of clients that go elsewhere when it is not ready', async () => {
    const { service, upstream, url } = await start();
    upstream.on(datafoldPath, { body: datafoldBody });
    let answered = 0;
    const lost: unknown[] = [];
    let isOver = false;
    const work = async () => {
      const client = createClient(url);
      while (!isOver) {
        try {
          const response = await client.execute();
          expect(await json(response)).toEqual(found);
          answered++;
          // As a balancer does: away from a connection that is closed, and from a process that isn't ready.
          isOver ||= response.headers.connection === 'close';
        } catch (error) {
          lost.push(error);
        }
      }
    };
    const workers = Array.from({ length: 16 }, work);
    await upstream.arrived(200);

    const { code } = await service.stop('SIGTERM');
    await Promise.all(workers);

    expect({ code, lost }).toEqual({ code: 0, lost: [] });
    expect(answered).toBeGreaterThan(200);
  });
});

it('graceful shutdown: A server that stops listening has accepted every client that was waiting for it', async () => {
  const gracefulShutdown = createGracefulShutdown({ shutdownDelayMs: 1, shutdownTimeoutMs: 10_000 });
  const { url } = await createWorld({}, { gracefulShutdown });
  const requested = Array.from({ length: 60 }, () => sendLines(url, ['GET /health HTTP/1.1', 'Host: graph.test']));

  // All of them are connected before the server gets to look at the first.
  const end = performance.now() + 20;
  while (performance.now() < end);
  await gracefulShutdown.stop();

  expect((await Promise.all(requested)).map((response) => response?.status)).toEqual(requested.map(() => 200));
});
