/** A bug of ours: masked for the client, whole in the log. */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway/create-gateway.ts';
import type { Log } from '../../src/observability/logger.ts';
import { createServer } from '../../src/server/server.ts';
import { datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { type Handler, type Reply, silence } from '../support/fake-upstream.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld } from '../support/world.ts';

/** A log that breaks as soon as a provider does. */
function createBrokenLog() {
  const bugs: { message: string; requestId?: string; error?: string }[] = [];
  const log: Log = {
    info() {},
    warn() {
      throw new TypeError('canary of the inside');
    },
    error: (fields, message) => void bugs.push({ message, ...fields }),
  };
  return { log, bugs };
}

const query = `{
  datafoldRun(monitorId: 7, runId: 42) { id }
  olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { phase }
}`;

it.each(['production', 'development', 'test'])(
  'error masking: is masked, and touches no neighbour, when NODE_ENV is %s',
  async (env) => {
    setNodeEnv(env);
    const world = await createWorld({ log: createBrokenLog().log });
    world.datafold.on(datafoldPath, { status: 503 });
    world.olostep.on(olostepPath, { body: olostepBody });

    const response = await world.post(JSON.stringify({ query }));

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      data: { datafoldRun: null, olostepRun: { phase: 'FINISHED' } },
      errors: [
        {
          message: 'Unexpected error.',
          path: ['datafoldRun'],
          locations: [{ line: 2, column: 3 }],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: response.headers.get('x-request-id') },
        },
      ],
    });
  },
);

it.each<[how: string, answer: Reply | Handler]>([
  ['refuses the call', { status: 400 }],
  ['refuses the credential', { status: 401 }],
  ['cuts the connection', (request) => request.socket.destroy()],
  ['does not answer in time', silence],
])('error masking: ends the call all the same when a provider %s', async (_how, answer) => {
  const world = await createWorld({
    log: createBrokenLog().log,
    limits: { upstreamAttemptTimeoutMs: 100, maxAttempts: 1 },
  });
  world.datafold.on(datafoldPath, answer);
  world.olostep.on(olostepPath, { body: olostepBody });

  for (let variants = 1; variants <= 2; variants++) {
    const response = await world.post(JSON.stringify({ query }));

    expect(await response.json()).toMatchObject({
      data: { datafoldRun: null, olostepRun: { phase: 'FINISHED' } },
      errors: [{ message: 'Unexpected error.', path: ['datafoldRun'] }],
    });
    expect(world.datafold.paths).toHaveLength(variants);
  }
});

it('error masking: is logged once, with its stack and the id of its request', async () => {
  const { log, bugs } = createBrokenLog();
  const world = await createWorld({ log });
  world.datafold.on(datafoldPath, { status: 503 });
  world.olostep.on(olostepPath, { body: olostepBody });

  const response = await world.post(JSON.stringify({ query }));

  expect(bugs).toEqual([
    {
      message: 'unexpected error',
      requestId: response.headers.get('x-request-id'),
      error: expect.stringMatching(/^TypeError: canary of the inside\n +at /),
    },
  ]);
});

it.each(['production', 'development'])(
  'error masking: is masked by the HTTP server too, when NODE_ENV is %s',
  async (env) => {
    setNodeEnv(env);
    const { log, bugs } = createBrokenLog();
    const gateway = {
      credentialHeaders: [],
      handleNodeRequest: () => Promise.reject(new Error('canary of the inside')),
    } as unknown as Gateway;
    const url = await listen(createServer({ gateway, log, operations: [] }));

    const response = await fetch(`${url}/graphql`, { method: 'POST', body: '{}' });
    const requestId = response.headers.get('x-request-id');

    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      errors: [{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }],
    });
    expect(bugs).toEqual([
      { message: 'unexpected error', requestId, error: expect.stringMatching(/^Error: canary of the inside\n +at /) },
    ]);
  },
);

it.each([
  ['a Host that is none', 'POST /graphql HTTP/1.1', 'Host: 1.2.3.4.5'],
  ['a Host with a space', 'POST /graphql HTTP/1.1', 'Host: graph .test'],
  ['a target that makes no URL', 'POST http://evil.test:port/graphql HTTP/1.1', 'Host: graph.test:80'],
])('error masking: shows no stack where the graph is mounted in another server, for %s', async (_what, ...lines) => {
  const gateway = createGateway({ providers: { DATAFOLD: { apiKey: 'key' } } });
  onTestFinished(() => gateway.close());
  const url = await listen(createHttpServer((request, response) => gateway.requestListener(request, response)));

  const response = await sendLines(url, lines);

  const requestId = response?.headers.get('x-request-id');
  expect(response?.status).toBe(400);
  expect(await response?.json()).toEqual({
    errors: [{ message: expect.stringMatching(/^Expected a Host/), extensions: { code: 'BAD_USER_INPUT', requestId } }],
  });
  expect(requestId).toMatch(/^[\w-]{36}$/);
});

function setNodeEnv(env: string): void {
  vi.stubEnv('NODE_ENV', env);
  onTestFinished(() => void vi.unstubAllEnvs());
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
