/** More than can be done in time is refused, at once and at little cost. */
import { describe, expect, it } from 'vitest';
import { anyDatafoldRun, datafoldBody } from '../support/bodies.ts';
import { type Handler, silence } from '../support/fake-upstream.ts';
import { sendBytes } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { phase } }';
const typename = '{"query":"{ __typename }"}';

/** Requests so many runs, each in a separate operation, and waits until all of them are in flight. */
async function occupy(world: World, count: number) {
  const controller = new AbortController();
  const requested = Array.from({ length: count }, (_, index) =>
    world.execute(query, { key: anyDatafoldRun(index + 1).key }, { signal: controller.signal }),
  );
  // Those that are not waited for end with the test.
  for (const answer of requested) answer.catch(() => {});
  await world.datafold.arrived(count);
  return { requested, leave: () => controller.abort() };
}

async function expectOverloaded(response: Response | null) {
  const text = (await response?.text()) ?? '';
  expect(response?.status).toBe(503);
  expect(response?.headers.get('retry-after')).toMatch(/^[123]$/);
  expect(JSON.parse(text)).toEqual({
    errors: [
      {
        message: 'Too busy. Try again soon.',
        extensions: { code: 'OVERLOADED', requestId: response?.headers.get('x-request-id') },
      },
    ],
  });
  expect(text.length).toBeLessThan(200);
}

describe('load shedding: an operation beyond as many as may be in flight', () => {
  it('is refused, and those before it are answered', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 3 } });
    const answers: (() => void)[] = [];
    const hold: Handler = (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
    };
    world.datafold.onAny(hold);
    const { requested } = await occupy(world, 3);

    await expectOverloaded(await world.post(typename));
    await expectOverloaded(await fetch(`${world.url}?query={__typename}`));
    for (const answer of answers) answer();

    expect(await Promise.all(requested)).toHaveLength(3);
    expect((await world.post(typename)).status).toBe(200);
  });

  it('is refused before its body is there', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 1 } });
    world.datafold.onAny(silence);
    await occupy(world, 1);

    // Nothing of the body is ever sent.
    const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json', 'Connection: close'];
    await expectOverloaded(await sendBytes(world.url, [...head, 'Content-Length: 100', '', ''].join('\r\n')));
  });

  it('is refused beside an incremental one, until that has sent its last part', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 1 } });
    let send: (() => void) | undefined;
    world.datafold.onAny((_request, response) => {
      send = () => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody));
    });
    const inParts = '{ __typename ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }';
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed' };

    const parts = await world.post(JSON.stringify({ query: inParts }), { headers });
    await world.datafold.arrived(1);
    await expectOverloaded(await world.post(typename));
    send?.();

    expect(await parts.text()).toContain('DATAFOLD:7:42');
    expect((await world.post(typename)).status).toBe(200);
  });

  it('leaves the pages on health and GraphiQL as they are', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 1 } });
    world.datafold.onAny(silence);
    await occupy(world, 1);

    for (const path of ['/health', '/ready', '/graphql'])
      expect((await fetch(new URL(path, world.url), { headers: { accept: 'text/html' } })).status).toBe(200);
  });

  it('finds a place again when a client has left', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 2 } });
    world.datafold.onAny(silence);
    const { requested, leave } = await occupy(world, 2);
    leave();
    await Promise.allSettled(requested);
    await world.datafold.deserted(2);

    expect((await world.post(typename)).status).toBe(200);
  });

  it('finds a place again when a client has sent several at once, and then what ends its connection', async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 3 } });
    world.datafold.onAny(silence);
    const body = JSON.stringify({ query, variables: { key: anyDatafoldRun(1).key } });
    const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'];
    const operation = [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
    const tunnel = 'CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test:80\r\n\r\n';

    // Node.js ends the connection at once, and tells the first of its answers alone.
    await sendBytes(world.url, `${operation.repeat(3)}${tunnel}`);

    expect((await world.post(typename)).status).toBe(200);
    expect(world.lines.map(({ status }) => status)).toEqual([499, 499, 499, 200]);
  });
});

describe('load shedding: while the event loop is late', () => {
  it('operations are refused, if there are several, until it is in time again', { timeout: 20_000 }, async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 32, maxEventLoopLagMs: 200 } });
    world.datafold.onAny(silence);
    await occupy(world, 2);

    block(1_500);

    await expectOverloaded(await until(world, 503));
    expect((await fetch(new URL('/ready', world.url))).status).toBe(200);
    await until(world, 200);
  });

  it('a single operation is admitted', { timeout: 20_000 }, async () => {
    const world = await createWorld({ limits: { maxConcurrentOperations: 32, maxEventLoopLagMs: 200 } });
    const first = Date.now();
    block(1_500);

    const statuses = new Set<number>();
    while (Date.now() - first < 3_500) statuses.add((await world.post(typename)).status);

    expect([...statuses]).toEqual([200]);
  });
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Sends requests until a response has the status. */
async function until(world: World, status: number): Promise<Response> {
  for (;;) {
    const response = await world.post(typename);
    if (response.status === status) return response;
    await response.arrayBuffer();
  }
}
