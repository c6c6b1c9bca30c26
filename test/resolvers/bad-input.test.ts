/** Operations that can't be: whatever is posted as one, the answer says what was expected, and is never a 500. */
import { expect, it } from 'vitest';
import { body, gets, itRefuses, json, params, query, typename, variants } from '../support/rejection.ts';
import { createWorld } from '../support/world.ts';

const nested = (open: string, close: string, levels = 10_000) => open.repeat(levels) + close.repeat(levels);
const nestedObject = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
const operation = '{ __typename }';

const notJson = 'Expected a body of JSON';
const notAnObject = 'expected to be object';
const aBatch = 'Batching is not supported';

itRefuses('bodies', [
  ['nothing', 400, notJson, body('')],
  ['half a JSON text', 400, notJson, body('{')],
  ['two JSON texts', 400, notJson, body(typename + typename)],
  ['JSON with a comment', 400, notJson, body(`/* */${typename}`)],
  ['JSON in UTF-16', 400, notJson, variants({ headers: json, body: Buffer.from(typename, 'utf16le') })],
  ['null', 400, notAnObject, body('null')],
  ['a number', 400, notAnObject, body('7')],
  ['text', 400, notAnObject, body(JSON.stringify(operation))],
  ['true', 400, notAnObject, body('true')],
  ['an empty list', 400, aBatch, body('[]')],
  ['a list of one operation', 400, aBatch, body(`[${typename}]`)],
  ['a list of two operations', 400, aBatch, body(`[${typename},${typename}]`)],
  ['a list of numbers', 400, aBatch, body('[7]')],
  ['lists, 10,000 deep', 400, aBatch, body(nested('[', ']'))],
  ['objects, 10,000 deep', 400, 'Unexpected parameter "a"', body(nestedObject)],
]);

const noQuery = 'Expected a `query`, or the id of a document';
const notText = 'Expected `query` to be text.';
const notVariables = 'Expected `variables` to be a JSON object, null, or left out.';
const notExtensions = 'Expected `extensions` to be a JSON object, null, or left out.';
const notOne = 'Expected one operation';
const severalOperations = 'query A { __typename } query B { __typename }';
const named = (operationName: unknown) => params({ query: 'query A { __typename }', operationName });

itRefuses('parameters', [
  ['none', 400, noQuery, body('{}')],
  ['a query of null', 400, noQuery, query(null)],
  ['an unknown one of null', 400, noQuery, params({ q: null })],
  ['variables alone', 400, noQuery, params({ variables: {} })],
  ['empty ids alone', 400, noQuery, params({ documentId: '', doc_id: '', id: '' })],
  ['a query of a number', 400, notText, query(7)],
  ['a query of a list', 400, notText, query([operation])],
  ['a query of an object', 400, notText, query({})],
  ['a query of lists, 10,000 deep', 400, notText, body(`{"query":${nested('[', ']')}}`)],
  ['an unknown one', 400, 'Unexpected parameter "q"', params({ query: operation, q: 1 })],
  ['__proto__', 400, 'Unexpected parameter "__proto__"', body('{"query":"{ __typename }","__proto__":1}')],
  ['variables of a number', 400, notVariables, query(operation, 7)],
  ['variables of text', 400, notVariables, query(operation, '{}')],
  ['variables of empty text', 400, notVariables, query(operation, '')],
  ['variables of a list', 400, notVariables, query(operation, [])],
  ['variables of true', 400, notVariables, query(operation, true)],
  ['extensions of text', 400, notExtensions, params({ query: operation, extensions: 'x' })],
  ['extensions of empty text', 400, notExtensions, params({ query: operation, extensions: '' })],
  ['extensions of a list', 400, notExtensions, params({ query: operation, extensions: [] })],
  ['an operationName of nothing', 400, notOne, named('B')],
  ['an operationName of a number', 400, notOne, named(7)],
  ['an operationName of an object', 400, notOne, named({})],
  ['an operationName of an inherited property', 400, notOne, named('__proto__')],
  ['several operations, and no operationName', 400, notOne, query(severalOperations)],
  [
    'several operations, and an empty operationName',
    400,
    notOne,
    params({ query: severalOperations, operationName: '' }),
  ],
]);

it.each<[name: string, params: Record<string, string>]>([
  ['operationName', { query: 'query A { __typename }', operationName: '' }],
  ['documentId', { query: operation, documentId: '' }],
  ['doc_id', { query: operation, doc_id: '' }],
  ['id', { query: operation, id: '' }],
])('bad input: takes an empty %s for none, by POST as by GET', async (_name, given) => {
  const world = await createWorld();
  // As often as operations are executed until they have a plan, and once more.
  for (let time = 0; time < 4; time++) {
    const responses = [await params(given)(world), await gets(`${new URLSearchParams(given)}`)(world)];
    for (const response of responses) expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
  }
});

/** Some root fields, of three tokens each. */
const aliases = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ');
const key = '{ provider: DATAFOLD, monitorId: "7", runId: "42" }';
const requestsWith = (given: string, selection = '{ id }') => query(`{ monitorRun(key: ${given}) ${selection} }`);
const requestsLog = (argument: string, declared = '') =>
  `${declared} { olostepRun(monitorId: "monitor_a", runId: "run_b") { events(${argument}) { totalCount } } }`;
/** Whichever comes first. */
const tooMuch = /2000 tokens|nested less deeply/;

itRefuses('documents', [
  ['an empty one', 200, 'Syntax Error: Unexpected <EOF>', query('')],
  ['space', 200, 'Syntax Error: Unexpected <EOF>', query(' \n\t ')],
  ['a comment', 200, 'Syntax Error: Unexpected <EOF>', query('# nothing')],
  ['half a document', 200, 'Syntax Error: Expected Name, found <EOF>', query('{ monitorRun(')],
  ['NUL', 200, 'Syntax Error: Unexpected character: U+0000', query('{ \0 }')],
  ['text without an end', 200, 'Syntax Error: Unterminated string', query('{ node(id: "a) { id } }')],
  ['half a surrogate pair', 200, 'Syntax Error: Invalid Unicode escape', query('{ node(id: "\\uD800") { id } }')],
  ['a schema', 200, 'is not executable', query('type A { b: Int } query { __typename }')],
  ['a fragment alone', 400, notOne, query('fragment A on Query { __typename }')],
  ['a mutation', 200, 'not configured to execute mutation', query('mutation { __typename }')],
  ['a subscription', 200, 'not configured to execute subscription', query('subscription { __typename }')],
  ['an unknown field', 200, 'Cannot query field "jobs" on type "Query"', query('{ jobs }')],
  ["another type's field", 200, 'Cannot query field "state" on type "MonitorRun"', requestsWith(key, '{ state }')],
  ['an unknown argument', 200, 'Unknown argument "run"', query('{ monitorRun(run: 7) { id } }')],
  ['a missing argument', 200, 'argument "key" of type "MonitorRunKey!" is required', query('{ monitorRun { id } }')],
  ['an unknown directive', 200, 'Unknown directive "@now"', query('{ __typename @now }')],
  ['an unknown type', 200, 'Unknown type "Run"', requestsWith(key, '{ ... on Run { id } }')],
  ['an unknown fragment', 200, 'Unknown fragment "A"', query('{ ...A }')],
  ['fragments in a circle', 200, 'Cannot spread fragment "A"', query('{ ...A } fragment A on Query { ...A }')],
  ['a run without a selection', 200, 'must have a selection of subfields', requestsWith(key, '')],
  ['a selection of an id', 200, 'must not have a selection', requestsWith(key, '{ id { digits } }')],
  ['an unknown provider', 200, 'does not exist in "Provider" enum', requestsWith(key.replace('DATAFOLD', 'GITHUB'))],
  ['a provider of text', 200, 'cannot represent non-enum value', requestsWith(key.replace('DATAFOLD', '"DATAFOLD"'))],
  [
    'a key without runId',
    200,
    '"MonitorRunKey.runId" of required',
    requestsWith('{ provider: DATAFOLD, monitorId: "7" }'),
  ],
  ['a key with a page', 200, 'Field "page" is not defined', requestsWith(key.replace('runId', 'page: 1, runId'))],
  ['an id of a list', 200, 'ID cannot represent', query('{ node(id: ["DATAFOLD:7:42"]) { id } }')],
  ['an id of null', 200, 'Expected value of type "ID!", found null', query('{ node(id: null) { id } }')],
  ['a first of text', 200, 'Int cannot represent non-integer value', query(requestsLog('first: "1"'))],
  ['a first that is not whole', 200, 'Int cannot represent non-integer value', query(requestsLog('first: 1.5'))],
  ['a first beyond 32 bits', 200, 'Int cannot represent non 32-bit', query(requestsLog('first: 2147483648'))],
  ['a kind of a number', 200, 'String cannot represent a non string value', query(requestsLog('kind: 1'))],
  ['selections, 10,000 deep', 200, tooMuch, query(`{ a ${nested('{ a ', '}')} }`)],
  ['inline fragments, 10,000 deep', 200, tooMuch, query(`{ ${nested('... { ', '}')} }`)],
  ['lists, 10,000 deep', 200, tooMuch, query(`{ node(id: ${nested('[', ']')}) { id } }`)],
  ['lists, 950 deep', 200, 'ID cannot represent', query(`{ node(id: ${nested('[', ']', 950)}) { id } }`)],
  ['input objects, 10,000 deep', 200, tooMuch, requestsWith(nested('{ a: ', '}'))],
  ['a type of lists, 10,000 deep', 200, tooMuch, query(`query ($a: ${nested('[', ']')}) { __typename }`)],
  ['2,001 tokens', 200, '2000 tokens', query(`{ ${aliases(666)} __typename }`)],
  [
    'one field, 1,900 times',
    200,
    'Expected fewer selections of one name',
    query(`{ node(id: "a") { ${'id '.repeat(1_900)} } }`),
  ],
]);

const byKey = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
const byId = 'query ($id: ID!) { node(id: $id) { id } }';
const byKeys = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const given = { provider: 'DATAFOLD', monitorId: '7', runId: '42' };
const notAKey = 'Expected type "MonitorRunKey" to be an object';

itRefuses('variables', [
  ['none for a key', 400, '"$key" of required type "MonitorRunKey!" was not provided', query(byKey)],
  ['null for a key', 400, '"$key" of non-null type "MonitorRunKey!" must not be null', query(byKey, { key: null })],
  ['text for a key', 400, notAKey, query(byKey, { key: 'DATAFOLD:7:42' })],
  ['a number for keys', 400, notAKey, query(byKeys, { keys: 7 })],
  ['null among keys', 400, 'Expected non-nullable type "MonitorRunKey!"', query(byKeys, { keys: [given, null] })],
  ['a key without provider', 400, '"provider" of required', query(byKey, { key: { monitorId: '7', runId: '42' } })],
  ['an unknown provider', 400, 'not exist in "Provider"', query(byKey, { key: { ...given, provider: 'datafold' } })],
  ['a key with a page', 400, 'Field "page" is not defined', query(byKey, { key: { ...given, page: 1 } })],
  ['an id of an object', 400, 'Expected an id', query(byId, { id: {} })],
  ['an id of true', 400, 'Expected an id', query(byId, { id: true })],
  ['an id of a list', 400, 'Expected an id', query(byId, { id: ['DATAFOLD:7:42'] })],
  ['a first of text', 400, 'non-integer value', query(requestsLog('first: $n', 'query ($n: Int)'), { n: '1' })],
  ['one of the wrong type', 200, 'used in position expecting', query(byId.replace('ID', 'Int'), { id: 7 })],
  ["one that isn't declared", 200, 'Variable "$id" is not defined', query('{ node(id: $id) { id } }', { id: '7' })],
  ['lists, 10,000 deep', 400, 'Expected an id', body(`{"query":"${byId}","variables":{"id":${nested('[', ']')}}}`)],
  [
    'objects, 10,000 deep',
    400,
    '"provider" of required',
    body(`{"query":"${byKey}","variables":{"key":${nestedObject}}}`),
  ],
]);

it('bad input: A variable may have any name, however often it is used, and in incremental delivery', async () => {
  const world = await createWorld();
  const monitors = [{ id: 1 }];
  world.datafold.onAny({ body: { count: 2, page: 1, page_size: 1, total_pages: 2, monitors } });
  const query = 'query ($__proto__: Int) { monitorList(provider: DATAFOLD, first: $__proto__) { nodes { id } } }';
  const execute = async (query: string, accept = 'application/json') => {
    const body = `{"query":${JSON.stringify(query)},"variables":{"__proto__":1}}`;
    return (await world.post(body, { headers: { 'content-type': 'application/json', accept } })).text();
  };

  for (let time = 0; time < 4; time++) expect(await execute(query)).toContain('DATAFOLD:monitor:1');
  const deferred = query.replace('nodes', '... @defer { totalCount } nodes');
  expect(await execute(deferred, 'multipart/mixed')).toContain('DATAFOLD:monitor:1');
  expect(new Set(world.datafold.paths)).toEqual(
    new Set(['/api/v1/monitors?page=1&page_size=1&order_by=id&sort_order=asc']),
  );
});

it('bad input: takes 2,000 tokens', async () => {
  const world = await createWorld();

  // Names and values, as aliases have a limit too.
  const { errors } = await world.execute(`{ node(id: "a") { ${'...{id} '.repeat(398)} id } }`);

  expect(errors?.map(({ path }) => path)).toEqual([['node']]);
});

it("bad input: takes JavaScript's own names for what they are", async () => {
  const world = await createWorld();
  const names = '{ __proto__: __typename constructor: __typename toString: __typename }';
  const variables = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

  const response = await world.post(`{"query":"${names}","variables":${variables}}`);

  expect(await response.text()).toBe('{"data":{"__proto__":"Query","constructor":"Query","toString":"Query"}}');
  expect('polluted' in {}).toBe(false);
});
