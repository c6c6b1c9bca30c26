import { globSync, readFileSync } from 'node:fs';
import { buildSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { toSubgraph } from '../../src/schema/federation.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepMonitorPath,
  olostepPath,
  toDatafoldRow,
} from '../support/bodies.ts';
import { createListingWorld, createWorld, verifyCredentials, type World } from '../support/world.ts';

/** Of each run what no list has, so that it is a call. */
const query = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on MonitorRun { id phase }
    ... on DatafoldRun { state warnings }
    ... on OlostepRun { logGroup }
    ... on Monitor { id name }
    ... on DatafoldMonitor { type }
    ... on OlostepMonitor { status }
  }
}`;

const datafoldId = 'DATAFOLD:7:42';
const olostepId = `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}`;
const datafoldRun = {
  __typename: 'DatafoldRun',
  id: datafoldId,
  phase: 'FINISHED',
  state: 'OK',
  warnings: datafoldBody.warnings,
};
const olostepRun = { __typename: 'OlostepRun', id: olostepId, phase: 'FINISHED', logGroup: olostepBody.log_group };

const datafoldMonitorId = 'DATAFOLD:monitor:7';
const olostepMonitorId = `OLOSTEP:monitor:${olostepKey.monitorId}`;
const datafoldMonitor = {
  __typename: 'DatafoldMonitor',
  id: datafoldMonitorId,
  name: datafoldMonitorBody.name,
  type: 'DIFF',
};
const olostepMonitor = {
  __typename: 'OlostepMonitor',
  id: olostepMonitorId,
  name: olostepMonitorBody.query,
  status: 'ACTIVE',
};
/** Without the count of its snapshots, as that isn't selected. */
const singleOlostepMonitor = `${olostepMonitorPath}?include_total_count=false`;

async function createSubgraph(...config: Parameters<typeof createWorld>): Promise<World> {
  const world = await createWorld(...config);
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  world.datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
  world.olostep.on(singleOlostepMonitor, { body: olostepMonitorBody });
  return world;
}

const resolve = (world: World, ...representations: readonly unknown[]) => world.execute(query, { representations });

describe('federation: a gateway finds', () => {
  it.each([
    ['a run by its id', { __typename: 'DatafoldRun', id: datafoldId }, datafoldRun],
    [
      'a run by its id, whatever else the gateway knows of it',
      { __typename: 'OlostepRun', id: olostepId, monitorId: null, runId: '42' },
      olostepRun,
    ],
    ["any provider's run, by its own type", { __typename: 'MonitorRun', id: olostepId }, olostepRun],
    ['a monitor by its id', { __typename: 'DatafoldMonitor', id: datafoldMonitorId }, datafoldMonitor],
    ["any provider's monitor, by its own type", { __typename: 'Monitor', id: olostepMonitorId }, olostepMonitor],
  ])('%s', async (_what, representation, run) => {
    const world = await createSubgraph();
    expect(await resolve(world, representation)).toEqual({ data: { _entities: [run] } });
    expect(world.datafold.paths.length + world.olostep.paths.length).toBe(1);
  });

  it('null, and no error, where the provider has no such run', async () => {
    const world = await createSubgraph();
    await verifyCredentials(world);
    expect(await resolve(world, { __typename: 'DatafoldRun', id: 'DATAFOLD:7:43' })).toEqual({
      data: { _entities: [null] },
    });
  });

  it('null, and no error, where the provider has no such monitor', async () => {
    const world = await createSubgraph();
    await verifyCredentials(world);
    const representation = { __typename: 'DatafoldMonitor', id: 'DATAFOLD:monitor:8' };
    expect(await resolve(world, representation)).toEqual({ data: { _entities: [null] } });
  });

  it('runs and monitors in one batch, each once, by whichever type', async () => {
    const world = await createSubgraph();
    const { data, errors } = await resolve(
      world,
      { __typename: 'Monitor', id: datafoldMonitorId },
      { __typename: 'MonitorRun', id: datafoldId },
      { __typename: 'DatafoldMonitor', id: datafoldMonitorId },
      { __typename: 'OlostepMonitor', id: olostepMonitorId },
    );
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([datafoldMonitor, datafoldRun, datafoldMonitor, olostepMonitor]);
    expect(world.datafold.paths.toSorted()).toEqual([datafoldMonitorPath, datafoldPath]);
    expect(world.olostep.paths).toEqual([singleOlostepMonitor]);
  });

  it('100 representations of 50 runs with 50 upstream calls, by whichever type', async () => {
    const world = await createWorld();
    const runs = Array.from({ length: 50 }, (_, place) => anyDatafoldRun(place + 1));
    for (const { path, body } of runs) world.datafold.on(path, { body });
    const representations = [
      ...runs.map(({ key: { runId } }) => ({ __typename: 'DatafoldRun', id: `DATAFOLD:7:${runId}` })),
      ...runs.map(({ key: { runId } }) => ({ __typename: 'MonitorRun', id: `DATAFOLD:7:${runId}` })),
    ];

    const { data, errors } = await resolve(world, ...representations);

    expect(errors).toBeUndefined();
    const ids = runs.map(({ key: { runId } }) => `DATAFOLD:7:${runId}`);
    expect(data._entities.map(({ id }: { id: string }) => id)).toEqual([...ids, ...ids]);
    expect(world.datafold.paths.toSorted()).toEqual(runs.map(({ path }) => path).toSorted());
  });

  it('100 representations of 50 runs with one upstream call, where a list has all that is selected', async () => {
    const world = await createListingWorld();
    const runs = Array.from({ length: 50 }, (_, place) => anyDatafoldRun(place + 1).body);
    world.datafold.onAny({
      body: { count: 50, page: 1, page_size: 100, total_pages: 1, runs: runs.map(toDatafoldRow) },
    });
    const representations = runs.flatMap(({ run_id }) => [
      { __typename: 'DatafoldRun', id: `DATAFOLD:7:${run_id}` },
      { __typename: 'MonitorRun', id: `DATAFOLD:7:${run_id}` },
    ]);

    const { data, errors } = await world.execute(
      'query ($all: [_Any!]!) { _entities(representations: $all) { ... on MonitorRun { id phase } } }',
      { all: representations },
    );

    expect(errors).toBeUndefined();
    expect(data._entities.filter(({ phase }: { phase: string }) => phase === 'FINISHED')).toHaveLength(100);
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('the same runs as the fields beside it, with no call more', async () => {
    const world = await createSubgraph();
    const { data } = await world.execute(
      `query ($representations: [_Any!]!) {
        node(id: "${datafoldId}") { id }
        _entities(representations: $representations) { ... on DatafoldRun { id } }
        again: _entities(representations: [{ __typename: "DatafoldRun", id: "DATAFOLD:7:42" }]) { __typename }
      }`,
      { representations: [{ __typename: 'DatafoldRun', id: datafoldId }] },
    );
    expect(data).toMatchObject({ node: { id: datafoldId }, _entities: [{ id: datafoldId }], again: [{}] });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });
});

describe('federation: one bad representation is one null and one error, and touches no other:', () => {
  it.each([
    [
      'an id that is none',
      { __typename: 'DatafoldRun', id: 'x' },
      'Expected the `id` of a run or a monitor that this service gave.',
    ],
    [
      'an id that is empty',
      { __typename: 'MonitorRun', id: '' },
      'Expected the `id` of a run or a monitor that this service gave.',
    ],
    ['an id of no provider', { __typename: 'MonitorRun', id: 'X:7:42' }, /that this service gave/],
    ["an id of no provider's grammar", { __typename: 'MonitorRun', id: 'DATAFOLD:7:042' }, /Expected Datafold ids/],
    ['an id that has been rounded', { __typename: 'DatafoldRun', id: 2 ** 53 }, /Expected an id: text/],
    ['an id that is an object', { __typename: 'DatafoldRun', id: { a: 1 } }, /Expected an id: text/],
    ["another provider's id", { __typename: 'DatafoldRun', id: olostepId }, /run of the `__typename` beside it/],
    ["its provider's ids alone", { __typename: 'DatafoldRun', monitorId: '7', runId: '42' }, /the key: `id`\./],
    ['no key', { __typename: 'MonitorRun' }, 'Expected the field of the key: `id`.'],
    [
      "a run's id for a monitor",
      { __typename: 'DatafoldMonitor', id: datafoldId },
      /monitor of the `__typename` beside/,
    ],
    ["a run's id for any monitor", { __typename: 'Monitor', id: olostepId }, /monitor of the `__typename` beside it/],
    [
      "a monitor's id for a run",
      { __typename: 'OlostepRun', id: olostepMonitorId },
      /run of the `__typename` beside it/,
    ],
    [
      "a monitor's id for any run",
      { __typename: 'MonitorRun', id: datafoldMonitorId },
      /run of the `__typename` beside it/,
    ],
    [
      "another provider's monitor",
      { __typename: 'OlostepMonitor', id: datafoldMonitorId },
      /monitor of the `__typename` beside it/,
    ],
    ["a monitor's id of no provider's grammar", { __typename: 'Monitor', id: 'DATAFOLD:monitor:07' }, /a Datafold id/],
    ['no key of a monitor', { __typename: 'DatafoldMonitor', monitorId: '7' }, /of the key: `id`\./],
    ['an unknown type', { __typename: 'Incident', id: datafoldId }, /of an entity of this subgraph/],
    ['a type that is no entity', { __typename: 'PageInfo', id: datafoldId }, /of an entity of this subgraph/],
    ['the name of a property', { __typename: 'constructor', id: datafoldId }, /of an entity of this subgraph/],
    ['a type that is no text', { __typename: { toString: 1 }, id: datafoldId }, /of an entity of this subgraph/],
    ['a list of a type', { __typename: ['DatafoldRun'], id: datafoldId }, /of an entity of this subgraph/],
    ['no type', { id: datafoldId }, /of an entity of this subgraph/],
    ['text', datafoldId, /Expected a representation: an object/],
    ['a list', [{ __typename: 'DatafoldRun', id: datafoldId }], /Expected a representation: an object/],
  ])('%s', async (_what, bad, sentence) => {
    const world = await createSubgraph();

    // By the plan of the operation as well, which it has from its third use on.
    for (let use = 1; use <= 4; use++) {
      const { data, errors } = await resolve(world, { __typename: 'DatafoldRun', id: datafoldId }, bad, {
        __typename: 'OlostepRun',
        id: olostepId,
      });

      expect(data).toEqual({ _entities: [datafoldRun, null, olostepRun] });
      expect(errors).toMatchObject([{ path: ['_entities', 1], extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(errors?.[0]?.message).toMatch(sentence);
      expect(world.datafold.paths.length + world.olostep.paths.length).toBe(2 * use);
    }
  });

  it('an upstream that fails, with the code that it has everywhere', async () => {
    const world = await createSubgraph();
    world.olostep.on(olostepPath, { status: 403 });

    const { data, errors } = await resolve(
      world,
      { __typename: 'OlostepRun', id: olostepId },
      { __typename: 'DatafoldRun', id: datafoldId },
    );

    expect(data).toEqual({ _entities: [null, datafoldRun] });
    expect(errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'FORBIDDEN', provider: 'OLOSTEP', upstreamStatus: 403 } },
    ]);
  });

  it('null is one that GraphQL refuses with the whole list', async () => {
    const world = await createSubgraph();
    const { data, errors } = await resolve(world, null);
    expect({ data, errors }).toMatchObject({ data: undefined, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });
});

describe('federation: a batch', () => {
  it('has as many representations as it may, and no more', async () => {
    const world = await createSubgraph({ limits: { maxRepresentations: 3 } });
    const representation = { __typename: 'DatafoldRun', id: datafoldId };

    expect(await resolve(world, ...Array(3).fill(representation))).toEqual({
      data: { _entities: Array(3).fill(datafoldRun) },
    });
    expect(await resolve(world, ...Array(4).fill(representation))).toMatchObject({
      data: null,
      errors: [{ message: 'Expected at most 3 `representations`.', extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it.each(['one answer', 'parts'])('has no more in all fields of an operation together, in %s', async (form) => {
    const world = await createSubgraph({ limits: { maxRepresentations: 3, compileAfterUses: 2 } });
    const representations = Array(2).fill({ __typename: 'DatafoldRun', id: datafoldId });
    const twice = `query ($representations: [_Any!]!) {
      a: _entities(representations: $representations) { __typename }
      ... @defer { b: _entities(representations: $representations) { __typename } }
    }`;
    const accept = form === 'parts' ? 'multipart/mixed' : 'application/json';

    for (let use = 1; use <= 3; use++) {
      const response = await world.post(JSON.stringify({ query: twice, variables: { representations } }), {
        headers: { 'content-type': 'application/json', accept },
      });
      const text = await response.text();
      expect(text).toContain('Expected at most 3 representations in one operation.');
      expect(text).toContain('OPERATION_TOO_COSTLY');
    }
  });

  it('makes no more upstream calls than any other operation', async () => {
    const world = await createWorld({ limits: { maxUpstreamCalls: 2 } });
    const runs = [1, 2, 3].map(anyDatafoldRun);
    for (const { path, body } of runs) world.datafold.on(path, { body });

    const { data, errors } = await resolve(
      world,
      ...runs.map(({ key }) => ({ __typename: 'MonitorRun', id: `DATAFOLD:7:${key.runId}` })),
    );

    expect(data).toMatchObject({ _entities: [{ id: 'DATAFOLD:7:1' }, { id: 'DATAFOLD:7:2' }, null] });
    expect(errors).toMatchObject([{ path: ['_entities', 2], extensions: { code: 'OPERATION_TOO_COSTLY' } }]);
    expect(world.datafold.paths.length).toBe(2);
  });
});

describe('federation: the SDL of the subgraph', () => {
  const service = '{ _service { sdl } }';
  const fileOf = (world: World, init?: RequestInit) => fetch(new URL('/schema.graphql', world.url), init);

  it('is the same to a gateway, as a file, and in the repository; with a description of all that it defines', async () => {
    const world = await createSubgraph();

    const response = await fileOf(world);
    const file = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await world.execute(service)).data._service.sdl).toBe(file);
    expect(readFileSync('subgraph.graphql', 'utf8')).toBe(
      `# Generated from schema/ by \`npm run schema:print\`. Do not edit.\n\n${file}`,
    );
    expect(parse(file).definitions.filter((node) => 'description' in node && !node.description)).toEqual([]);
    expect(file).not.toMatch(/\b_[A-Za-z]/);
  });

  it('is refused where the schema is not to be read', async () => {
    const world = await createSubgraph({ introspection: false });

    const response = await fileOf(world);

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    for (const text of [service, '{ s: _service { ...S } } fragment S on _Service { __typename }']) {
      const answer = await world.post(JSON.stringify({ query: text }), {
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    }
    expect(await resolve(world, { __typename: 'DatafoldRun', id: datafoldId })).toEqual({
      data: { _entities: [datafoldRun] },
    });
  });

  it('has the same authentication as the graph', async () => {
    const token = 'a-token-of-this-test';
    const world = await createSubgraph({}, { apiTokens: [token], allowedHosts: ['127.0.0.1'] });
    const authorization = `Bearer ${token}`;

    expect((await fileOf(world)).status).toBe(401);
    expect((await fileOf(world, { headers: { authorization } })).status).toBe(200);
    expect((await fileOf(world, { method: 'HEAD', headers: { authorization } })).status).toBe(200);
    expect((await fileOf(world, { method: 'POST', headers: { authorization } })).status).toBe(405);
    const elsewhere = await fetch(world.url.replace('127.0.0.1', 'localhost').replace('graphql', 'schema.graphql'));
    expect(elsewhere.status).toBe(421);
  });

  it('tells no client without a token whether there is one', async () => {
    const world = await createSubgraph({ introspection: false }, { apiTokens: ['a-token-of-this-test'] });
    expect((await fileOf(world)).status).toBe(401);
  });
});

it('federation: resolves the batches of gateways by a plan, as GraphQL does', async () => {
  const world = await createSubgraph({ limits: { compileAfterUses: 1 } });
  const plain = await createSubgraph({ limits: { compileAfterUses: 1_000_000 } });
  const representations = [
    { __typename: 'MonitorRun', id: datafoldId },
    { __typename: 'OlostepRun', id: olostepId },
    { __typename: 'DatafoldRun', id: 'DATAFOLD:7:43' },
    { __typename: 'Monitor', id: olostepMonitorId },
    { __typename: 'DatafoldMonitor', id: datafoldMonitorId },
  ];
  expect(await resolve(world, ...representations)).toEqual(await resolve(plain, ...representations));
});

describe('federation: the service does not start with a schema that', () => {
  const plain = globSync('schema/*.graphql')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const third = 'type ThirdRun implements MonitorRun & Node { id: ID! }';

  it.each([
    ['may lack a key', plain.replaceAll('  id: ID!\n', '  id: ID\n'), /Run\.id, its key, never to be null/],
    ['has a run that is no entity', `${plain} ${third}`, 'Expected ThirdRun to be an entity, as MonitorRun is.'],
    ['lacks a lookup', plain.replace(' node(', ' item('), 'Expected the schema to have Query.node.'],
    ['lacks a type that others share', plain.replaceAll('PageInfo', 'Page'), 'Expected the schema to have PageInfo.'],
  ])('%s', (_what, sdl, sentence) => {
    expect(() => toSubgraph(buildSchema(plain))).not.toThrow();
    expect(() => toSubgraph(buildSchema(sdl))).toThrow(sentence);
  });
});
