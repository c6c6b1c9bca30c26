/** Ids: closed grammars, checked before any call; digit for digit, never rounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { notDatafolds, notOlosteps } from '../support/bad-ids.ts';
import { datafoldKey, olostepKey } from '../support/bodies.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { datafoldGrammar, datafoldIds, olostepIds, toId } from '../support/random-ids.ts';
import { type Answer, createWorld, keys as credentials, verifyCredentials, type World } from '../support/world.ts';

const byKey = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
const byKeys = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const byId = 'query ($id: ID!) { node(id: $id) { id } }';
const byIds = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
const byBoth = (field: string) =>
  `query ($monitorId: ID!, $runId: ID!) { ${field}(monitorId: $monitorId, runId: $runId) { id } }`;

/** A way to hand over an id: as this argument of this field, with the rest of the key as it should be. */
interface Way {
  readonly argument: string;
  readonly query: string;
  readonly path: readonly (string | number)[];
  toVariables(id: unknown): object;
}

const toWays = (field: string, key: MonitorRunKey, part: 'monitorId' | 'runId'): Way[] => {
  const withId = (id: unknown) => ({ ...key, [part]: id });
  const { provider, ...both } = key;
  return [
    {
      argument: `${provider} ${part} in monitorRun(key)`,
      query: byKey,
      path: ['monitorRun'],
      toVariables: (id) => ({ key: withId(id) }),
    },
    {
      argument: `${provider} ${part} in monitorRuns(keys)`,
      query: byKeys,
      path: ['monitorRuns', 0],
      toVariables: (id) => ({ keys: [withId(id)] }),
    },
    {
      argument: `${part} of ${field}`,
      query: byBoth(field),
      path: [field],
      toVariables: (id) => ({ ...both, [part]: id }),
    },
  ];
};

/** How an id can be a part of another. */
const toGlobalWays = (key: MonitorRunKey, part: 'monitorId' | 'runId'): Way[] => {
  const toGlobalId = (id: unknown) => Object.values({ ...key, [part]: id }).join(':');
  const within = `${key.provider} ${part} in`;
  return [
    { argument: `${within} node(id)`, query: byId, path: ['node'], toVariables: (id) => ({ id: toGlobalId(id) }) },
    {
      argument: `${within} nodes(ids)`,
      query: byIds,
      path: ['nodes', 0],
      toVariables: (id) => ({ ids: [toGlobalId(id)] }),
    },
  ];
};

const allWays = (field: string, key: MonitorRunKey, part: 'monitorId' | 'runId', refused: string[]) =>
  [...toWays(field, key, part), ...toGlobalWays(key, part)].map((way) => ({ ...way, refused }));

describe('ids: an id of no grammar', { timeout: 30_000 }, () => {
  it.each([
    ...allWays('datafoldRun', datafoldKey, 'monitorId', notDatafolds),
    ...allWays('datafoldRun', datafoldKey, 'runId', notDatafolds),
    ...allWays('olostepRun', olostepKey, 'monitorId', notOlosteps('monitor_', 'run_')),
    ...allWays('olostepRun', olostepKey, 'runId', notOlosteps('run_', 'monitor_')),
  ])('is refused where it stands, without a call: $argument', async ({ query, path, toVariables, refused }) => {
    const world = await createWorld();

    const answers = await Promise.all(refused.map((id) => world.execute(query, toVariables(id))));

    expect(refused.filter((_id, index) => !isRefusal(answers[index] as Answer, path))).toEqual([]);
    expect(callsOf(world)).toEqual([]);
  });

  it('is refused at its place in a list, and touches no neighbour', async () => {
    const world = await createWorld();
    await verifyCredentials(world);
    world.datafold.onAny({ body: { state: 'ok' } });
    const wrong = notDatafolds.slice(0, 98).map((monitorId) => ({ ...datafoldKey, monitorId }));

    const { data, errors } = await world.execute(byKeys, { keys: [datafoldKey, ...wrong, olostepKey] });

    expect(refusalsIn(errors)).toEqual(wrong.map((_key, index) => ['monitorRuns', index + 1, 'BAD_USER_INPUT']));
    expect(data.monitorRuns).toEqual([{ id: 'DATAFOLD:7:42' }, ...wrong.map(() => null), null]);
    expect(callsOf(world)).toHaveLength(2);
  });

  it('has an error that says what was expected, and of which argument', async () => {
    const world = await createWorld();
    const keys = [
      { ...datafoldKey, runId: '01' },
      { ...olostepKey, runId: 'run_' },
    ];

    const { errors } = await world.execute(byKeys, { keys });

    expect(errors).toMatchObject([
      { message: expect.stringMatching(/^Expected Datafold ids: whole numbers/), extensions: { provider: 'DATAFOLD' } },
      {
        message: expect.stringMatching(/^Expected Olostep ids: monitor_… and run_…/),
        extensions: { provider: 'OLOSTEP' },
      },
    ]);
  });
});

const numbers = ['0', '1', '9', '10', '2147483648', '9007199254740991', '9007199254740992', '9007199254740993'];
numbers.push('1000000000000000001', '9223372036854775806', '9223372036854775807');
const tails = ['a', 'Z', '0', '-', '_', '--', 'n8q2x4m1ak', '__proto__', 'constructor', '1e3', 'a'.repeat(128)];

describe('ids: an id of the grammar', () => {
  it.each(numbers)('arrives at Datafold digit for digit, and comes back so: %s', async (id) => {
    const world = await createWorld();
    const path = `/api/v1/monitors/${id}/runs/${id}`;
    world.datafold.on(path, { body: `{"monitor_id":${id},"run_id":${id},"state":"ok"}` });
    const fields = '{ id monitorId runId }';
    const document = `query ($id: ID!) {
      asVariable: datafoldRun(monitorId: $id, runId: $id) ${fields}
      asText: datafoldRun(monitorId: "${id}", runId: "${id}") ${fields}
      asNumber: datafoldRun(monitorId: ${id}, runId: ${id}) ${fields}
      asKey: monitorRun(key: { provider: DATAFOLD, monitorId: ${id}, runId: $id }) ${fields}
      asGlobalId: node(id: "DATAFOLD:${id}:${id}") { ... on DatafoldRun ${fields} }
    }`;

    const { data, errors } = await world.execute(document, { id });

    const run = { id: `DATAFOLD:${id}:${id}`, monitorId: id, runId: id };
    expect(errors).toBe(undefined);
    expect(data).toEqual({ asVariable: run, asText: run, asNumber: run, asKey: run, asGlobalId: run });
    expect(world.datafold.paths).toEqual([path]);
  });

  it.each(tails)('arrives at Olostep letter for letter, and comes back so: …_%s', async (tail) => {
    const world = await createWorld();
    const [monitorId, runId] = [`monitor_${tail}`, `run_${tail}`];
    const path = `/v1/monitors/${monitorId}/runs/${runId}`;
    world.olostep.on(path, { body: { monitor_id: monitorId, run_id: runId } });

    const { data } = await world.execute(byBoth('olostepRun').replace('{ id }', '{ id monitorId runId }'), {
      monitorId,
      runId,
    });

    expect(data).toEqual({ olostepRun: { id: `OLOSTEP:${monitorId}:${runId}`, monitorId, runId } });
    expect(world.olostep.paths).toEqual([path]);
  });
});

describe('ids: an id as a JSON number', () => {
  const ways = [...toWays('datafoldRun', datafoldKey, 'monitorId'), ...toWays('datafoldRun', datafoldKey, 'runId')];
  /** Posts the digits as they are: JSON.stringify would round them before the service can. */
  const post = ({ post }: World, { query, toVariables }: Way, digits: string) =>
    post(JSON.stringify({ query, variables: toVariables('@') }).replace('"@"', digits));

  it.each(ways)('is its digits while it is whole and safe: $argument', async (way) => {
    const world = await createWorld();
    await verifyCredentials(world);
    const numbers = ['0', '1', '7', '2147483648', '9007199254740991', '-0', '8.0', '1e3'];

    for (const digits of numbers) await post(world, way, digits);

    const arrived = ['0', '1', '7', '2147483648', '9007199254740991', '0', '8', '1000'];
    const other = way.argument.includes('monitorId') ? '/runs/42' : '/monitors/7/';
    expect(world.datafold.paths.map((path) => path.replace(other, '/').match(/\d+/g)?.at(-1))).toEqual(arrived);
  });

  it.each(ways)('is refused before any call when it is neither: $argument', async (way) => {
    const world = await createWorld();
    const numbers = ['9007199254740992', '9007199254740993', '-9007199254740993', '10000000000000000000'];
    numbers.push('1e16', '1e21', '1e400', '1.5', '7.0000001', '1e-3', '123456789012345678901234567890');

    for (const digits of numbers) {
      const { data, errors } = (await (await post(world, way, digits)).json()) as Answer;
      expect(data, digits).toBe(undefined);
      expect(errors, digits).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(errors?.[0]?.message, digits).toContain('Expected an id: text, or a whole number');
    }

    expect(callsOf(world)).toEqual([]);
  });

  it.each(ways)('is refused by the grammar when it has a sign: $argument', async (way) => {
    const world = await createWorld();

    const answer = (await (await post(world, way, '-1')).json()) as Answer;

    expect(isRefusal(answer, way.path)).toBe(true);
    expect(callsOf(world)).toEqual([]);
  });
});

it.each([
  '-1',
  '-0',
  '01',
  '+1',
  '1.0',
  '1.5',
  '1e3',
  '0x10',
  'NaN',
  '1_000',
  '10000000000000000000',
  'true',
  '[7]',
  '{}',
])('ids: refuses an id that is written as %s in a document, without a call', async (literal) => {
  const world = await createWorld();

  const { errors } = await world.execute(`{ datafoldRun(monitorId: ${literal}, runId: "1") { id } }`);

  expect(errors?.length).toBeGreaterThan(0);
  for (const { extensions } of errors ?? []) expect(extensions.code).toBe('BAD_USER_INPUT');
  expect(callsOf(world)).toEqual([]);
});

describe('ids: a global id', () => {
  const unowned = [
    ['', ':', '::', ':::', 'DATAFOLD', 'DATAFOLD:', 'DATAFOLD:7', 'DATAFOLD:7:', 'DATAFOLD::42', ':7:42', '7:42', '7'],
    ['DATAFOLD:7:42:', 'DATAFOLD:7:42:0', ':DATAFOLD:7:42', 'DATAFOLD/7/42', 'DATAFOLD：7：42', 'DATAFOLD;7;42'],
    [
      'datafold:7:42',
      'Datafold:7:42',
      'DATAFOLD :7:42',
      ' DATAFOLD:7:42',
      'DATAFOLD:7:42 ',
      'DATAFOLD:7:42\n',
      'DATAFOLD\0:7:42',
    ],
    ['GITHUB:7:42', 'OLOSTEP:7:42', 'DATAFOLD:monitor_a:run_b', 'OLOSTEP:run_b:monitor_a', 'ＤATAFOLD:7:42'],
    [
      '__proto__:7:42',
      'constructor:7:42',
      'toString:7:42',
      'hasOwnProperty:7:42',
      'undefined:7:42',
      'REVUQUZPTEQ6Nzo0Mg==',
    ],
  ].flat();

  it('of no run is refused where it stands, without a call', async () => {
    const world = await createWorld();

    const { data, errors } = await world.execute(byIds, { ids: unowned });
    const alone = await Promise.all(unowned.map((id) => world.execute(byId, { id })));

    expect(data.nodes).toEqual(unowned.map(() => null));
    expect(refusalsIn(errors)).toEqual(unowned.map((_id, index) => ['nodes', index, 'BAD_USER_INPUT']));
    expect(unowned.filter((_id, index) => !isRefusal(alone[index] as Answer, ['node']))).toEqual([]);
    expect(callsOf(world)).toEqual([]);
  });

  it('that is a number is none of ours', async () => {
    const world = await createWorld();

    expect(isRefusal(await world.execute(byId, { id: 7 }), ['node'])).toBe(true);
  });
});

it.each([
  ['monitorRuns', 'keys', byKeys, datafoldKey],
  ['nodes', 'ids', byIds, 'DATAFOLD:7:42'],
] as const)('ids: takes 100 of %s, and refuses 101 without a call', async (field, argument, query, one) => {
  const world = await createWorld();
  const execute = (count: number) => world.execute(query, { [argument]: Array.from({ length: count }, () => one) });

  expect(isRefusal(await execute(101), [field])).toBe(true);
  expect(callsOf(world)).toEqual([]);
  expect((await execute(100)).data[field]).toHaveLength(100);
});

/** What follows is said again in its own words, so that a slip of the service's grammar is seen. */
const grammars = [
  {
    provider: 'DATAFOLD',
    far: ({ datafold }: World) => datafold,
    authorization: `Key ${credentials.datafold}`,
    monitorId: datafoldGrammar,
    runId: datafoldGrammar,
    path: /^\/api\/v1\/monitors\/(0|[1-9]\d{0,18})\/runs\/(0|[1-9]\d{0,18})$/,
    good: { monitorId: datafoldIds, runId: datafoldIds },
  },
  {
    provider: 'OLOSTEP',
    far: ({ olostep }: World) => olostep,
    authorization: `Bearer ${credentials.olostep}`,
    monitorId: /^monitor_[A-Za-z0-9_-]{1,128}$/,
    runId: /^run_[A-Za-z0-9_-]{1,128}$/,
    path: /^\/v1\/monitors\/monitor_[A-Za-z0-9_-]{1,128}\/runs\/run_[A-Za-z0-9_-]{1,128}$/,
    good: { monitorId: olostepIds('monitor_'), runId: olostepIds('run_') },
  },
] as const;

it.each(grammars)(
  'ids: $provider: whatever keys say, only ids of the grammar reach the wire, and all of those do',
  fuzz,
  async ({ provider, far, authorization, monitorId, runId, path, good }) => {
    const world = await createWorld();
    await verifyCredentials(world);
    const upstream: FakeUpstream = far(world);
    const isGood = (key: { monitorId: string; runId: string }) =>
      monitorId.test(key.monitorId) && runId.test(key.runId);
    const key = fc.record({ monitorId: toId(good.monitorId), runId: toId(good.runId) });
    const operations = casesOf(200, 20);
    let accepted = 0;

    const check = async (pairs: { monitorId: string; runId: string }[]) => {
      const before = upstream.requests.length;
      const { errors = [] } = await world.execute(byKeys, { keys: pairs.map((pair) => ({ provider, ...pair })) });

      const refused = pairs.flatMap((pair, index) => (isGood(pair) ? [] : [['monitorRuns', index, 'BAD_USER_INPUT']]));
      const requests = upstream.requests.slice(before);
      expect(refusalsIn(errors)).toEqual(refused);
      expect(requests).toHaveLength(new Set(pairs.filter(isGood).map((pair) => Object.values(pair).join('/'))).size);
      for (const { method, url, httpVersion, rawHeaders } of requests) {
        expect([method, httpVersion]).toEqual(['GET', '1.1']);
        expect(url).toMatch(path);
        expect(valuesOf(rawHeaders, 'host')).toEqual([new URL(upstream.baseUrl).host]);
        expect(valuesOf(rawHeaders, 'authorization')).toEqual([authorization]);
      }
      accepted += requests.length;
    };
    await fc.assert(fc.asyncProperty(fc.array(key, { minLength: 50, maxLength: 50, size: 'max' }), check), {
      numRuns: operations,
    });

    // Or it would have shown nothing.
    expect(accepted).toBeGreaterThan(5 * operations);
    expect(accepted).toBeLessThan(45 * operations);
    expect(callsOf(world)).toHaveLength(accepted);
  },
);

/** Whether the answer is this one refusal, and nothing else. */
const isRefusal = ({ data, errors }: Answer, path: readonly (string | number)[]) =>
  errors?.length === 1 &&
  JSON.stringify(errors[0]?.path) === JSON.stringify(path) &&
  errors[0]?.extensions.code === 'BAD_USER_INPUT' &&
  errors[0].message.startsWith('Expected ') &&
  Object.values(data ?? {})
    .flat()
    .every((value) => value === null);

/** Where and why, in the order of the places. */
const refusalsIn = (errors: Answer['errors'] = []) =>
  errors
    .map(({ path = [], extensions }) => [...path, extensions.code])
    .sort(([, index], [, other]) => Number(index) - Number(other));

const callsOf = ({ datafold, olostep }: World) => [...datafold.paths, ...olostep.paths];

const valuesOf = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((_text, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1);
