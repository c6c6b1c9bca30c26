/** What a hostile provider sends to an attacker's call: a table of different ideas, and mutations of them. */
import { datafoldBody, datafoldMonitorRow, olostepBody } from '../../support/bodies.ts';
import { toHead } from '../upstream/fault-server.ts';
import type { Dice } from './dice.ts';
import { notations } from './key-notations.ts';

/** Bytes, and what becomes of the connection then: it stays open unless something else is said. */
export interface HostileReply {
  readonly bytes: Buffer;
  readonly finish?: 'end' | 'reset' | 'drip';
}

export interface HostileCall {
  readonly path: string;
  /** The key that the call was made with. */
  readonly key: string;
}

export type ReplyIdea = (call: HostileCall) => HostileReply;

const json = 'application/json';

interface Parts {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const whole = (body: string | Buffer, { status = 200, reason = 'OK', headers }: Parts = {}): HostileReply => {
  const bytes = Buffer.from(body);
  const all = { 'content-type': json, 'content-length': String(bytes.length), ...headers };
  return { bytes: Buffer.concat([Buffer.from(toHead(status, reason, all), 'latin1'), bytes]) };
};
const raw = (text: string, finish?: HostileReply['finish']): HostileReply => ({
  bytes: Buffer.from(text, 'latin1'),
  ...(finish && { finish }),
});

/** A body that fits what was requested, as far as that matters: ids are left out. */
const toFitting = ({ path }: HostileCall): Record<string, unknown> => {
  const isDatafold = path.startsWith('/api/');
  if (/\/runs\/[^/?]+$/.test(path)) {
    return { ...(isDatafold ? datafoldBody : olostepBody), run_id: undefined, monitor_id: undefined };
  }
  const rows = [datafoldMonitorRow, { ...datafoldBody }, { id: 'monitor_a', object: 'monitor', status: 'active' }];
  return { data: rows, monitors: rows, runs: rows, has_more: true, total_count: 3, next_cursor: 'c' };
};
const fitting = (call: HostileCall, more: object) => JSON.stringify({ ...toFitting(call), ...more });

/** Where a key may come back. `@` stands for it. */
const places: Readonly<Record<string, (call: HostileCall, written: string) => HostileReply>> = {
  'a text': (call, written) => whole(fitting(call, { error: '@', log_group: '@' }).replaceAll('@', () => written)),
  'a snapshot': (call, written) => whole(fitting(call, { snapshot: { a: ['@'] } }).replaceAll('@', () => written)),
  'a name': (call, written) => whole(fitting(call, { snapshot: { '@': 1 }, '@': 2 }).replaceAll('@', () => written)),
  'an event': (call, written) =>
    whole(fitting(call, { events: [{ id: '1', message: '@', event: { a: '@' } }] }).replaceAll('@', () => written)),
  'an error': (_call, written) => whole(`{"error":"${written}"}`, { status: 500 }),
  'a list': (call, written) =>
    whole(fitting(call, { data: [{ id: 7, name: '@', tags: ['@'] }] }).replaceAll('@', () => written)),
};

/** Heads that show the key, or want it elsewhere. */
const heads: Readonly<Record<string, (key: string) => Parts>> = {
  'its type': (key) => ({ headers: { 'content-type': `application/${key}` } }),
  'a parameter of its type': (key) => ({ headers: { 'content-type': `text/html; charset=${key}` } }),
  'its reason': (key) => ({ status: 500, reason: key }),
  'the wait in its header': (key) => ({ status: 429, headers: { 'retry-after': key } }),
  'a redirect': (key) => ({ status: 302, headers: { location: `/${key}` } }),
  'a cookie': (key) => ({ headers: { 'set-cookie': key } }),
  'its encoding': (key) => ({ headers: { 'content-encoding': key } }),
  'a challenge': (key) => ({ status: 401, headers: { 'www-authenticate': `Key ${key}` } }),
  'its date': (key) => ({ status: 503, headers: { 'retry-after': 'Mon', date: key } }),
  'a name of a header': (key) => ({ headers: { [key.replaceAll(/[^a-z0-9]/gi, '')]: 'x' } }),
};

const statuses = [
  ...[
    200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399, 400, 401, 402, 403,
  ],
  ...[
    404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429,
  ],
  ...[431, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 530, 599, 600, 999],
];
const waits = ['0', '-1', '1', '1e9', '99999999999999999999', 'Thu, 01 Jan 1970 00:00:00 GMT', '', ' ', '١'];

const sizes = [16, 64, 128, 256, 512, 1_024].flatMap((kibibytes) => [-1, 0, 1].map((off) => kibibytes * 1024 + off));
const valueCounts = [50_000, 66_666, 99_999, 199_999, 200_000, 200_001, 400_000];
const depths = [31, 32, 33, 63, 64, 65, 127, 1_000, 30_000];

/** JSON in the place of a snapshot. */
const snapshots: Readonly<Record<string, string>> = {
  ...Object.fromEntries(sizes.map((size) => [`a body of about ${size} bytes`, `{"a":"${'x'.repeat(size - 500)}"}`])),
  ...Object.fromEntries(valueCounts.map((count) => [`${count} values`, `[${'1,'.repeat(count - 1)}1]`])),
  ...Object.fromEntries(depths.map((depth) => [`${depth} levels`, '['.repeat(depth) + ']'.repeat(depth)])),
  ...Object.fromEntries(depths.map((depth) => [`${depth} objects`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`])),
  'members by the thousand': `{${Array.from({ length: 50_001 }, (_, n) => `"m${n}":0`).join()}}`,
  'the same name again and again': `{${'"a":1,'.repeat(30_000)}"a":2}`,
  __proto__: '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
  'a number of a thousand digits': '1'.repeat(1_000),
  'a number of 100,000 digits': '9'.repeat(100_000),
  'exponents beyond a number': '[1e999,-1e999,1e-999,1e99999999]',
  'negative zero': '[-0,-0.0,0e0]',
  'numbers at the edge':
    '[9007199254740991,9007199254740992,9223372036854775807,9223372036854775808,1.0000000000000001]',
  'half a surrogate pair': '"\\ud800"',
  'the other half': '"\\udc00\\ud800"',
  'a NUL': '"\\u0000"',
  'line separators': '"\u2028\u2029"',
  'a script': '"</script><script>alert(1)</script>"',
  'escapes by the hundred thousand': `"${'\\u0041'.repeat(100_000)}"`,
  'backslashes by the hundred thousand': `"${'\\\\'.repeat(100_000)}"`,
  'quotes by the hundred thousand': `"${'\\"'.repeat(100_000)}"`,
  'empty texts by the hundred thousand': `[${'"",'.repeat(100_000)}""]`,
  'spaces by the million': `${' '.repeat(1_000_000)}1`,
  'no value': '',
  'a lone minus': '-',
  'a leading zero': '01',
  'not a number': 'NaN',
  'half a literal': 'tru',
  'a raw line break': '"\n"',
  'a comment': '/* */1',
  'a bracket too many': '1]',
  'a brace that is not its own': '{"a":[}]',
  'an open text': '"',
  'an escape at the end': '"\\',
  'half a code': '"\\u00"',
  'a comma at the end': '[1,]',
};

/** Whole bodies. */
const bodies: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'a space': ' ',
  null: 'null',
  'a list': '[]',
  'a text': '"x"',
  'an empty object': '{}',
  'two objects': '{}{}',
  'a byte order mark': '\ufeff{}',
  'two byte order marks': '\ufeff\ufeff{}',
  'UTF-16': Buffer.from('\ufeff{"state":"ok"}', 'utf16le'),
  'bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'an overlong slash': Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
  'half a character': Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x22, 0x3a, 0x31, 0x7d]),
  'a page of HTML': '<!doctype html><title>Sorry</title>',
  'quotes by the million': '"'.repeat(1_000_000),
  'braces by the hundred thousand': '{'.repeat(100_000),
  'spaces by the million': ' '.repeat(1_000_000),
  'a form feed before it': '\f{}',
};

const chunk = (text: string, extension = '') => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
const chunkedHead = `HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\ntransfer-encoding: chunked\r\n\r\n`;
const lengthHead = (length: string) => `HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\ncontent-length: ${length}\r\n\r\n`;
const goodAnswer = `${lengthHead('2')}{}`;
const interim = (status: string, headers = '') => `HTTP/1.1 ${status}\r\n${headers}\r\n`;

/** Bytes that are more or less HTTP. */
const framings: Readonly<Record<string, HostileReply>> = {
  ...Object.fromEntries(
    [
      '0',
      '1',
      '3',
      '-1',
      '+2',
      ' 2',
      '2 ',
      '0x2',
      '2,2',
      '2, 3',
      '9007199254740993',
      '99999999999999999999999',
      '',
      'x',
    ].map((length) => [`a length of "${length}"`, raw(`${lengthHead(length)}{}`, 'end')]),
  ),
  ...Object.fromEntries(
    ['0', 'g', '-2', '2 ', '02', 'ffffffffffffffff', '7fffffff', '', '2;', `2;${'x'.repeat(70_000)}`].map((size) => [
      `a chunk size of "${size.slice(0, 20)}"`,
      raw(`${chunkedHead}${size}\r\n{}\r\n0\r\n\r\n`, 'end'),
    ]),
  ),
  ...Object.fromEntries(
    ['100', '100 ', '100 Continue', '101 Switching', '102', '103 Early Hints', '199', '1', '10', '1000', '000'].flatMap(
      (status) => [
        [`an interim ${status}`, raw(interim(status) + goodAnswer)],
        [`two of ${status}, with headers`, raw(interim(status, 'a: b\r\n').repeat(2) + goodAnswer)],
        [`a hundred of ${status}`, raw(interim(status).repeat(100) + goodAnswer)],
        [`${status} and nothing more`, raw(interim(status))],
        [`${status} byte by byte`, raw(interim(status, 'x: 100\r\n') + goodAnswer, 'drip')],
      ],
    ),
  ),
  'a response byte by byte': raw(goodAnswer, 'drip'),
  'length and chunks': raw(
    `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n${chunk('{}')}0\r\n\r\n`,
  ),
  'two lengths': raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ', 'end'),
  'no length': raw(`HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\n\r\n{}`, 'end'),
  'no length, and a reset': raw(`HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\n\r\n{}`, 'reset'),
  'chunks without the last': raw(chunkedHead + chunk('{}'), 'end'),
  'chunks by the ten thousand': raw(`${chunkedHead}${chunk(' ').repeat(10_000)}${chunk('{}')}0\r\n\r\n`),
  'trailers by the hundred': raw(`${chunkedHead}${chunk('{}')}0\r\n${'a: b\r\n'.repeat(300)}\r\n`),
  'a trailer of 100 KB': raw(`${chunkedHead}${chunk('{}')}0\r\na: ${'b'.repeat(100_000)}\r\n\r\n`),
  'headers by the thousand': raw(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(5_000)}content-length: 2\r\n\r\n{}`),
  'a header of 100 KB': raw(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(100_000)}\r\ncontent-length: 2\r\n\r\n{}`),
  'a header without end': raw(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(200_000)}`),
  'a header without a colon': raw('HTTP/1.1 200 OK\r\nabc\r\ncontent-length: 2\r\n\r\n{}'),
  'a NUL in a header': raw('HTTP/1.1 200 OK\r\na: \0\r\ncontent-length: 2\r\n\r\n{}'),
  'a folded header': raw('HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 2\r\n\r\n{}'),
  'line feeds alone': raw(`HTTP/1.1 200 OK\ncontent-type: ${json}\ncontent-length: 2\n\n{}`),
  'HTTP/0.9': raw('{}', 'end'),
  'HTTP/1.0': raw(`HTTP/1.0 200 OK\r\ncontent-type: ${json}\r\n\r\n{}`, 'end'),
  'HTTP/2': raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'HTTP/1.1 without a status': raw('HTTP/1.1\r\n\r\n'),
  'a request': raw('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  'two responses': raw(goodAnswer + goodAnswer),
  'a response behind it': raw(
    `${goodAnswer}HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n{"error":"from the other one"}`,
  ),
  'an interim response behind it': raw(goodAnswer + interim('100')),
  'rubbish behind it': raw(`${goodAnswer}\r\n\r\nrubbish`),
  'nothing and the end': raw('', 'end'),
  'nothing and a reset': raw('', 'reset'),
  'half a head': raw('HTTP/1.1 200 O', 'end'),
  'half a head and a reset': raw('HTTP/1.1 200 O', 'reset'),
  'half a body': raw(`${lengthHead('100')}{"state"`),
  'half a body and a reset': raw(`${lengthHead('100000')}{"state"${' '.repeat(70_000)}`, 'reset'),
  'half of 16 MiB': raw(`${lengthHead('16777216')}{"snapshot":"${'x'.repeat(200_000)}`),
  'half of 16 MiB and the end': raw(`${lengthHead('16777216')}{"snapshot":"${'x'.repeat(200_000)}`, 'end'),
  'one byte more than is read': raw(lengthHead('16777217') + ' '.repeat(100_000)),
  'empty lines before it': raw(`${'\r\n'.repeat(100)}${goodAnswer}`),
  TLS: raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
};

const wrongTypes = [
  'text/html',
  'text/plain',
  '',
  'application/json; charset=utf-16',
  'application/problem+json',
  'APPLICATION/JSON',
  'application/json, text/html',
  'x'.repeat(5_000),
];

/** Rows and cursors of lists that lead nowhere, or everywhere. */
const lists: Readonly<Record<string, object>> = {
  'no rows and more to come': { data: [], monitors: [], runs: [], has_more: true },
  'rows of null': { data: [null, null], monitors: [null], runs: [null] },
  'rows of lists': { data: [[], [[]]], monitors: [[]], runs: [[]] },
  'rows without ids': { data: [{}, {}], monitors: [{}], runs: [{}] },
  'rows of the same id': {
    data: Array(1_000).fill({ id: 7, run_id: 'run_1' }),
    monitors: Array(1_000).fill({ id: 7 }),
  },
  'an object of rows': { data: { 0: {} }, monitors: { length: 5 }, runs: { length: -1 } },
  'a cursor that is a number': { data: [{ id: 'monitor_a' }], next_cursor: 5, has_more: true },
  'a cursor of 100 KB': { data: [{ id: 'monitor_a' }], next_cursor: 'c'.repeat(100_000), has_more: true },
  'a cursor with a line break': { data: [{ id: 'monitor_a' }], next_cursor: 'a\r\nb: c', has_more: true },
  'a negative count': { data: [], total_count: -1, total: -1, count: -1 },
  'a count beyond numbers': { data: [], total_count: 1e308, total: 1e308, count: '1e999' },
  'an id of 100 KB': { data: [{ id: 'm'.repeat(100_000), created: 1 }], monitors: [{ id: '9'.repeat(100_000) }] },
  'times beyond time': {
    data: [{ id: 'event_1', run_id: 'run_1', created: 8.64e15 }],
    runs: [{ run_id: 1, started_at: '9999-99-99' }],
  },
  'times before time': {
    data: [{ id: 'event_1', run_id: 'run_1', created: -1e300 }],
    runs: [{ run_id: 1, started_at: '-000001-01-01T00:00:00Z' }],
  },
};

const entriesOf = <Value>(
  prefix: string,
  table: Readonly<Record<string, Value>>,
  toIdea: (value: Value) => ReplyIdea,
) => Object.entries(table).map(([name, value]) => [`${prefix} ${name}`, toIdea(value)] as const);

/** As large as is read, of the letter of a key that repeats itself. */
export const largeReply = 'a snapshot of 14 MB';
const manyLetters = 'a'.repeat(14_000_000);

/** Each by its name. */
export const replyIdeas: readonly (readonly [name: string, ReplyIdea])[] = [
  ...Object.entries(places).flatMap(([place, toReply]) =>
    entriesOf(`the key in ${place},`, notations, (write) => (call) => toReply(call, write(call.key))),
  ),
  ...entriesOf('the key in', heads, (toParts) => (call) => whole(fitting(call, {}), toParts(call.key))),
  ...statuses.map(
    (status) => [`status ${status}`, (call: HostileCall) => whole(fitting(call, {}), { status })] as const,
  ),
  ...statuses
    .filter((status) => status >= 400)
    .map(
      (status) =>
        [
          `status ${status} with a page`,
          () => whole('<p>', { status, headers: { 'content-type': 'text/html' } }),
        ] as const,
    ),
  ...[429, 503].flatMap((status) =>
    waits.map(
      (wait) =>
        [
          `${status} with a wait of "${wait}"`,
          () => whole('{}', { status, headers: { 'retry-after': wait } }),
        ] as const,
    ),
  ),
  ...entriesOf(
    'a snapshot:',
    snapshots,
    (written) => (call) =>
      whole(fitting(call, { snapshot: '@', events: '@', data: '@' }).replaceAll('"@"', () => written)),
  ),
  [largeReply, (call: HostileCall) => whole(fitting(call, { snapshot: { a: manyLetters } }))] as const,
  ...entriesOf('a body:', bodies, (body) => () => whole(body)),
  ...entriesOf('bytes:', framings, (reply) => () => reply),
  ...entriesOf('a list:', lists, (body) => () => whole(JSON.stringify(body))),
  ...wrongTypes.map(
    (type) =>
      [
        `a type of ${type.slice(0, 30)}`,
        (call: HostileCall) => whole(fitting(call, {}), { headers: { 'content-type': type } }),
      ] as const,
  ),
  ...['gzip', 'br', 'deflate', 'identity', 'x'].map(
    (encoding) =>
      [
        `encoding ${encoding}`,
        (call: HostileCall) => whole(fitting(call, {}), { headers: { 'content-encoding': encoding } }),
      ] as const,
  ),
];

/** The same with something changed, so that no two are the same. */
export function mutate({ bytes, finish }: HostileReply, dice: Dice): HostileReply {
  const place = dice.below(Math.min(bytes.length, 4_096) + 1);
  const rest = bytes.subarray(place);
  const before = bytes.subarray(0, place);
  const kinds = [
    () => Buffer.concat([before, Buffer.from([dice.below(256)]), rest]),
    () => Buffer.concat([before, rest.subarray(1 + dice.below(8))]),
    () => before,
    () => Buffer.concat([before, rest.subarray(0, 64), rest]),
    () => Buffer.concat([before, Buffer.from(dice.of(tokens)), rest]),
    () => bytes,
  ];
  // Never byte by byte: what is left over of a reply then comes once the connection is another tenant's, and no program can tell.
  const next = dice.of([finish, finish, 'end', 'reset'] as const);
  return { bytes: dice.of(kinds)(), ...(next && next !== 'drip' && { finish: next }) };
}

const tokens = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  '{',
  '}',
  '[',
  '"',
  '\\',
  '%',
  '\\u0000',
  '1e999',
  ',',
  ':',
  ' ',
  '\ufeff',
  '\ud7ff',
  '0\r\n\r\n',
];
