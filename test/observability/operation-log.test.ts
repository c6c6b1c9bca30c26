/** The line that the log has of each operation. */
import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { createLog } from '../../src/observability/logger.ts';
import { anyDatafoldRun, datafoldBody, datafoldPath } from '../support/bodies.ts';
import { silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { createWorld, type LogLine, type World } from '../support/world.ts';

const runQuery = 'query OneRun { datafoldRun(monitorId: 7, runId: 42) { state } }';

/** The lines of requests, once there are so many: a line is written when its response is over. */
const untilLines = ({ lines }: Pick<World, 'lines'>, count: number): Promise<readonly LogLine[]> =>
  vi.waitFor(() => {
    const found = lines.filter(({ message }) => message === 'request');
    expect(found).toHaveLength(count);
    return found;
  });

/** The line of an operation in a world with these runs. */
async function lineOf(query: string, init: RequestInit = {}): Promise<LogLine | undefined> {
  const world = await createWorld({ limits: { maxAttempts: 1 } });
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.datafold.on(anyDatafoldRun(43).path, { status: 503, body: {} });
  const headers = { 'content-type': 'application/json', ...init.headers };
  await (await world.post(JSON.stringify({ query }), { ...init, headers })).text();
  return (await untilLines(world, 1))[0];
}

describe('operation log', () => {
  it('operation log: has the name, the type, the outcome and the upstream calls of an operation', async () => {
    expect(await lineOf(runQuery)).toMatchObject({
      level: 'info',
      method: 'POST',
      path: '/graphql',
      status: 200,
      ms: expect.any(Number),
      operationName: 'OneRun',
      operationType: 'query',
      outcome: 'ok',
      upstreamCalls: 1,
    });
  });

  it('operation log: tells a partial operation from a failed one, by their codes', async () => {
    const failing = 'datafoldRun(monitorId: 7, runId: 43) { state }';

    expect(await lineOf(`{ a: datafoldRun(monitorId: 7, runId: 42) { state } b: ${failing} }`)).toMatchObject({
      status: 200,
      outcome: 'partial',
      errorCodes: ['UPSTREAM_UNAVAILABLE'],
      upstreamCalls: 2,
    });
    expect(await lineOf(`{ ${failing} }`)).toMatchObject({
      status: 200,
      outcome: 'failed',
      errorCodes: ['UPSTREAM_UNAVAILABLE'],
    });
  });

  it.each([
    ['a document that is not GraphQL', '{', undefined],
    ['an invalid document', 'query Invalid { nothing }', 'Invalid'],
  ])('operation log: %s has failed', async (_what, query, operationName) => {
    const line = await lineOf(query);

    expect(line).toMatchObject({ outcome: 'failed', errorCodes: ['BAD_USER_INPUT'], upstreamCalls: 0 });
    expect(line?.operationName).toBe(operationName);
  });

  it('operation log: says which client it was, by the headers of Apollo or by X-Client-Name, and of which trace', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const apollo = { 'apollographql-client-name': 'dashboard', 'apollographql-client-version': '2.1' };

    expect(
      await lineOf(runQuery, { headers: { ...apollo, traceparent: `00-${traceId}-b7ad6b7169203331-01` } }),
    ).toMatchObject({ clientName: 'dashboard', clientVersion: '2.1', traceId });
    const other = await lineOf(runQuery, { headers: { 'x-client-name': 'n'.repeat(200), traceparent: 'made up' } });
    expect(other).toMatchObject({ clientName: 'n'.repeat(100) });
    expect(other?.traceId).toBeUndefined();
  });

  it('operation log: has the id by which the client named the document, in every form', async () => {
    const id = createHash('sha256').update(runQuery).digest('hex');
    const world = await createWorld({ persistedDocuments: [{ [id]: runQuery }] });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    const persistedQuery = { version: 1, sha256Hash: id };
    for (const params of [{ documentId: `sha256:${id}` }, { doc_id: id }, { id }, { extensions: { persistedQuery } }])
      await world.post(JSON.stringify(params));
    await fetch(`${world.url}?documentId=${id}`, { headers: { 'content-type': 'application/json' } });

    const lines = await untilLines(world, 5);
    expect(lines.map(({ documentId }) => documentId)).toEqual([`sha256:${id}`, id, id, id, id]);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('operation log: says what saved upstream calls, and only that', async () => {
    const world = await createWorld({ runCache: true, limits: { freshMs: 60_000 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    await world.execute(runQuery);
    await world.execute(runQuery);

    const [first, second] = await untilLines(world, 2);
    expect(first).toMatchObject({ upstreamCalls: 1 });
    expect(first?.cacheHits).toBeUndefined();
    expect(second).toMatchObject({ upstreamCalls: 0, cacheHits: 1 });
  });

  it('operation log: an operation whose client disconnects has failed, and is no unexpected error', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, silence);
    const client = new AbortController();

    const waiting = world.execute(runQuery, {}, { signal: client.signal });
    await world.datafold.arrived(1);
    client.abort();
    await expect(waiting).rejects.toThrow();

    const [line] = await untilLines(world, 1);
    expect(line).toMatchObject({
      status: 499,
      operationName: 'OneRun',
      outcome: 'failed',
      errorCodes: ['CLIENT_DISCONNECTED'],
      upstreamCalls: 1,
    });
  });

  it('operation log: an incremental response has one line, with the codes of all its payloads', async () => {
    const query = `query Deferred {
      datafoldRun(monitorId: 7, runId: 42) { state }
      ... @defer { failing: datafoldRun(monitorId: 7, runId: 43) { state } }
    }`;

    expect(await lineOf(query, { headers: { accept: 'multipart/mixed' } })).toMatchObject({
      operationName: 'Deferred',
      outcome: 'partial',
      errorCodes: ['UPSTREAM_UNAVAILABLE'],
      upstreamCalls: 2,
    });
  });

  it('operation log: a request that is refused before it becomes an operation has the code of its error', async () => {
    const world = await createWorld({}, { apiTokens: ['a-token-of-16-chars'] });

    await world.execute(runQuery);

    const [line] = await untilLines(world, 1);
    expect(line).toMatchObject({ status: 401, errorCodes: ['UNAUTHENTICATED'] });
    expect(line?.outcome).toBeUndefined();
  });

  it('operation log: probes are logged at debug alone', async () => {
    const world = await createWorld();

    await fetch(new URL('/health', world.url));
    await fetch(new URL('/ready', world.url));

    expect((await untilLines(world, 2)).map(({ level }) => level)).toEqual(['debug', 'debug']);
    const written: string[] = [];
    for (const level of ['info', 'debug'] as const)
      createLog(level, { write: (line) => written.push(line) }).debug?.({}, `at ${level}`);
    expect(written).toEqual([expect.stringMatching(/^\{"level":"debug","time":"[^"]+","msg":"at debug"\}\n$/)]);
  });
});

it('operation log: the library logs a line of each operation where it is given a log', async () => {
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  const lines: object[] = [];
  const ignore = () => {};
  const gateway = createGateway({
    providers: { DATAFOLD: { apiKey: 'canary', baseUrl: upstream.baseUrl } },
    log: { info: (fields, message) => void lines.push({ message, ...fields }), warn: ignore, error: ignore },
  });
  onTestFinished(async () => {
    upstream.close();
    await gateway.close();
  });

  const headers = { 'content-type': 'application/json', 'x-client-name': 'nightly', 'x-request-id': 'r1' };
  const body = JSON.stringify({ query: runQuery });
  await (await gateway.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }))).text();

  expect(lines).toEqual([
    expect.objectContaining({
      message: 'operation',
      requestId: 'r1',
      ms: expect.any(Number),
      operationName: 'OneRun',
      outcome: 'ok',
      upstreamCalls: 1,
      clientName: 'nightly',
    }),
  ]);
});
