/** What an attacker sends: a table of different operations, of ways to send one, and of keys. */
import type { Dice } from './dice.ts';

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

const runFields = `__typename id phase outcome startedAt
  ... on DatafoldRun { rawState error warnings diffId }
  ... on OlostepRun { finishedAt snapshot logGroup changed summary events(first: 1000) { totalCount nodes { id timestamp kind message event } } }`;
const monitorFields = `__typename id name enabled lastRunAt runs(first: 3) { totalCount nodes { id phase startedAt } }
  ... on DatafoldMonitor { tags type } ... on OlostepMonitor { status outputSchema metadata }`;

/** An operation that meets the reply to the run of that number. */
export const toRunOperation = (run: number, isDatafold: boolean): Operation => ({
  query: `query ($k: MonitorRunKey!) { monitorRun(key: $k) { ${runFields} } }`,
  variables: {
    k: isDatafold
      ? { provider: 'DATAFOLD', monitorId: '7', runId: String(run) }
      : { provider: 'OLOSTEP', monitorId: 'monitor_a', runId: `run_${run}` },
  },
});
/** An operation with as many calls as one may have, all of which meet that reply. */
export const toManyRuns = (run: number, runsApart: number): Operation => {
  const keys = Array.from({ length: 100 }, (_, n) => toRunOperation(run + n * runsApart, false).variables?.k);
  return { query: 'query ($k: [MonitorRunKey!]!) { monitorRuns(keys: $k) { id phase } }', variables: { k: keys } };
};

const texts = [
  ...[
    '',
    ' ',
    '0',
    '-0',
    '-1',
    '00',
    '007',
    '1.0',
    '1e3',
    '0x10',
    '+1',
    ' 1',
    '1 ',
    '١',
    '１',
    '1\0',
    '1/2',
    '..',
    '%2e%2e',
    '1%2f2',
  ],
  ...['2147483647', '2147483648', '4294967296', '9007199254740993', '9223372036854775807', '9223372036854775808'],
  ...[
    '18446744073709551616',
    '9'.repeat(1_000),
    'null',
    '__proto__',
    'constructor',
    'monitor_',
    'run_',
    `monitor_${'a'.repeat(128)}`,
  ],
  ...[
    `monitor_${'a'.repeat(129)}`,
    'monitor_a/runs/run_1',
    'monitor_a?b',
    'monitor_a#',
    'monitor_\ud800',
    'monitor_é',
    'run_../../x',
  ],
  ...['\ud800', '\udc00', '\u0000', '\r\nx: y', '"', '\\', "'", '<script>', '{{x}}', '💥', 'a'.repeat(10_000)],
];
const toBase64 = (text: string) => Buffer.from(text).toString('base64url');
const cursors = [
  ...texts,
  ...[
    '[]',
    '{}',
    'null',
    '0',
    '1',
    '-1',
    '[1]',
    '["a"]',
    '[1,2]',
    '[null]',
    '[1e999]',
    '{"t":1}',
    '[9e15,"x"]',
    '['.repeat(1_000),
  ].map(toBase64),
  ...['2:1', '1:0', '1:-1', '1:2147483648', '1:1:1', 'e1', 'p1', 'x'.repeat(8_000)].map(toBase64),
];
const times = [
  ...[
    '1970-01-01T00:00:00Z',
    '1969-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59.999Z',
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
  ],
  ...[
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T23:59:60Z',
    '2026-11-20',
    '2026-11-20T08:00:00',
  ],
  ...[
    '2026-11-20T08:00:00+99:99',
    '2026-11-20T08:00:00.123456789Z',
    '2026-11-20t08:00:00z',
    'now',
    '',
    '0',
    `2026-11-20T08:00:00.${'1'.repeat(9_000)}Z`,
  ],
];
const counts = [-2_147_483_648, -1, 0, 1, 19, 20, 99, 100, 101, 1_000, 1_001, 2_147_483_647];
const tags = [
  [],
  [''],
  [' '],
  ['a,b'],
  ['a&b=c'],
  ['\ud800'],
  ['x'.repeat(100)],
  ['x'.repeat(101)],
  ['é'.repeat(100)],
  Array(20).fill('a'),
  Array(21).fill('a'),
  Array(2_000).fill('a'),
  ['%00'],
  ['\r\n'],
];
const representations = [
  ...[
    {},
    { __typename: 'X' },
    { __typename: 'DatafoldRun' },
    { __typename: 'DatafoldRun', id: 'x' },
    { __typename: 'DatafoldRun', id: null },
  ],
  ...[
    { __typename: 'DatafoldRun', monitorId: 7, runId: 1 },
    { __typename: 'OlostepRun', monitorId: [], runId: {} },
    null,
    1,
    'x',
    [],
  ],
  ...[{ __typename: '__proto__' }, { __typename: 'Query' }, { __typename: 'MonitorRun', id: '__proto__' }],
];

const both = ['DATAFOLD', 'OLOSTEP'] as const;
const many = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(' ');

/** Each a different thought. */
export const operations: readonly Operation[] = [
  ...both.flatMap((provider) =>
    texts.flatMap((text) => [
      {
        query: `query ($k: MonitorRunKey!) { monitorRun(key: $k) { ${runFields} } }`,
        variables: { k: { provider, monitorId: text, runId: text } },
      },
      {
        query: `query ($k: MonitorKey!) { monitor(key: $k) { ${monitorFields} } }`,
        variables: { k: { provider, monitorId: text } },
      },
    ]),
  ),
  ...texts.map((text) => ({ query: 'query ($id: ID!) { node(id: $id) { __typename id } }', variables: { id: text } })),
  ...[
    'DatafoldRun:7:1',
    'OlostepRun:monitor_a:run_1',
    'X:1',
    'DatafoldRun',
    ':',
    '::',
    'DatafoldRun:7:',
    `DatafoldRun:${'9'.repeat(30)}:1`,
  ].map((id) => ({
    query: 'query ($id: ID!) { node(id: $id) { __typename id } }',
    variables: { id: toBase64(id) },
  })),
  ...both.flatMap((provider) =>
    cursors.map((after) => ({
      query:
        'query ($p: Provider!, $a: String) { monitorList(provider: $p, after: $a) { totalCount nodes { id } pageInfo { endCursor } } }',
      variables: { p: provider, a: after },
    })),
  ),
  ...cursors.map((after) => ({
    query: 'query ($a: String) { runs(after: $a, first: 2) { nodes { id } gaps { __typename } } }',
    variables: { a: after },
  })),
  ...cursors.map((after) => ({
    query:
      'query ($a: String) { monitor(key: { provider: OLOSTEP, monitorId: "monitor_a" }) { runs(after: $a) { nodes { id } } } }',
    variables: { a: after },
  })),
  ...cursors.map((after) => ({
    query:
      'query ($a: String) { olostepRun(monitorId: "monitor_a", runId: "run_1") { events(after: $a) { nodes { id } } } }',
    variables: { a: after },
  })),
  ...times.map((time) => ({
    query: 'query ($t: DateTime) { runs(since: $t, until: $t, first: 2) { nodes { id } } }',
    variables: { t: time },
  })),
  ...counts.flatMap((first) => [
    { query: `{ runs(first: ${first}) { nodes { id } } }` },
    {
      query: `{ monitorList(provider: OLOSTEP, first: ${first}) { nodes { id ${first > 100 ? '' : `runs(first: ${first}) { nodes { id } }`} } } }`,
    },
    { query: `{ olostepRun(monitorId: "monitor_a", runId: "run_1") { events(first: ${first}) { nodes { id } } } }` },
  ]),
  ...tags.map((list) => ({
    query: 'query ($t: [String!]) { monitorList(provider: DATAFOLD, tags: $t) { nodes { id } } }',
    variables: { t: list },
  })),
  ...representations.map((one) => ({
    query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
    variables: { r: [one] },
  })),
  {
    query: `{ monitorRuns(keys: [${many(100, (n) => `{ provider: DATAFOLD, monitorId: "7", runId: "${n}" }`)}]) { ${runFields} } }`,
  },
  { query: `{ ${many(50, (n) => `a${n}: datafoldRun(monitorId: "${n}", runId: "${n}") { id error }`)} }` },
  { query: `{ ${many(51, (n) => `a${n}: __typename`)} }` },
  { query: `{ ${many(5, (n) => `a${n}: runs(first: 100) { nodes { ${runFields} } gaps { __typename } }`)} }` },
  { query: `{ olostepRun(monitorId: "monitor_a", runId: "run_1") { ${many(40, (n) => `s${n}: snapshot`)} } }` },
  {
    query: `{ olostepRun(monitorId: "monitor_a", runId: "run_1") { ${many(40, (n) => `e${n}: events(first: 1000) { nodes { message } }`)} } }`,
  },
  { query: '{ __schema { types { name fields { name args { name } } } } _service { sdl } }' },
  { query: '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }' },
  { query: '{'.repeat(2_100) },
  { query: `{ a(${'x:1,'.repeat(600)}) }` },
  { query: '"""' },
  { query: '{ __typename @skip(if: false) @include(if: true) @defer @stream }' },
  { query: 'subscription { runs { nodes { id } } }' },
  { query: 'mutation { __typename }' },
  { query: 'query A { __typename } query B { __typename }' },
  { query: `#${'x'.repeat(90_000)}\n{ __typename }` },
  { query: '\ufeff{ __typename }' },
  { query: '{ __typename }\u0000' },
  { query: '' },
];

/** A key that repeats itself, of the longest that there are. */
export const slowKey = (n: number): string => `${'a'.repeat(2_000)}${n % 3}${'a'.repeat(2_000)}`;

/** Keys of a caller, many of which are none. `toKey` makes another each time. */
export const keys: readonly ((n: number) => string)[] = [
  (n) => `attacker-key-${n % 5}-0123456789`,
  (n) => `invented-key-${n}-0123456789`,
  (n) => `k${n % 10}`,
  () => 'fifteen-letters',
  () => 'sixteen--letters',
  slowKey,
  () => `${'a'.repeat(100)}b`,
  () => 'abab'.repeat(60),
  () => 'z'.repeat(4_096),
  () => 'z'.repeat(4_097),
  () => '\\u0041\\u0041%41%41%2541',
  () => '%%%%%%%%%%%%%%%%%%%%',
  () => '"quoted","key"0000000',
  () => 'a b',
  () => '',
];

/** A request as it goes over the wire: on which of the two paths through the service, and how. */
export interface WireForm {
  readonly name: string;
  /** `keyLines`: the headers of the caller's keys, each with its line break. */
  toBytes(operation: Operation, keyLines: string): Buffer;
}

const host = 'Host: graph.localhost\r\n';
const post = (body: string | Buffer, headers: string): Buffer => {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`POST /graphql HTTP/1.1\r\n${host}Content-Length: ${bytes.length}\r\n${headers}\r\n`, 'latin1'),
    bytes,
  ]);
};
const json = 'Content-Type: application/json\r\n';
const toPart = ({ query, variables }: Operation): Operation => ({
  query: query.replace(/^(query [^{]*)?\{ (.*) \}$/s, '$1{ ... @defer(label: "a") { $2 } __typename }'),
  ...(variables && { variables }),
});
const toField = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const form = (operation: Operation) =>
  `${toField('operations', JSON.stringify(operation))}${toField('map', '{}')}--b--\r\n`;

export const wireForms: readonly WireForm[] = [
  { name: 'POST', toBytes: (operation, keys) => post(JSON.stringify(operation), json + keys) },
  {
    name: 'GET',
    toBytes({ query, variables = {} }, keys) {
      const search = new URLSearchParams({
        query: query.slice(0, 3_000).toWellFormed(),
        variables: JSON.stringify(variables).slice(0, 3_000).toWellFormed(),
      });
      return Buffer.from(
        `GET /graphql?${search} HTTP/1.1\r\n${host}apollo-require-preflight: 1\r\n${keys}\r\n`,
        'latin1',
      );
    },
  },
  {
    name: 'incrementally',
    toBytes: (operation, keys) =>
      post(JSON.stringify(toPart(operation)), `${json}Accept: multipart/mixed, application/json\r\n${keys}`),
  },
  {
    name: 'as an extension',
    toBytes: (operation, keys) => post(JSON.stringify({ ...operation, extensions: { a: 1 } }), json + keys),
  },
  {
    name: 'as a form',
    toBytes: (operation, keys) =>
      post(form(operation), `Content-Type: multipart/form-data; boundary=b\r\napollo-require-preflight: 1\r\n${keys}`),
  },
  { name: 'as a list', toBytes: (operation, keys) => post(JSON.stringify([operation, operation]), json + keys) },
  {
    name: 'as events',
    toBytes: (operation, keys) => post(JSON.stringify(operation), `${json}Accept: text/event-stream\r\n${keys}`),
  },
  { name: 'as GraphQL', toBytes: ({ query }, keys) => post(query, `Content-Type: application/graphql\r\n${keys}`) },
  {
    name: 'with a byte order mark',
    toBytes: (operation, keys) => post(`\ufeff${JSON.stringify(operation)}`, json + keys),
  },
  {
    name: 'in chunks',
    toBytes(operation, keys) {
      const body = Buffer.from(JSON.stringify(operation));
      const head = `POST /graphql HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n${json}${keys}\r\n${body.length.toString(16)}\r\n`;
      return Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from('\r\n0\r\n\r\n')]);
    },
  },
];

/** What becomes of the connection. */
export const manners = [
  'waits',
  'waits',
  'waits',
  'waits',
  'leaves at once',
  'leaves later',
  'ends its side',
  'pipelines',
  'sends half',
  'does not read',
  'sends rubbish behind it',
] as const;
export type Manner = (typeof manners)[number];

/** A variation of an operation that no table has. */
export function mutateOperation(operation: Operation, dice: Dice): Operation {
  const { query, variables } = operation;
  const place = dice.below(query.length + 1);
  const token = dice.of([
    '{',
    '}',
    '(',
    ')',
    '"',
    '$',
    '@defer',
    '@skip(if: true)',
    'id',
    '...',
    '\\u0000',
    '1',
    'null',
    ' a: ',
    '\ud800',
    '#',
    '[',
    '!',
  ]);
  const mutated = dice.of([
    query,
    query,
    query.slice(0, place) + token + query.slice(place),
    query.slice(0, place),
    query.slice(0, place) + query.slice(place + 1 + dice.below(5)),
  ]);
  return { query: mutated, variables: dice.below(3) === 0 ? withOther(variables ?? {}, dice) : (variables ?? {}) };
}

/** The same value with another in the place of one of its leaves. */
function withOther(value: object, dice: Dice): Record<string, unknown> {
  const entries = Object.entries(value);
  if (entries.length === 0) return { k: 1 };
  const [name, old] = dice.of(entries);
  const isNested = typeof old === 'object' && old !== null;
  return { ...value, [name]: isNested ? withOther(old, dice) : dice.of([...texts, ...times, null, 1, true, []]) };
}
