import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  parse,
  validate,
  versionInfo,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { CostBudget } from '../../src/core/cost-budget.ts';
import { BadUserInput, ProviderError } from '../../src/core/errors.ts';
import { defaultLimits } from '../../src/core/limits.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import type { MonitorRunKey, Provider } from '../../src/generated/types.ts';
import { compileOperation, createExecute, type Plan } from '../../src/graphql/executor/execute.ts';
import { toExecutableDocument, toExecutableSchema } from '../../src/graphql/graphql-majors.ts';
import { ParsedObject } from '../../src/json/lazy-object.ts';
import { RequestLog, silentLog } from '../../src/observability/logger.ts';
import { Accounts } from '../../src/providers/accounts.ts';
import { Context } from '../../src/resolvers/context.ts';
import { createSchema } from '../../src/schema/create-schema.ts';
import { OperationCall } from '../../src/upstream/call-context.ts';
import { CancelSource, OperationDeadline, TimeoutQueue } from '../../src/upstream/deadline.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { datafoldBody, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdDate } from '../support/clock.ts';
import { toCredential } from '../support/credential.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { byMajor } from '../support/graphql-major.ts';
import { type AnswerOf, randomAnswers, toHealthy } from '../support/random-bodies.ts';
import { type RandomOperation, randomOperation } from '../support/random-operations.ts';
import { createWorld } from '../support/world.ts';

/** GraphQL's own executor, which refuses `@defer` and `@stream` from version 17 on. */
const executeByGraphQL = ({ schema, document, ...args }: ExecutionArgs) =>
  execute({ ...args, schema: toExecutableSchema(schema), document: toExecutableDocument(document) });

const schema = createSchema();
const credential = toCredential('Key canary-key', 'service', 'https://datafold.test');
const costBudget = new CostBudget(defaultLimits);

/** A request whose upstream calls are answered by `answerOf`, and what has been called for it. */
function createRequest(answerOf: AnswerOf, maxResponseBytes: number, accounts = defaultAccounts) {
  const calls: string[] = [];
  const upstream = (provider: Provider): Upstream => ({
    async getJson({ path }) {
      calls.push(path);
      const body = answerOf(provider, path);
      return body && new ParsedObject(body);
    },
    async close() {},
  });
  const context = new Context({
    upstreams: { DATAFOLD: upstream('DATAFOLD'), 'DATAFOLD@eu': upstream('DATAFOLD'), OLOSTEP: upstream('OLOSTEP') },
    accounts,
    credentialOf: () => credential,
    call: new OperationCall(
      new RequestLog(silentLog, 'test', 0),
      new OperationDeadline(new TimeoutQueue(15_000), new CancelSource()),
    ),
    // How many of a list come together depends on the executor's steps as well.
    limits: { ...defaultLimits, maxResponseBytes, listFetchThreshold: 1_000 },
  });
  return { context, calls };
}

interface OperationCase {
  readonly document: DocumentNode;
  readonly plan?: Plan | undefined;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly answerOf?: AnswerOf;
  readonly maxResponseBytes?: number;
  readonly accounts?: Accounts;
}

const defaultAccounts = new Accounts([]);
const sandboxAccounts = new Accounts([{ provider: 'DATAFOLD', account: 'eu' }]);

/** Both runs of the bodies, all lists, and no other run. */
const healthy: AnswerOf = (provider, path) =>
  ({ [datafoldPath]: datafoldBody, [olostepPath]: olostepBody })[path] ??
  (/\/runs\//.test(path) ? null : toHealthy(provider, path));

/** By a plan from the first time on. */
const executeByPlan = createExecute({ schema, maxValidationErrors: 50, introspection: true, compileAfterUses: 1 });

/** Executes twice, each time with an upstream that knows nothing of the other: GraphQL's executor, and ours. */
async function requestBoth({
  document,
  variables = {},
  answerOf = healthy,
  maxResponseBytes = 1e9,
  accounts = defaultAccounts,
  ...given
}: OperationCase) {
  const plan = given.plan ?? (compileOperation(schema, document) as Plan);
  const ordinary = createRequest(answerOf, maxResponseBytes, accounts);
  const expected = await executeByGraphQL({
    schema,
    document,
    variableValues: variables,
    contextValue: ordinary.context,
  });
  const planned = createRequest(answerOf, maxResponseBytes, accounts);
  const answer = await executeByPlan({ document, variableValues: variables }, planned.context);
  expect(toComparable(answer)).toEqual(toComparable(expected));
  expect(toItems(planned.calls)).toEqual(toItems(ordinary.calls));
  let reason: unknown;
  const data = await plan(variables, createRequest(answerOf, maxResponseBytes, accounts).context).catch((error) => {
    reason = error;
  });
  return { answer, calls: planned.calls, hasGivenUp: data === undefined, reason };
}

/**
 * What was requested, without the extras of a monitor: which of its selections come together, and so are one call, depends on how
 * many steps of the executor lie between them.
 */
const toItems = (calls: readonly string[]) => [...new Set(calls.map((path) => path.replace(/\?include.*/, '')))].sort();

/** What a plan answers; `undefined` when it bails out. */
const unlessGivenUp = (planned: ReturnType<Plan> | undefined) => planned?.catch(() => undefined);

const toComparable = ({ data, errors }: ExecutionResult) => ({
  data: JSON.stringify(data),
  errors: errors
    ?.map(({ message, path, locations, extensions: { http: _ours, ...extensions } }) =>
      JSON.stringify({ message, path, locations, extensions }),
    )
    .sort(),
});

/** Selects from both runs of the bodies. */
const bothRuns = (selection: string) => `{
  datafoldRun(monitorId: "7", runId: "42") ${selection}
  olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") ${selection}
}`;

describe('executor: the plan of an operation', () => {
  it.each(exampleOperations.map((text) => [/query (\w+)/.exec(text)?.[1], text]))(
    'answers the example %s as GraphQL does, without its executor',
    async (_name, text) => {
      holdDate('2026-11-22T12:00:00Z');
      const { answer, hasGivenUp } = await requestBoth({ document: parse(String(text)), accounts: sandboxAccounts });
      expect(answer.data).toBeDefined();
      expect(hasGivenUp).toBe(false);
    },
  );

  it('answers generated operations as GraphQL does, on healthy answers and broken ones', fuzz, async () => {
    // Lists are held still by the time.
    holdDate('2026-11-22T12:00:00Z');
    const operations = casesOf(2_050, 200);
    const count = { byPlan: 0, fresh: 0, withoutPlan: 0, withData: 0 };
    const check = async ({ text, variables }: RandomOperation, answerOf: AnswerOf) => {
      const document = parse(text);
      expect(validate(schema, document)).toEqual([]);
      const plan = compileOperation(schema, document);
      if (plan === undefined) {
        count.withoutPlan++;
        return;
      }
      for (const sent of variables) {
        const { answer, hasGivenUp, reason } = await requestBoth({ document, plan, variables: sent, answerOf });
        // To bail out without need would be right, and slow. A plan can't tell whether GraphQL gets to a condition that is null.
        const conditions = [...text.matchAll(/@(?:skip|include)\(if: \$(\w+)\)/g)].map(([, name = '']) => name);
        const hasNullCondition = conditions.some((name) => sent?.[name] === null);
        // It checks arguments before it requests anything, also of fields that no object turns out to have.
        const hasImpossibleArguments = reason instanceof BadUserInput;
        expect(hasGivenUp).toBe(answer.errors !== undefined || hasNullCondition || hasImpossibleArguments);
        count[hasGivenUp ? 'fresh' : 'byPlan']++;
        if (/":"|":\d/.test(JSON.stringify(answer.data ?? null))) count.withData++;
      }
    };
    await fc.assert(fc.asyncProperty(randomOperation(schema), randomAnswers, check), {
      numRuns: operations,
      seed: 20261122,
    });
    expect(count.byPlan).toBeGreaterThan(casesOf(1_500, 120));
    expect(count.fresh).toBeGreaterThan(casesOf(1_500, 120));
    expect(count.withData).toBeGreaterThan(casesOf(2_000, 190));
    // Those with more conditions than a plan takes, and introspection.
    expect(count.withoutPlan).toBeLessThan(casesOf(400, 60));
  });

  it('is none where its fields would be many, each compiled for each type that it is met at', async () => {
    const nest = (levels: number): string =>
      levels === 0 ? 'id phase outcome startedAt' : `monitor { runs { nodes { ${nest(levels - 1)} } } }`;
    const ofRoots = (roots: number) =>
      parse(
        `{ ${Array.from({ length: roots }, (_, root) => `r${root}: node(id: "x") { ...F }`).join(' ')} }
         fragment F on MonitorRun { ${nest(2)} }`,
      );
    const compiled: number[] = [];

    expect(compileOperation(schema, ofRoots(1), null, (fields) => compiled.push(fields))).toBeDefined();
    expect(compiled).toHaveLength(1);
    expect(compileOperation(schema, ofRoots(50), null, (fields) => compiled.push(fields))).toBeUndefined();
    expect(compiled).toHaveLength(1);
  });

  it("answers what federation gateways request, without GraphQL's executor", async () => {
    const document = parse(`query ($representations: [_Any!]!) {
      _entities(representations: $representations) { __typename ... on MonitorRun { id } ... on OlostepRun { snapshot } }
      _service { sdl }
    }`);
    const { monitorId, runId } = olostepKey;
    const representations = [
      { __typename: 'MonitorRun', id: 'DATAFOLD:7:42' },
      { __typename: 'OlostepRun', id: `OLOSTEP:${monitorId}:${runId}` },
      { __typename: 'DatafoldRun', id: 'DATAFOLD:7:43' },
    ];
    const { answer, calls, hasGivenUp } = await requestBoth({ document, variables: { representations } });
    expect(answer.data).toMatchObject({
      _entities: [{ id: 'DATAFOLD:7:42' }, { snapshot: olostepBody.snapshot }, null],
    });
    expect(calls.length).toBe(3);
    expect(hasGivenUp).toBe(false);
  });

  it('bails out where there is an error, which costs no second call', async () => {
    const document = parse(bothRuns('{ id startedAt }'));
    const answerOf: AnswerOf = (provider, path) => {
      if (provider === 'OLOSTEP') throw new ProviderError(provider, 'UPSTREAM_TIMEOUT');
      return healthy(provider, path);
    };
    const { answer, calls, hasGivenUp } = await requestBoth({ document, answerOf });
    expect(hasGivenUp).toBe(true);
    expect(calls).toEqual([datafoldPath, olostepPath]);
    expect(answer.data?.datafoldRun).toMatchObject({ startedAt: '2026-11-20T08:00:00.000Z' });
    expect(answer.errors).toMatchObject([{ path: ['olostepRun'], extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
  });

  it.each([
    ['null where none may be', { id: null }],
    ['a promise that fails below a run', { startedAt: () => Promise.reject(new Error('late')) }],
    ['a value that is not of its enum', { phase: 'DONE' }],
    ['a type that the schema does not have', { __typename: 'Run' }],
  ])('bails out on what no provider should fill: %s', async (_what, wrong) => {
    const run = { __typename: 'DatafoldRun', id: 'x', phase: 'FINISHED', startedAt: () => null };
    const execute = (text: string, found: object) =>
      unlessGivenUp(
        compileOperation(schema, parse(text))?.(
          {},
          { accounts: defaultAccounts, costBudget, call: {}, runs: { load: async () => found } },
        ),
      );
    const selection = '{ id phase startedAt }';
    const key = 'monitorId: "7", runId: "42"';
    const texts = [
      `{ run: datafoldRun(${key}) ${selection} }`,
      `{ run: monitorRun(key: { provider: DATAFOLD, ${key} }) ${selection} }`,
    ];
    for (const text of texts) {
      expect(await execute(text, run)).toEqual({ run: { id: 'x', phase: 'FINISHED', startedAt: null } });
      expect(await execute(text, { ...run, ...wrong })).toBeUndefined();
    }
  });

  it('bails out at once, whatever is still in flight, and lets no failure of that go astray', async () => {
    const plan = compileOperation(schema, parse(bothRuns('{ id }')));
    const late = Promise.withResolvers<never>();
    const load = async ({ provider }: MonitorRunKey) =>
      provider === 'DATAFOLD' ? Promise.reject(Error()) : late.promise;
    await expect(plan?.({}, { accounts: defaultAccounts, costBudget, call: {}, runs: { load } })).rejects.toThrow();
    // An unhandled rejection would fail this file.
    late.reject(new Error('late'));
    await setImmediate();
  });

  it('has an operation that it gave up start again with its whole allowance', async () => {
    const page = 'events(first: 3) { nodes { id } }';
    const key = `monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}"`;
    const document = parse(`{ olostepRun(${key}) { a: ${page} b: ${page} } }`);
    const answers = [];
    for (let maxResponseBytes = 0; maxResponseBytes <= 20_000; maxResponseBytes += 500)
      answers.push(await requestBoth({ document, maxResponseBytes }));
    expect(answers.at(-1)).toMatchObject({
      hasGivenUp: false,
      answer: { data: { olostepRun: { b: { nodes: [{}, {}, {}] } } } },
    });
    // The first of the two pages is answered, as for an operation that has spent nothing before.
    const half = answers.filter(
      ({ answer }) => answer.data?.olostepRun && JSON.stringify(answer.data).includes('"b":null'),
    );
    expect(half.some(({ answer }) => JSON.stringify(answer.data).includes('"a":{'))).toBe(true);
    expect(half.every(({ hasGivenUp }) => hasGivenUp)).toBe(true);
  });

  it('refuses the texts that GraphQL refuses', async () => {
    const document = parse('{ datafoldRun(monitorId: "7", runId: "42") { a: error b: error warnings rawState } }');
    const answerOf: AnswerOf = () => ({ ...datafoldBody, error: 'x'.repeat(300), warnings: ['y'.repeat(200), ''] });
    const refused = [];
    for (let maxResponseBytes = 0; maxResponseBytes <= 900; maxResponseBytes += 100) {
      const { answer, hasGivenUp } = await requestBoth({ document, answerOf, maxResponseBytes });
      expect(hasGivenUp).toBe(answer.errors !== undefined);
      refused.push(answer.errors?.length ?? 0);
    }
    expect(refused).toEqual([4, 4, 4, 3, 3, 2, 2, 1, 1, 0]);
  });

  it('puts the fields into the order that @skip and @include leave them in', async () => {
    const document = parse(
      `query ($first: Boolean!, $last: Boolean!) ${bothRuns(`{
      id @include(if: $first) phase ...Id @skip(if: $last) outcome ...Id
    }`)} fragment Id on MonitorRun { id }`,
    );
    for (const first of [true, false]) {
      for (const last of [true, false]) {
        const { answer, hasGivenUp } = await requestBoth({ document, variables: { first, last } });
        const names = Object.keys(answer.data?.datafoldRun as object);
        expect(names).toEqual(
          first ? ['id', 'phase', 'outcome'] : last ? ['phase', 'outcome', 'id'] : ['phase', 'id', 'outcome'],
        );
        expect(hasGivenUp).toBe(false);
      }
    }
  });

  it('hands resolvers the arguments that GraphQL would', async () => {
    const echoing = buildSchema(`
      input Range { from: Int! = 1, to: Int, steps: [Int] }
      type Query { echo(size: Int = 3, name: String, flag: Boolean! = true, ranges: [Range], id: ID): String }
    `);
    const { echo } = echoing.getQueryType()?.getFields() ?? {};
    if (echo) echo.resolve = (_query, args) => JSON.stringify(args);
    const document =
      parse(`query ($size: Int, $name: String = "x", $flag: Boolean = false, $to: Int, $ranges: [Range]) {
      plain: echo(id: 7, ranges: { steps: 2 })
      all: echo(size: $size, name: $name, flag: $flag, ranges: $ranges)
      nested: echo(ranges: [{ to: $to, from: $size }, { steps: [1, $to] }], name: null)
      one: echo(name: $name, size: null)
    }`);
    expect(validate(echoing, document)).toEqual([]);
    const plan = compileOperation(echoing, document);
    const value = fc.constantFrom<unknown>(
      // JSON has none. To graphql 17 it is the same as a variable that is left out.
      ...(versionInfo.major >= 17 ? [] : [undefined]),
      null,
      1,
      2 ** 40,
      'x',
      true,
      [],
      [null],
      {},
      { to: 1 },
      { too: 1 },
    );
    const sent = fc.dictionary(fc.constantFrom('size', 'name', 'flag', 'to', 'ranges', 'other'), value);
    const check = async (variableValues: Record<string, unknown>) => {
      const { data, errors } = await executeByGraphQL({ schema: echoing, document, variableValues });
      const planned = await unlessGivenUp(plan?.(variableValues, {}));
      if (errors === undefined) expect(JSON.stringify(planned)).toBe(JSON.stringify(data));
      else expect(planned).toBeUndefined();
    };
    await fc.assert(fc.asyncProperty(sent, check), { numRuns: 2_000, seed: 20261122 });
  });

  it.each([
    ['a query that reads the schema', '{ __schema { queryType { name } } }'],
    ['a mutation', 'mutation { __typename }'],
    ['a subscription', 'subscription { __typename }'],
    ['a directive that it does not know', '{ __typename @defer }'],
    ['a fragment that is deferred', '{ ... @defer { __typename } }'],
    ['a list that is streamed', '{ nodes(ids: []) @stream { id } }'],
    [
      'a deferred fragment of a fragment',
      '{ ...A } fragment A on Query { ...B @defer } fragment B on Query { __typename }',
    ],
    ['a response name that objects have a meaning for', '{ __proto__: __typename }'],
    ['a variable of such a name', 'query ($__proto__: ID) { monitors(keys: []) { id } a: __typename }'],
    [
      'fields that depend on five variables',
      `query (${['a', 'b', 'c', 'd', 'e'].map((name) => `$${name}: Boolean!`).join()}) {
        ${['a', 'b', 'c', 'd', 'e'].map((name) => `${name}: __typename @skip(if: $${name})`).join(' ')}
      }`,
    ],
    ['several operations and no name', 'query A { __typename } query B { __typename }'],
  ])('is not there for %s', (_what, text) => {
    expect(compileOperation(schema, parse(text))).toBeUndefined();
  });

  it('is the one of the operation that is named', async () => {
    const document = parse('query A { a: __typename } query B { b: __typename }');
    expect(await compileOperation(schema, document, 'B')?.({}, {})).toEqual({ b: 'Query' });
    expect(compileOperation(schema, document, 'C')).toBeUndefined();
  });
});

describe('executor: a response name that objects have a meaning for', () => {
  const key = 'key: { provider: DATAFOLD, monitorId: "7", runId: "42" }';
  const nodes = (selection: string) => `edges { node { ${selection} } } nodes { ${selection} }`;

  it.each([
    ['of the query', `{ __proto__: monitorRun(${key}) { id } }`, '{"__proto__":{"id":"DATAFOLD:7:42"}}'],
    ['of a run', `{ a: monitorRun(${key}) { __proto__: id } }`, '{"a":{"__proto__":"DATAFOLD:7:42"}}'],
    [
      'in a fragment',
      `{ a: monitorRun(${key}) { ...A } } fragment A on MonitorRun { __proto__: runId }`,
      '{"a":{"__proto__":"42"}}',
    ],
    [
      'of runs in a page',
      `{ monitorRun(${key}) { ... on DatafoldRun { monitor { runs { ${nodes('__proto__: runId')} } } } } }`,
      '{"monitorRun":{"monitor":{"runs":{"edges":[{"node":{"__proto__":"42"}}],"nodes":[{"__proto__":"42"}]}}}}',
    ],
  ])('is a name like any other, each time that it is selected: %s', async (_where, query, data) => {
    holdDate('2026-11-22T12:00:00Z');
    const world = await createWorld();
    world.datafold.onAny((request, response) => {
      const isRun = request.url === datafoldPath;
      const { error: _error, warnings: _warnings, ...row } = datafoldBody;
      const page = { count: 1, page: 1, page_size: 20, total_pages: 1, runs: [row] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(isRun ? datafoldBody : page));
    });

    for (let time = 1; time <= 4; time++) {
      const response = await world.post(JSON.stringify({ query }));
      expect(await response.text()).toBe(`{"data":${data}}`);
    }
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

it('executor: A condition that is null has an error that says what was expected, wherever it stands', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  const query = `query ($if: Boolean = true) {
    monitorRun(key: { provider: DATAFOLD, monitorId: "7", runId: "42" }) { id runId @skip(if: $if) }
  }`;

  for (let time = 1; time <= 4; time++) {
    const { errors } = await world.execute(query, { if: null });
    expect(errors).toMatchObject([{ path: ['monitorRun'], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors?.[0]?.message).toContain(byMajor('must not be null', 'not to be null'));
  }
});
