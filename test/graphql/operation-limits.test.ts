import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anyDatafoldRun, datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey } from '../support/bodies.ts';
import { holdClock } from '../support/clock.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

type Headers = Readonly<Record<string, string>>;

/** Every entry point for a document. */
const entrances = {
  POST: async (world: World, query: string, operationName?: string, headers: Headers = {}): Promise<Response> =>
    world.post(JSON.stringify({ query, operationName }), {
      headers: { 'content-type': 'application/json', ...headers },
    }),
  GET: async (world: World, query: string, operationName?: string, headers: Headers = {}): Promise<Response> =>
    fetch(`${world.url}?${new URLSearchParams({ query, ...(operationName && { operationName }) })}`, {
      headers: { 'apollo-require-preflight': 'yes', ...headers },
    }),
};

const many = (count: number, toText: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => toText(i)).join(' ');
const run = (selection: string) => `datafoldRun(monitorId: "7", runId: "42") { ${selection} }`;
const nested = (levels: number): string =>
  levels === 1 ? 'id' : `id ${'{ id '.repeat(levels - 1)}${'}'.repeat(levels - 1)}`;

/** A document of each measure: at its limit with `count`, beyond it with one more. */
const documents: Readonly<
  Record<string, readonly [most: number, what: string, toDocument: (count: number) => string]>
> = {
  'levels of fields': [10, 'levels of fields', (count) => `{ ${nested(count)} }`],
  'levels of fields in fragments': [
    10,
    'levels of fields',
    (count) =>
      `{ node(id: "x") { ...A } } fragment A on Node { id { ... on Node { ...B } } } fragment B on Node { ${nested(count - 2)} }`,
  ],
  aliases: [50, 'aliases', (count) => `{ ${run(many(count, (i) => `a${i}: id`))} }`],
  'aliases in fragments': [
    50,
    'aliases',
    (count) =>
      `{ ${run(`...A ... on DatafoldRun { ...A } ${many(count - 48, (i) => `b${i}: id`)}`)} } fragment A on DatafoldRun { ${many(24, (i) => `a${i}: id`)} }`,
  ],
  directives: [20, 'directives', (count) => `{ ${run(many(count, () => 'id @include(if: true)'))} }`],
  'directives in fragments and on them': [
    20,
    'directives',
    (count) =>
      `{ ${run(`...A @skip(if: false) ...A ... @include(if: true) { ${many(count - 18, () => 'id @skip(if: false)')} }`)} } fragment A on DatafoldRun { ${many(8, () => 'id @include(if: true)')} }`,
  ],
  'fields of the query itself': [50, 'fields of the query itself', (count) => `{ ${many(count, () => '__typename')} }`],
  'fields of the query itself in fragments': [
    50,
    'fields of the query itself',
    (count) =>
      `{ ...A ...A ... { ${many(count - 40, () => '__typename')} } } fragment A on Query { ${many(20, () => '__typename')} }`,
  ],
  'fields that read the schema': [
    5,
    'fields that read the schema and aliases in them',
    (count) =>
      `{ __schema { ...S ...S } ${many(count - 3, (i) => `a${i}: __type(name: "Run") { name }`)} } fragment S on __Schema { a: types { name } }`,
  ],
  'fields that read the schema as SDL': [
    5,
    'fields that read the schema and aliases in them',
    (count) => `{ _service { ${many(count - 1, (i) => `a${i}: __typename`)} } }`,
  ],
  'fields in fragments of fragments': [
    2_000,
    'fields',
    (count) =>
      `{ ${run(`${many(4, () => '...B')} ${many(count - 1_601, () => 'id')}`)} } fragment B on DatafoldRun { ${many(10, () => '...A')} } fragment A on DatafoldRun { ${many(40, () => 'id')} }`,
  ],
};

async function createAnsweringWorld(): Promise<World> {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  return world;
}

const refused = (what: string, most: number) => ({
  errors: [
    {
      message: `Expected at most ${most.toLocaleString('en').replace(',', '')} ${what}, with fragments expanded.`,
      extensions: { code: 'OPERATION_TOO_COSTLY', requestId: expect.any(String) },
    },
  ],
});

describe.each(Object.entries(entrances))('operation limits: by %s, a document', (_entrance, send) => {
  const cases = Object.entries(documents).map(([name, [most, what, toDocument]]) => ({ name, most, what, toDocument }));

  it.each(cases)('may have $most $name', async ({ most, toDocument }) => {
    const world = await createAnsweringWorld();

    expect(await (await send(world, toDocument(most))).text()).not.toContain('OPERATION_TOO_COSTLY');
  });

  it.each(cases)('may not have more than $most $name, and costs no call then', async ({ most, what, toDocument }) => {
    const world = await createAnsweringWorld();

    expect(await (await send(world, toDocument(most + 1))).json()).toEqual(refused(what, most));
    expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
  });

  it.each([
    ['application/json', 200],
    ['application/graphql-response+json', 400],
  ])('that is refused is, for who accepts %s, status %d, whatever is wrong with it', async (accept, status) => {
    const world = await createAnsweringWorld();
    const refusedOnes = cases.map(({ most, toDocument }) => toDocument(most + 1));

    for (const document of [...refusedOnes, '{', '{ jobs }', `{ ${'a '.repeat(2_000)} }`])
      expect((await send(world, document, undefined, { accept })).status).toBe(status);
  });

  it('may have 2,000 tokens, and not one more, which costs no call', async () => {
    const world = await createAnsweringWorld();
    // A key is 11 tokens, and what is around the keys and the fields 24.
    const keys = (count: number) => many(count, () => '{ provider: DATAFOLD, monitorId: "7", runId: "42" }');
    const toDocument = (tokens: number) =>
      `{ a: monitorRuns(keys: [${keys(90)}]) { id } b: monitorRuns(keys: [${keys(89)}]) { ${many(tokens - 1_994, () => 'id')} } }`;

    expect(((await (await send(world, toDocument(2_000))).json()) as Answer).errors).toBe(undefined);
    expect(await (await send(world, toDocument(2_001))).json()).toMatchObject({
      errors: [{ message: expect.stringContaining('2000 tokens'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it('is refused again when it is sent again', async () => {
    const world = await createAnsweringWorld();
    const document = `{ ${run(many(51, (i) => `a${i}: id`))} }`;

    for (let time = 0; time < 3; time++) {
      expect(await (await send(world, document)).json()).toEqual(refused('aliases', 50));
    }
    expect(world.datafold.paths).toEqual([]);
  });

  it('is refused for an operation in it that is too large, whichever is executed', async () => {
    const world = await createAnsweringWorld();
    const document = `query Small { __typename } query Large { ${run(many(51, (i) => `a${i}: id`))} }`;

    for (const name of ['Small', 'Large']) {
      expect(await (await send(world, document, name)).json()).toEqual(refused('aliases', 50));
    }
  });

  it('whose fragments are each twice the one before is refused', async () => {
    const world = await createAnsweringWorld();
    const twice = many(20, (i) => `fragment A${i + 1} on Query { ...A${i} ...A${i} }`);
    const response = await send(world, `{ ...A20 } ${twice} fragment A0 on Query { a: __typename b: __typename }`);

    expect(((await response.json()) as Answer).errors?.map(({ extensions }) => extensions.code)).toEqual(
      Array(3).fill('OPERATION_TOO_COSTLY'),
    );
  });

  it('whose fragments go round in a circle is refused', async () => {
    const world = await createAnsweringWorld();
    const response = await send(world, '{ ...A } fragment A on Query { __typename ...B } fragment B on Query { ...A }');

    expect(((await response.json()) as Answer).errors?.[0]).toMatchObject({
      message: 'Cannot spread fragment "A" within itself via "B".',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('whose fragments double, and go round, is refused before they are opened', { timeout: 10_000 }, async () => {
    const world = await createAnsweringWorld();
    const twice = many(26, (i) => `fragment A${i + 1} on Query { ...A${i} ...A${i} }`);
    const circle = 'fragment Z on Query { __typename ...A26 } fragment A0 on Query { ...Z ...Z }';
    const response = await send(world, `{ node(id: "x") { ...Z } ...A26 } ${twice} ${circle}`);

    const messages = ((await response.json()) as Answer).errors?.map(({ message }) => message);
    expect(messages?.join()).toContain('Cannot spread fragment');
  });

  it("that is GraphiQL's introspection is answered", async () => {
    const world = await createWorld();
    const query = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });

    const answer = (await (await send(world, query)).json()) as Answer;

    expect(answer.errors).toBeUndefined();
    expect(answer.data.__schema.queryType).toEqual(expect.objectContaining({ name: 'Query' }));
  });

  it('has at most 5 errors', async () => {
    const world = await createWorld();

    const { errors } = (await (await send(world, `{ ${many(40, (i) => `strange${i}`)} }`)).json()) as Answer;

    expect(errors?.map(({ message }) => message)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `Cannot query field "strange${i}" on type "Query".`),
    );
  });
});

describe('operation limits: an operation', () => {
  const manyRuns = `query ($a: [MonitorRunKey!]!, $b: [MonitorRunKey!]!, $c: [MonitorRunKey!]!) {
    a: monitorRuns(keys: $a) { id } b: monitorRuns(keys: $b) { id } c: monitorRuns(keys: $c) { id }
  }`;
  const datafoldRuns = (first: number) => Array.from({ length: 100 }, (_, index) => anyDatafoldRun(first + index));

  it('makes at most 250 calls, to both providers together; what is beyond costs none and touches no other', async () => {
    const world = await createWorld();
    holdClock();
    const [a, b] = [datafoldRuns(0), datafoldRuns(100)];
    for (const { path, body } of [...a, ...b]) world.datafold.on(path, { body });
    const c = Array.from({ length: 100 }, (_, index) => ({ ...olostepKey, runId: `run_${index}` }));
    for (const { monitorId, runId } of c)
      world.olostep.on(`/v1/monitors/${monitorId}/runs/${runId}`, { body: { ...olostepBody, run_id: runId } });

    const { data, errors = [] } = await world.execute(manyRuns, {
      a: a.map(({ key }) => key),
      b: b.map(({ key }) => key),
      c,
    });

    expect(world.datafold.paths.length + world.olostep.paths.length).toBe(250);
    expect([...data.a, ...data.b, ...data.c].filter((run) => run !== null)).toHaveLength(250);
    expect(errors).toHaveLength(50);
    for (const error of errors) {
      expect(error).toEqual({
        message: 'Expected at most 250 upstream calls.',
        locations: expect.any(Array),
        path: [expect.any(String), expect.any(Number)],
        extensions: { code: 'OPERATION_TOO_COSTLY', retryable: false, requestId: expect.any(String) },
      });
    }
  });

  it('may request the same 100 runs repeatedly', async () => {
    const world = await createWorld();
    holdClock();
    const all = datafoldRuns(0);
    for (const { path, body } of all) world.datafold.on(path, { body });
    const keys = all.map(({ key }) => key);

    const { data, errors } = await world.execute(manyRuns, { a: keys, b: keys, c: keys });

    expect(errors).toBeUndefined();
    expect(data.c).toEqual(keys.map(({ runId }) => ({ id: `DATAFOLD:7:${runId}` })));
    expect(world.datafold.paths).toHaveLength(100);
  });

  it('has its calls counted apart from those of the next one', async () => {
    const world = await createWorld({ limits: { maxUpstreamCalls: 1 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    for (let time = 0; time < 3; time++) {
      expect(await world.execute(`{ ${run('id')} }`)).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42' } } });
    }
  });

  it('whose errors would each contain all of it has few of them, in incremental delivery too', {
    timeout: 10_000,
  }, async () => {
    const world = await createWorld();
    const key = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`a${n}`, 0]));
    const query = 'query ($key: MonitorRunKey!) { ... @defer { monitorRun(key: $key) { id } } }';
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed, application/json' };

    const response = await world.post(JSON.stringify({ query, variables: { key } }), { headers });

    expect(response.status).toBe(400);
    expect(((await response.json()) as Answer).errors).toHaveLength(5);
  });

  it('has at most 5 errors in its variables', async () => {
    const world = await createWorld();
    const keys = Array.from({ length: 40 }, () => ({ ...datafoldKey, provider: 'NEITHER' }));

    const { data, errors } = await world.execute(
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }',
      {
        keys,
      },
    );

    expect(data).toBeUndefined();
    expect(errors).toHaveLength(5);
    for (const { message, extensions } of errors ?? []) {
      expect(message).toContain('Value "NEITHER" does not exist in "Provider" enum.');
      expect(extensions.code).toBe('BAD_USER_INPUT');
    }
  });
});

const nearlyRight: Readonly<Record<string, readonly [query: string, variables?: object]>> = {
  'a field': ['{ monitorRan { id } }'],
  'an argument': ['{ datafoldRun(monitorIt: "7", runId: "42") { id } }'],
  'a type': ['{ node(id: "x") { ... on DatafoldRan { id } } }'],
  'an enum value': ['{ monitorRun(key: { provider: DATAFOL, monitorId: "7", runId: "42" }) { id } }'],
  'an enum value in a variable': [
    'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }',
    { key: { ...datafoldKey, provider: 'DATAFOL' } },
  ],
  'a field of an input': ['{ monitorRun(key: { provider: DATAFOLD, monitorIt: "7", runId: "42" }) { id } }'],
  'a field of an input in a variable': [
    'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }',
    { key: { ...datafoldKey, runIt: '42' } },
  ],
};

describe('operation limits: with introspection off,', () => {
  it.each([
    ['a query of the schema', '{ __schema { queryType { name } } }'],
    ['a query of a type', '{ __type(name: "Query") { name } }'],
    ['GraphiQL', getIntrospectionQuery()],
  ])('the schema is not told to %s', async (_name, query) => {
    const world = await createWorld({ introspection: false });

    const { data, errors } = await world.execute(query);

    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors?.[0]?.message).toContain('introspection');
  });

  it('a run still says its type', async () => {
    const world = await createWorld({ introspection: false });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    expect(await world.execute(`{ ${run('__typename')} }`)).toEqual({
      data: { datafoldRun: { __typename: 'DatafoldRun' } },
    });
  });

  it.each(Object.entries(nearlyRight))(
    'no error suggests the name of %s, as it does with it on',
    async (_name, [query, variables]) => {
      const off = await createWorld({ introspection: false });
      const on = await createWorld();

      const unhelped = await off.execute(query, variables);
      expect(unhelped.errors?.length).toBeGreaterThan(0);
      expect(JSON.stringify(unhelped)).not.toContain('Did you mean');
      expect(unhelped.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
      expect(JSON.stringify(await on.execute(query, variables))).toContain('Did you mean');
    },
  );
});

it('operation limits: Errors of a document with very many lines do not say where in it they are, as each would count the lines again', async () => {
  const world = await createWorld();
  const query = (lines: number) => `${'\n'.repeat(lines - 1)}{ node(id: "x") { id } }`;

  for (const deferred of ['', '... @defer { __typename } ']) {
    const execute = async (lines: number) => {
      const response = await world.post(JSON.stringify({ query: query(lines).replace('node', `${deferred}node`) }), {
        headers: { 'content-type': 'application/json', accept: 'application/json, multipart/mixed' },
      });
      return response.text();
    };
    expect(await execute(500)).toMatch(/"locations":\[\{"line":500,.*"path":\["node"\]/);
    const text = await execute(501);
    expect(text).toContain('"path":["node"]');
    expect(text).not.toContain('locations');
  }
  expect((await world.execute(query(501).replace('id }', 'no }'))).errors).toMatchObject([
    { locations: [{ line: 501 }] },
  ]);
});

describe('operation limits: errors of a field that is selected very often do not say where, as each would say it as often:', () => {
  const keys = Array(3).fill(datafoldKey);
  const failing = 'monitor { runs(first: 101) { totalCount } }';

  it.each([
    ['side by side', (count: number) => many(count, () => failing), ''],
    ['in fragments', (count: number) => many(count, (i) => `...F${i}`), failing],
    [
      'within fields that are selected often',
      (count: number) => `${many(count / 4, () => `monitor { ${many(4, () => 'runs(first: 101) { totalCount }')} }`)}`,
      '',
    ],
  ])('%s', async (_how, select, fragment) => {
    const world = await createAnsweringWorld();
    const execute = async (count: number) => {
      const fragments = fragment && many(count, (i) => `fragment F${i} on MonitorRun { ${fragment} }`);
      const query = `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { ${select(count)} } } ${fragments}`;
      return (await world.execute(query, { keys })).errors ?? [];
    };

    const [few, many_] = [await execute(20), await execute(24)];
    expect(few.map(({ locations }) => locations?.length)).toEqual([20, 20, 20]);
    expect(many_.map(({ path, locations }) => [path?.at(-1), locations])).toEqual(Array(3).fill(['runs', undefined]));
  });

  it('nor where that takes as long as very many lines do', async () => {
    const world = await createAnsweringWorld();
    const execute = async (lines: number) => {
      const query = `query ($keys: [MonitorRunKey!]!) {${'\n'.repeat(lines - 1)} monitorRuns(keys: $keys) { ${many(10, () => failing)} } }`;
      return (await world.execute(query, { keys })).errors?.[0]?.locations?.length;
    };

    expect([await execute(200), await execute(201)]).toEqual([10, undefined]);
  });
});
