/** `gateway.requestListener` as middleware, as Express and Connect call it. Recipes of real frameworks are in `test/package/`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';

const query = '{ datafoldRun(monitorId: "7", runId: "42") { id } }';
const answer = { data: { datafoldRun: { id: 'DATAFOLD:7:42' } } };

describe('The request listener', () => {
  it.each([
    ['mounted by Express', '/graph', { baseUrl: '/graph', originalUrl: '/graph', url: '/' }],
    ['mounted by Express, with a query', '/graph?a=b', { baseUrl: '/graph', originalUrl: '/graph?a=b', url: '/?a=b' }],
    ['mounted by a router in another one', '/api/v1/graph', { baseUrl: '/api/v1/graph', url: '/' }],
    ['mounted by Connect', '/configured', { originalUrl: '/configured', url: '/' }],
    ['at its own path', '/configured', {}],
    ['at its own path, behind an app that is mounted', '/app/configured', { baseUrl: '/app', url: '/configured' }],
  ])('%s answers at its path', async (_how, target, mounted) => {
    const { post } = await listen(mounted);

    expect(await (await post(target)).json()).toEqual(answer);
  });

  it.each([
    ['of another path', '/elsewhere', {}],
    ['below a mount', '/graph/elsewhere', { baseUrl: '/graph', originalUrl: '/graph/elsewhere', url: '/elsewhere' }],
    ['of the root', '/', {}],
  ])('calls next for a request %s', async (_what, target, mounted) => {
    const { post } = await listen(mounted);

    expect(await (await post(target)).text()).toBe('next');
  });

  it('answers 404 for another path where nothing is next', async () => {
    const { post } = await listen({}, false);

    const response = await post('/elsewhere');

    expect(response.status).toBe(404);
    expect((await response.json()).errors[0].message).toBe('Expected the path /configured.');
  });

  it('leaves the target of the request as it is, for what logs it', async () => {
    const mounted = { baseUrl: '/graph', originalUrl: '/graph', url: '/' };
    const { post, seen } = await listen(mounted);

    await post('/graph');

    expect(seen[0]).toMatchObject(mounted);
  });

  it('streams an incremental response to its end', async () => {
    const { post } = await listen({ baseUrl: '/graph', url: '/' });

    const response = await post(
      '/graph',
      `{ ... @defer { datafoldRun(monitorId: "7", runId: "42") { id } } }`,
      'multipart/mixed',
    );

    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(await response.text()).toMatch(/"hasNext":true.*DATAFOLD:7:42.*"hasNext":false/s);
  });
});

/** @param mounted what a framework makes of a request */
async function listen(mounted: object, hasNext = true) {
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  const gateway = createGateway({
    path: '/configured',
    providers: { DATAFOLD: { apiKey: 'key', baseUrl: upstream.baseUrl } },
  });
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response: ServerResponse) => {
    seen.push(Object.assign(request, mounted));
    gateway.requestListener(request, response, hasNext ? () => response.end('next') : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    upstream.close();
    await gateway.close();
  });
  const { port } = server.address() as AddressInfo;
  const post = (target: string, text = query, accept = 'application/json') =>
    fetch(`http://127.0.0.1:${port}${target}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query: text }),
    });
  return { post, seen };
}
