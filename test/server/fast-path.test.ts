/**
 * The fast path and the slow path, side by side: whatever is sent, both give the same status, headers and body, and call the
 * providers for the same. The slow path here is a server whose gateway has no fast path, and executes nothing by a plan; the
 * other one plans all that it can.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createServer } from '../../src/server/server.ts';
import { simpleRequests } from '../faults/blocks/browsers.ts';
import { bodies, bombs, mistakes } from '../faults/blocks/query-bombs.ts';
import { groups } from '../faults/blocks/raw-http.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { type FakeUpstream, type Reply, startFakeUpstream } from '../support/fake-upstream.ts';

let datafold: FakeUpstream;
let olostep: FakeUpstream;
/** The ports of both ways. */
let short: number;
let full: number;
let shortAnswers = 0;
const closers: (() => unknown)[] = [];

/** What makes the server take the slow path. */
const incremental = { start: () => Promise.reject(new Error('Expected the slow path.')) };

const limits = { maxAttempts: 1, breakerMinCalls: 1_000_000, maxEventLoopLagMs: 60_000, freshMs: 0 };

beforeAll(async () => {
  datafold = await startFakeUpstream();
  olostep = await startFakeUpstream();
  const create = (compileAfterUses: number) =>
    createGateway({
      providers: {
        DATAFOLD: { apiKey: 'canary-datafold', baseUrl: datafold.baseUrl },
        OLOSTEP: { apiKey: 'canary-olostep', baseUrl: olostep.baseUrl },
      },
      bodyLimitEnforced: true,
      // Entries would end between the two requests that are compared, and responses would be reused by the second one.
      runCache: false,
      introspection: false,
      log: silentLog,
      persistedDocuments: [{ [hashOf(everything)]: everything, relay: everything }],
      limits: { ...limits, compileAfterUses },
    });
  const planning = create(1);
  const plain = create(1_000_000);
  short = await listen({
    ...planning,
    // What is executed or rejected here is sent on the fast path.
    async executeOperation(...parameters) {
      const operation = await planning.executeOperation(...parameters);
      if (!('start' in operation)) shortAnswers++;
      return operation;
    },
  });
  full = await listen({ ...plain, executeOperation: () => incremental });
  closers.push(datafold.close, olostep.close, planning.close, plain.close);
  // The slow path loads with its first request, longer than these tests wait. A 200 of each provider verifies the credentials.
  const headers = { 'content-type': 'application/json' };
  answerWell();
  for (const port of [short, full])
    for (const body of ['{}', good])
      await (await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body })).text();
});

afterAll(async () => {
  for (const close of closers) await close();
});

async function listen(gateway: Gateway): Promise<number> {
  const server = createServer({ gateway, log: silentLog, operations: [], limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close(), server.closeAllConnections.bind(server));
  return (server.address() as AddressInfo).port;
}

/** Sends the bytes, and behind them a request that ends the connection; returns all that is answered. */
async function send(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  // A server that has said no may close before it has read everything.
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(bytes);
  socket.write('GET /health HTTP/1.1\r\nHost: end.test\r\nConnection: close\r\n\r\n');
  // Where the bytes lack something, the request behind them is taken for it, and no response comes.
  socket.setTimeout(1_500, () => socket.destroy());
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Without what is another for each answer. */
const comparable = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/(?<="retryAfterMs":)\d+/g, 'MS')
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .map((answer) => {
      const [head = '', ...body] = answer.split('\r\n\r\n');
      return [toHead(head), ...body].join('\n\n');
    })
    .join('\n');

/** The lines of a head sorted, without the date and the framing of the body. */
const toHead = (head: string) =>
  head
    .toLowerCase()
    .split('\r\n')
    .filter((line) => !/^(?:date|content-length|transfer-encoding): /.test(line))
    .sort()
    .join('\n');

async function expectSame(bytes: string | Uint8Array): Promise<string> {
  const before = datafold.paths.length + olostep.paths.length;
  const shortly = comparable(await send(short, bytes));
  const between = datafold.paths.length + olostep.paths.length;
  const fully = comparable(await send(full, bytes));
  const after = datafold.paths.length + olostep.paths.length;

  expect(shortly).toBe(fully);
  expect(between - before).toBe(after - between);
  return shortly;
}

const toBytes = (body: string, headers: Record<string, string> = {}) => {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `POST /graphql HTTP/1.1\r\nHost: graph.test\r\n${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

function answerWell(): void {
  datafold.onAny({ status: 404 });
  olostep.onAny({ status: 404 });
  datafold.on(datafoldPath, { body: datafoldBody });
  olostep.on(olostepPath, { body: olostepBody });
}

const everything = `query ($datafold: MonitorRunKey!, $olostep: MonitorRunKey!) {
  datafold: monitorRun(key: $datafold) { __typename id provider monitorId runId phase outcome startedAt
    ... on DatafoldRun { state rawState diffId error warnings } }
  olostep: monitorRun(key: $olostep) { __typename id provider monitorId runId phase outcome startedAt
    ... on OlostepRun { finishedAt snapshot logGroup events(first: 2) { totalCount pageInfo { hasNextPage endCursor }
      edges { cursor node { id timestamp ingestedAt stream message kind event } } } } }
}`;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const apollo = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });
const variables = { datafold: datafoldKey, olostep: olostepKey };
const deferred = 'datafoldRun(monitorId: 7, runId: 42) { id ... @defer { state } }';
const good = JSON.stringify({ query: everything, variables });

describe('fast path: the fast path and the slow path respond the same', () => {
  beforeAll(answerWell);

  it.each(
    exampleOperations.map((query) => [query.split('\n').find((line) => /^(query|\{)/.test(line)) ?? query, query]),
  )('the example %s', async (_name, query) => {
    await expectSame(
      toBytes(JSON.stringify({ query, variables: { key: datafoldKey, keys: [datafoldKey, olostepKey] } })),
    );
  });

  it.each([
    '*/*',
    'application/json',
    'application/graphql-response+json',
    'application/json, */*',
    'APPLICATION/JSON',
    'application/graphql-response+json,application/json;q=0.9',
    'application/json;q=0.1, application/graphql-response+json',
    'application/graphql-response+json; charset=utf-8',
    'application/json; charset=utf-16',
    'application/*',
    '*/json',
    'text/html',
    'image/png',
    '',
    'text/event-stream',
    'multipart/mixed',
    'text/event-stream, application/json',
    'nonsense',
    '*',
    'application/json, text/event-stream',
    'text/plain, */*;q=0.1',
    'application/json;charset=UTF-8',
    ',',
    'application/ json',
  ])('with Accept: %s', async (accept) => {
    await expectSame(toBytes(good, { accept }));
    await expectSame(toBytes('{"query":"{ nonsense }"}', { accept }));
  });

  it.each([
    ['*/*', 'a deferred fragment', `{ ... @defer { ${deferred} } }`],
    ['application/json', 'a deferred fragment', `{ ... @defer { ${deferred} } }`],
    ['multipart/mixed, application/json', 'a deferred fragment', `{ ... @defer { ${deferred} } }`],
    ['application/json, text/event-stream', 'a deferred fragment', `{ ... @defer { ${deferred} } }`],
    ['application/json', 'a list that is streamed', '{ nodes(ids: ["DATAFOLD:7:42"]) @stream { id } }'],
    [
      'multipart/mixed, application/json',
      'a list that is streamed',
      '{ nodes(ids: ["DATAFOLD:7:42"]) @stream { id } }',
    ],
    ['multipart/mixed, */*', 'a field that is streamed', `{ __typename @stream ${deferred} }`],
    ['multipart/mixed;incrementalSpec=v0.2, */*', 'a deferred fragment', `{ ... @defer { ${deferred} } }`],
  ])('with Accept: %s and %s', async (accept, _what, query) => {
    // As often as operations are executed until they have a plan, and once more.
    for (let time = 0; time < 2; time++) await expectSame(toBytes(JSON.stringify({ query }), { accept }));
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; charset=utf-8',
    'APPLICATION/JSON',
    'application/json; charset=utf-16',
    'application/graphql+json',
    'application/json, text/plain',
    'application/json;',
    'text/json',
  ])('with Content-Type: %s', async (type) => {
    await expectSame(toBytes(good, { 'content-type': type }));
  });

  it.each([
    ['x-request-id', 'from-a-proxy-1'],
    ['x-request-id', 'not harmless!'],
    ['origin', 'https://elsewhere.test'],
    ['accept-encoding', 'gzip'],
    ['content-encoding', 'gzip'],
    ['authorization', 'Bearer unneeded-token'],
    ['x-datafold-api-key', 'mine'],
    ['cookie', 'a=b'],
    ['expect', '100-continue'],
  ])('with %s: %s', async (name, value) => {
    await expectSame(toBytes(good, { [name]: value }));
  });

  it.each([
    ['nothing', ''],
    ['what isn’t JSON', '{'],
    ['a byte order mark', `\uFEFF${good}`],
    ['half a surrogate pair', '{"query":"{ __typename }","operationName":"\\ud800"}'],
    ['no object', '[]'],
    ['null', 'null'],
    ['no query', '{}'],
    ['a null query', '{"query":null}'],
    ['an empty query', '{"query":""}'],
    ['an unknown parameter', '{"query":"{ __typename }","q":1}'],
    ['an unknown parameter that is null', '{"query":"{ __typename }","q":null}'],
    ['empty extensions', '{"query":"{ __typename }","extensions":{}}'],
    ['null variables', '{"query":"{ __typename }","variables":null}'],
    ['a list of variables', '{"query":"{ __typename }","variables":[]}'],
    ['an operation name', '{"query":"query A { __typename } query B { a: __typename }","operationName":"B"}'],
    ['an unknown operation name', '{"query":"query A { __typename }","operationName":"B"}'],
    ['an empty operation name', '{"query":"query A { __typename }","operationName":""}'],
    ['an operation name that is a number', '{"query":"query A { __typename }","operationName":1}'],
    ['two operations and no name', '{"query":"query A { __typename } query B { __typename }"}'],
    ['a mutation', '{"query":"mutation { a }"}'],
    ['a subscription', '{"query":"subscription { a }"}'],
    ['a fragment alone', '{"query":"fragment A on Query { __typename }"}'],
    ['introspection', '{"query":"{ __schema { queryType { name } } }"}'],
    ['a variable too few', JSON.stringify({ query: everything })],
    ['a variable of the wrong kind', JSON.stringify({ query: everything, variables: { ...variables, olostep: 7 } })],
    [
      'a provider that is none',
      JSON.stringify({ query: everything, variables: { ...variables, olostep: { ...olostepKey, provider: 'X' } } }),
    ],
    [
      'ids that are none',
      JSON.stringify({ query: everything, variables: { ...variables, olostep: { ...olostepKey, runId: '../x' } } }),
    ],
    ['an id as an unsafe number', good.replace('"42"', '9007199254740993')],
    [
      '101 keys',
      JSON.stringify({
        query: 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }',
        variables: { keys: Array(101).fill(datafoldKey) },
      }),
    ],
    [
      'a page too large',
      '{"query":"{ olostepRun(monitorId: \\"monitor_n8q2x4m1ak\\", runId: \\"run_k3v9c1p7zd\\") { id events(first: 1001) { totalCount } } }"}',
    ],
    ['names like __proto__', '{"query":"{ __proto__: __typename constructor: __typename }"}'],
  ])('a body of %s', async (_name, body) => {
    await expectSame(toBytes(body));
  });

  const listed = hashOf(everything);
  const typename = '{ __typename }';

  it.each<[string, object]>([
    ['a listed document by documentId', { documentId: `sha256:${listed}`, variables }],
    ['a listed document by doc_id', { doc_id: 'relay', variables }],
    ['a listed document by id', { id: listed, variables }],
    ["a listed document by Apollo's hash", { extensions: apollo(listed), variables }],
    ['a listed document and its text', { query: everything, extensions: apollo(listed), variables }],
    ['a listed document, and ids of null', { id: listed, doc_id: null, query: null, extensions: null, variables }],
    ['a listed document without its variables', { id: listed }],
    ['a listed document with an unknown operation name', { id: listed, operationName: 'B', variables }],
    ['an unknown id', { id: 'unknown' }],
    ['an empty id', { id: '' }],
    ['an id that is a number', { id: 7 }],
    ['an id that is a list', { documentId: [listed] }],
    ['an id and a text', { id: listed, query: everything, variables }],
    ['two ids', { id: listed, doc_id: listed, variables }],
    ['an unknown hash', { extensions: apollo(hashOf('unknown')) }],
    ['a hash and its text', { query: typename, extensions: apollo(hashOf(typename)) }],
    ['a hash whose text has been sent', { extensions: apollo(hashOf(typename)) }],
    ['the hash of another text', { query: everything, extensions: apollo(hashOf(typename)), variables }],
    ['the hash of what is invalid', { query: '{ nonsense }', extensions: apollo(hashOf('{ nonsense }')) }],
    ['a hash of another version', { extensions: { persistedQuery: { version: 2, sha256Hash: listed } } }],
    ['a hash that is a number', { extensions: { persistedQuery: { version: 1, sha256Hash: 7 } } }],
    ['a persistedQuery of text', { query: typename, extensions: { persistedQuery: listed } }],
    ['a persistedQuery of null', { query: typename, extensions: { persistedQuery: null } }],
    ['other extensions', { query: typename, extensions: { clientLibrary: { name: '@apollo/client' } } }],
    ['extensions of text', { query: typename, extensions: 'x' }],
    ['a list of extensions', { query: typename, extensions: [] }],
    ['a hash, and a query that is a number', { query: 7, extensions: apollo(listed) }],
    ['a hash, and an unknown parameter', { q: 7, extensions: apollo(listed) }],
  ])('a body of %s', async (_name, params) => {
    await expectSame(toBytes(JSON.stringify(params)));
  });

  it.each<[string, object]>([
    ['the id of a listed document', { documentId: listed, variables }],
    ['the hash of a listed document', { extensions: apollo(listed), variables }],
    [
      'what Apollo Client says of itself',
      { query: typename, extensions: { clientLibrary: { name: '@apollo/client' } } },
    ],
  ])('%s is no reason for the slow path', async (_name, params) => {
    const before = shortAnswers;

    await send(short, toBytes(JSON.stringify(params)));

    expect(shortAnswers).toBe(before + 1);
  });

  it.each([
    ['a listed document', { documentId: listed, variables: JSON.stringify(variables) }],
    ['an unknown id', { documentId: 'unknown' }],
    ['an empty id', { documentId: '', query: typename }],
    ['two ids', { id: 'relay', doc_id: 'relay' }],
    ['a hash', { extensions: JSON.stringify(apollo(listed)), variables: JSON.stringify(variables) }],
  ])('a GET of %s', async (_name, params) => {
    const target = `/graphql?${new URLSearchParams(params)}`;
    await expectSame(`GET ${target} HTTP/1.1\r\nHost: graph.test\r\napollo-require-preflight: 1\r\n\r\n`);
  });

  describe('from the attacks:', () => {
    it.each(Object.entries({ ...bombs, ...mistakes }))('%s', async (_name, bomb) => {
      await expectSame(toBytes(JSON.stringify(bomb)));
    });

    it.each(Object.entries(bodies))('%s', async (_name, body) => {
      await expectSame(toBytes(body));
    });

    it.each(
      Object.entries(groups).flatMap(([group, cases]) =>
        Object.entries(cases).map(([name, { bytes }]) => [`${group}: ${name}`, bytes] as const),
      ),
    )('%s', async (_name, bytes) => {
      await expectSame(bytes);
    });

    it.each(Object.entries(simpleRequests('{ __typename }')))(
      '%s',
      async (_name, { method = 'GET', path = '/graphql', headers = {}, body = '' }) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        await expectSame(
          `${method} ${path} HTTP/1.1\r\nHost: graph.test\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n${body}`,
        );
      },
    );
  });
});

describe('fast path: whatever a provider answers, both ways say the same:', () => {
  const replies: Record<string, Reply> = {
    ...Object.fromEntries(
      [
        204, 206, 301, 302, 307, 400, 401, 402, 403, 404, 408, 409, 410, 418, 422, 425, 500, 501, 502, 503, 504, 505,
      ].map((status) => [String(status), { status }]),
    ),
    'no JSON': { body: '<html>' },
    'a list': { body: '[]' },
    'the run of another monitor': { body: { run_id: 43, monitor_id: 7 } },
    'nothing of a run': { body: {} },
    'wrong types everywhere': {
      body: { state: 1, started_at: 2, diff_id: 'x', error: [], warnings: 7, events: 3, snapshot: 'x', log_group: [] },
    },
    'events that are none': { body: { events: [null, 1, 'x', [], { ts: 'x' }, { ts: 1e300, message: 7 }] } },
    'a value that is nested too deeply': { body: `{"snapshot":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}` },
    'long numbers': { body: '{"diff_id":12345678901234567890,"snapshot":{"n":1.00000000000000000001}}' },
    // The last one, as it pauses the credentials. A pause beyond the deadline isn't waited for.
    '429 with a pause': { status: 429, headers: { 'retry-after': '60' } },
  };

  it('lists large and small, which go out in pieces', async () => {
    const events = Array.from({ length: 400 }, (_, n) => ({
      id: `e${n}`,
      ts: Date.UTC(2026, 10) + n,
      message: 'é'.repeat(60),
    }));
    const { monitorId } = olostepKey;
    // Of the other runs there are copies.
    olostep.on(olostepPath.replace(olostepKey.runId, 'run_large'), {
      body: { ...olostepBody, run_id: 'run_large', events },
    });
    const large = 'nodes { id message } edges { node { message } }';
    const query = `{ olostepRun(monitorId: "${monitorId}", runId: "run_large") {
      a: events(first: 1) { nodes { id } edges { cursor } } b: events(first: 400) { ${large} } c: events { totalCount ${large} } } }`;
    const before = shortAnswers;

    const answer = await expectSame(toBytes(JSON.stringify({ query })));

    expect(shortAnswers).toBe(before + 1);
    expect(answer.length).toBeGreaterThan(100_000);
  });

  it.each(Object.entries(replies))('%s', async (_name, reply) => {
    for (const upstream of [datafold, olostep]) upstream.onAny(reply);
    datafold.on(datafoldPath, reply);
    olostep.on(olostepPath, reply);

    await expectSame(toBytes(good));
  });
});

it.each([
  ['whose document is invalid', { query: '{ nonsense }' }],
  ['whose variables are wrong', { query: everything }],
  ['of an unknown operation', { query: everything, operationName: 'Unknown', variables }],
  ['of an unknown document', { id: 'unknown' }],
  ['with an unknown parameter', { query: '{ __typename }', q: 1 }],
])('fast path: a request %s is rejected on the fast path', async (_what, body) => {
  const before = shortAnswers;

  expect(await send(short, toBytes(JSON.stringify(body)))).toContain('"errors":[');

  expect(shortAnswers).toBe(before + 1);
});

it('fast path: The fast path was taken for all valid requests', () => {
  expect(shortAnswers).toBeGreaterThan(110);
});
