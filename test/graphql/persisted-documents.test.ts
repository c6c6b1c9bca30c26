/** Documents that clients name by an id: listed at the start, or registered by their hash. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { exampleManifest } from '../../src/config/config.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath } from '../support/bodies.ts';
import { type Answer, createWorld, verifyCredentials, type World } from '../support/world.ts';

const hashOf = (text: string, algorithm = 'sha256') => createHash(algorithm).update(text).digest('hex');

const runs = 'query Runs($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id outcome } }';
const two = 'query A { a: __typename } query B { b: __typename }';
const other = '{ other: __typename }';
const variables = { keys: [datafoldKey] };
const answer = { data: { monitorRuns: [{ id: 'DATAFOLD:7:42', outcome: 'PASSED' }] } };

/** A manifest of the client preset, by SHA-256, and one of Relay, which calls the other document by its MD5. */
const listed = [{ [`sha256:${hashOf(runs)}`]: runs }, { [hashOf(two, 'md5')]: two }];

const persistedQuery = (sha256Hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash } });

async function createListedWorld(config: Partial<GatewayConfig> = {}): Promise<World> {
  const world = await createWorld({ persistedDocuments: listed, ...config });
  world.datafold.on(datafoldPath, { body: datafoldBody });
  return world;
}

/** Both entry points for a request. */
const entrances = {
  POST: (world: World, params: object) => world.post(JSON.stringify(params)),
  GET: (world: World, params: object) => {
    const texts = Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    return fetch(`${world.url}?${new URLSearchParams(texts)}`, { headers: { 'apollo-require-preflight': 'yes' } });
  },
};

const refused = (message: string, code = 'BAD_USER_INPUT') => ({
  errors: [{ message, extensions: { code, requestId: expect.any(String) } }],
});
const notFound = refused('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND');
const notListed = refused('Expected a listed document: this service executes no others.');
const wrongHash = refused('Expected `sha256Hash` to be the SHA-256 of `query`, in lower-case hex.');
const notOne = refused('Expected one of `query`, `documentId`, `doc_id` and `id`, as text.');
const noHash = refused('Expected `persistedQuery` with `version` 1 and a `sha256Hash` of text.');

describe.each(Object.entries(entrances))('persisted documents: by %s, a listed document', (_entrance, send) => {
  it.each([
    ['documentId', { documentId: `sha256:${hashOf(runs)}` }],
    ['documentId without prefix', { documentId: hashOf(runs) }],
    ["Apollo's persistedQuery", { extensions: persistedQuery(hashOf(runs)) }],
    ["the client preset's hash as Apollo's persistedQuery", { extensions: persistedQuery(`sha256:${hashOf(runs)}`) }],
    ["Relay's doc_id", { doc_id: hashOf(runs) }],
    ["Relay's id", { id: hashOf(runs) }],
  ])('is executed with its variables when it is named by %s', async (_name, params) => {
    const world = await createListedWorld();

    const response = await send(world, { ...params, variables });

    expect(await response.json()).toEqual(answer);
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it('is known by the id of its manifest, and by its SHA-256', async () => {
    const world = await createListedWorld();

    for (const id of [hashOf(two, 'md5'), hashOf(two), `sha256:${hashOf(two)}`]) {
      const response = await send(world, { id, operationName: 'B' });
      expect(await response.json()).toEqual({ data: { b: 'Query' } });
    }
  });

  it('is answered the same again and again', async () => {
    const world = await createListedWorld();

    for (let time = 0; time < 5; time++)
      expect(await (await send(world, { documentId: hashOf(runs), variables })).json()).toEqual(answer);
  });

  it('has its variables checked', async () => {
    const world = await createListedWorld();

    const response = await send(world, { documentId: hashOf(runs), variables: { keys: 7 } });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(world.datafold.paths).toEqual([]);
  });

  it('makes as many upstream calls as one that is sent', async () => {
    const world = await createListedWorld({ limits: { maxUpstreamCalls: 1 } });
    await verifyCredentials(world);
    const keys = [anyDatafoldRun(1).key, anyDatafoldRun(2).key];

    const { errors } = (await (await send(world, { id: hashOf(runs), variables: { keys } })).json()) as Answer;

    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['OPERATION_TOO_COSTLY']);
    expect(world.datafold.paths).toHaveLength(1);
  });
});

describe.each(Object.entries(entrances))('persisted documents: by %s, a request', (_entrance, send) => {
  it.each([
    ['documentId', { documentId: `sha256:${hashOf(other)}` }],
    ['documentId, of a prefix that means nothing', { documentId: `sha256:${hashOf(two, 'md5')}` }],
    ['documentId, of JavaScript', { documentId: '__proto__' }],
    ['doc_id', { doc_id: hashOf(other) }],
    ['id', { id: '0' }],
    ["Apollo's persistedQuery", { extensions: persistedQuery(hashOf(other)) }],
  ])('that names a document by an unknown %s has an error', async (_name, params) => {
    const world = await createListedWorld();

    const response = await send(world, params);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(notFound);
  });

  it.each([
    ['a text and an id', { query: other, documentId: hashOf(runs) }, notOne],
    ['two ids', { doc_id: hashOf(runs), id: hashOf(runs) }, notOne],
    ["an id and Apollo's persistedQuery", { id: hashOf(runs), extensions: persistedQuery(hashOf(runs)) }, notOne],
    ['another version of persistedQuery', { extensions: persistedQuery(hashOf(runs), 2) }, noHash],
    ['a hash of a number', { extensions: persistedQuery(7) }, noHash],
    ['a persistedQuery of text', { extensions: { persistedQuery: hashOf(runs) } }, noHash],
    ['a text and the hash of another', { query: other, extensions: persistedQuery(hashOf(runs)) }, wrongHash],
    [
      'a text and its hash in capitals',
      { query: other, extensions: persistedQuery(hashOf(other).toUpperCase()) },
      wrongHash,
    ],
  ])('with %s is refused', async (_name, params, refusal) => {
    const world = await createListedWorld();

    const response = await send(world, { ...params, variables });

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(refusal);
    expect(world.datafold.paths).toEqual([]);
  });
});

it('persisted documents: refuses an id that is no text', async () => {
  const world = await createListedWorld();

  for (const id of [7, true, {}, [hashOf(runs)]]) {
    expect(await (await world.post(JSON.stringify({ documentId: id }))).json()).toEqual(notOne);
  }
});

it('persisted documents: takes ids of null for none', async () => {
  const world = await createListedWorld();
  const none = { documentId: null, doc_id: null, id: null, extensions: { persistedQuery: null } };

  expect(await (await world.post(JSON.stringify({ query: runs, variables, ...none }))).json()).toEqual(answer);
});

it('persisted documents: executes no GET that a page of another site can send, whatever it names', async () => {
  const world = await createListedWorld();

  const response = await fetch(`${world.url}?documentId=${hashOf(runs)}`);

  expect(response.status).toBe(403);
});

it('persisted documents: refuses a body that is too large, though it names a document', async () => {
  const world = await createListedWorld();

  const response = await world.post(
    JSON.stringify({ documentId: hashOf(runs), operationName: 'x'.repeat(100 * 1024) }),
  );

  expect(response.status).toBe(413);
});

describe('persisted documents: an automatic persisted query', () => {
  const params = { extensions: persistedQuery(hashOf(other)) };
  const register = (world: World, query: string) =>
    world.post(JSON.stringify({ query, extensions: persistedQuery(hashOf(query)) }));
  const requestFor = async (world: World, query: string) =>
    (await world.post(JSON.stringify({ extensions: persistedQuery(hashOf(query)) }))).json();

  it('is sent once, and then requested by its hash', async () => {
    const world = await createWorld();
    const good = { data: { other: 'Query' } };

    expect(await requestFor(world, other)).toEqual(notFound);
    expect(await (await register(world, other)).json()).toEqual(good);
    expect(await requestFor(world, other)).toEqual(good);
    expect(await (await entrances.GET(world, params)).json()).toEqual(good);
    expect(await (await world.post(JSON.stringify({ documentId: `sha256:${hashOf(other)}` }))).json()).toEqual(good);
  });

  it.each([
    ['deep', `{ datafoldRun(monitorId: 7, runId: 42) ${'{ id '.repeat(11)}${'}'.repeat(11)} }`, 'OPERATION_TOO_COSTLY'],
    ['unsound', '{ nonsense }', 'BAD_USER_INPUT'],
    ['half', '{', 'BAD_USER_INPUT'],
  ])('that is too %s is refused as always, and not stored', async (_name, query, code) => {
    const world = await createWorld();

    expect(await (await register(world, query)).json()).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(await requestFor(world, query)).toEqual(notFound);
  });

  it('is not stored under the hash of another', async () => {
    const world = await createWorld();

    expect(await (await world.post(JSON.stringify({ query: two, ...params }))).json()).toEqual(wrongHash);
    expect(await requestFor(world, other)).toEqual(notFound);
  });

  it.each([
    ['queries', { apqCacheEntries: 2 }],
    ['characters', { apqCacheChars: 2 * other.length + 1 }],
  ])('is evicted, when there are too many %s, if it was used longest ago', async (_name, limits) => {
    const world = await createWorld({ limits });
    const [a, b, c] = ['1', '2', '3'].map((digit) => `{ o${digit}her: __typename }`) as [string, string, string];

    for (const query of [a, b]) await register(world, query);
    await requestFor(world, a);
    await register(world, c);

    expect(await requestFor(world, b)).toEqual(notFound);
    for (const query of [a, c]) expect(await requestFor(world, query)).toHaveProperty('data');
  });

  it.each([false, true])('is what Apollo Client sends, with hashes by GET: %s', async (useGETForHashedQueries) => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const requested: string[] = [];
    const createClient = () => {
      const http = new HttpLink({
        uri: world.url,
        headers: { 'apollo-require-preflight': 'yes' },
        fetch: (url, init) => {
          requested.push(`${init?.method} ${`${url}${init?.body ?? ''}`.includes('monitorRuns') ? 'text' : 'hash'}`);
          return fetch(url, init);
        },
      });
      const persisted = new PersistedQueryLink({ sha256: hashOf, useGETForHashedQueries });
      return new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([persisted, http]) });
    };
    const query = parse(runs);

    for (let time = 0; time < 2; time++) {
      const { data } = await createClient().query({ query, variables });
      expect(data).toMatchObject(answer.data);
    }

    const hash = useGETForHashedQueries ? 'GET hash' : 'POST hash';
    expect(requested).toEqual([hash, 'POST text', hash]);
  });
});

describe('persisted documents: with listed documents only,', () => {
  const send = async (world: World, params: object) => (await world.post(JSON.stringify(params))).json();

  it('a listed one is executed by its id, by its hash with its text, and by its text', async () => {
    const world = await createListedWorld({ persistedDocumentsOnly: true });

    expect(await send(world, { id: hashOf(runs), variables })).toEqual(answer);
    expect(await send(world, { query: runs, extensions: persistedQuery(hashOf(runs)), variables })).toEqual(answer);
    expect(await send(world, { query: runs, variables })).toEqual(answer);
  });

  it.each([
    ['another', { query: other }],
    ['a listed one with a space more', { query: `${runs} `, variables }],
    ['what is no GraphQL', { query: '{' }],
    ['the schema', { query: '{ __schema { queryType { name } } }' }],
    ['the type of the query', { query: '{ __typename }' }],
    ['an automatic one', { query: other, extensions: persistedQuery(hashOf(other)) }],
    ['an unknown hash', { extensions: persistedQuery(hashOf(other)) }],
    ['an unknown id', { documentId: 'unknown' }],
    ['nothing', {}],
    ['a number', { query: 7 }],
  ])('%s is refused before it is parsed, by POST and by GET', async (_name, params) => {
    const world = await createListedWorld({ persistedDocumentsOnly: true });

    for (const enter of Object.values(entrances)) {
      const response = await enter(world, params);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual(notListed);
    }
    expect(world.datafold.paths).toEqual([]);
  });

  it('a listed one with the hash of another is refused', async () => {
    const world = await createListedWorld({ persistedDocumentsOnly: true });

    expect(await send(world, { query: runs, extensions: persistedQuery(hashOf(two)), variables })).toEqual(wrongHash);
  });

  it('an operation that is mounted elsewhere is refused as well', async () => {
    const { gateway } = await createListedWorld({ persistedDocumentsOnly: true });
    const headers = { 'content-type': 'application/json' };

    const response = await gateway.fetch(
      new Request('http://bff.test/graphql', { method: 'POST', headers, body: JSON.stringify({ query: other }) }),
    );

    expect(await response.json()).toEqual(notListed);
  });
});

describe('persisted documents: the manifest of the example operations', () => {
  const manifest: Record<string, string> = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));

  it('has each of them by the SHA-256 of what clients print, with graphql 16 and 17', () => {
    const texts = exampleOperations.map((text) => print(parse(text)));

    // Printed by the version that is installed.
    expect(exampleManifest).toMatchObject(Object.fromEntries(texts.map((text) => [hashOf(text), text])));
    expect(Object.entries(exampleManifest).filter(([id, text]) => id !== hashOf(text))).toEqual([]);
  });

  it('leaves out what tighter limits do not admit', async () => {
    const world = await createWorld({ exampleDocuments: manifest, limits: { maxDepth: 2 } });
    const idOf = (name: string) => Object.entries(manifest).find(([, text]) => text.startsWith(`query ${name}(`))?.[0];
    world.datafold.on(datafoldPath, { body: datafoldBody });

    expect(await (await world.post(JSON.stringify({ id: idOf('Node') }))).json()).toMatchObject({
      data: { node: { id: 'DATAFOLD:7:42' } },
    });
    expect(await (await world.post(JSON.stringify({ id: idOf('RunLog') }))).json()).toEqual(notFound);
  });
});
