/** Requests that are not quite HTTP, byte by byte (C-30): refused or read, and never executed as what they aren't. */
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';
import { openWire } from '../wire.ts';

/** What is sent, and what may become of it. */
interface Case {
  readonly bytes: string | Uint8Array;
  /** The statuses that will do; none: the connection ends without an answer. */
  readonly statuses: readonly number[];
  /** Whether the first answer must have the first status, and so on. @default false */
  readonly isInOrder?: boolean;
  /** How many operations are executed. @default 0 */
  readonly executed?: number;
  /** How many answers come. @default 1 */
  readonly answers?: number;
  /** What must become of the connection. @default 'either', as long as it is one of both */
  readonly connection?: 'closed' | 'usable' | 'either';
  /** Whether the client says that it won't send more. */
  readonly ends?: boolean;
}

const host = 'Host: graph.localhost';
const type = 'Content-Type: application/json';
const requesting = (runId: number) =>
  JSON.stringify({ query: `{ datafoldRun(monitorId: "7", runId: "${runId}") { state } }` });
const good = requesting(42);
/** Must never reach a provider. */
const smuggled = 666;
const join = (lines: readonly string[], body = '') => `${lines.join('\r\n')}\r\n\r\n${body}`;

/** A whole request with these headers beside the usual ones. */
const post = (...headers: string[]) => posting(good, ...headers);
const posting = (body: string, ...headers: string[]) =>
  join(['POST /graphql HTTP/1.1', host, type, `Content-Length: ${body.length}`, ...headers], body);
/** A request of these headers alone. */
const bare = (headers: readonly string[], body = good, line = 'POST /graphql HTTP/1.1') =>
  join([line, ...headers], body);
const at = (target: string, version = 'HTTP/1.1') =>
  bare([host, type, `Content-Length: ${good.length}`], good, `POST ${target} ${version}`);
const by = (method: string) =>
  bare([host, type, `Content-Length: ${good.length}`], good, `${method} /graphql HTTP/1.1`);
const hosted = (...hosts: string[]) => bare([...hosts, type, `Content-Length: ${good.length}`]);
const typed = (text: string) => bare([host, `Content-Type: ${text}`, `Content-Length: ${good.length}`]);
const chunked = (body: string, ...headers: string[]) =>
  bare([host, type, 'Transfer-Encoding: chunked', ...headers], body);
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const encoded = (body: Buffer, ...headers: string[]) =>
  Buffer.concat([Buffer.from(bare([host, type, `Content-Length: ${body.length}`, ...headers], '')), body]);
const headers = (count: number) => Array.from({ length: count }, (_, n) => `X-H${n}: 1`);

/** Where one server may see an end of the request that another doesn't: a second request stands behind it. */
const second = posting(requesting(smuggled));
const smuggling = (first: string): Case => ({ bytes: first + second, statuses: [400], connection: 'closed' });
const refused = (bytes: Case['bytes'], ...statuses: number[]): Case => ({
  bytes,
  statuses: statuses.length > 0 ? statuses : [400],
});
const read = (bytes: Case['bytes']): Case => ({ bytes, statuses: [200], executed: 1, connection: 'usable' });
const silent = (bytes: Case['bytes']): Case => ({ bytes, statuses: [], connection: 'closed' });

const lengths = (...lines: string[]) => bare([host, type, ...lines]);
const right = `Content-Length: ${good.length}`;

const framing: Record<string, Case> = {
  'length and chunks': smuggling(chunked(`0\r\n\r\n`, right)),
  'chunks and length': smuggling(bare([host, type, 'Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
  'two lengths that differ': smuggling(lengths(right, 'Content-Length: 0')),
  'two lengths that agree': smuggling(lengths(right, right)),
  'two lengths in one header': smuggling(lengths(`Content-Length: ${good.length}, ${good.length}`)),
  'a length with a sign': smuggling(lengths(`Content-Length: +${good.length}`)),
  'a negative length': smuggling(lengths('Content-Length: -1')),
  'a length in hex': smuggling(lengths('Content-Length: 0x10')),
  'a length with a space': smuggling(lengths('Content-Length: 1 0')),
  'a length with an exponent': smuggling(lengths('Content-Length: 1e2')),
  'a length with a fraction': smuggling(lengths('Content-Length: 10.0')),
  'an empty length': smuggling(lengths('Content-Length:')),
  'a length beyond 64 bits': smuggling(lengths('Content-Length: 99999999999999999999')),
  'a length of 100 GB': { ...refused(lengths('Content-Length: 99999999999'), 413), connection: 'closed' },
  'a length with a space before its colon': smuggling(lengths(`Content-Length : ${good.length}`)),
  'chunks with a space before the colon': smuggling(bare([host, type, 'Transfer-Encoding : chunked'], '0\r\n\r\n')),
  'chunks with a tab before the colon': smuggling(bare([host, type, 'Transfer-Encoding\t: chunked'], '0\r\n\r\n')),
  'chunks on a folded line': smuggling(bare([host, type, right, 'Transfer-Encoding:\r\n chunked'], '0\r\n\r\n')),
  'chunks under a vertical tab': smuggling(bare([host, type, right, 'Transfer-Encoding: \x0bchunked'], '0\r\n\r\n')),
  'an encoding that is nearly chunks': smuggling(bare([host, type, right, 'Transfer-Encoding: xchunked'], '0\r\n\r\n')),
  'chunks, but not last': smuggling(bare([host, type, 'Transfer-Encoding: chunked, identity'], '0\r\n\r\n')),
  'chunks that are none': smuggling(bare([host, type, 'Transfer-Encoding: identity'], good)),
  'an encoding without a name': smuggling(bare([host, type, right, 'Transfer-Encoding:'], good)),
  'chunks behind a line feed in another header': smuggling(
    bare([host, type, right, 'X-A: b\nTransfer-Encoding: chunked'], '0\r\n\r\n'),
  ),
  'chunks behind a carriage return': smuggling(
    bare([host, type, right, 'X-A: b\rTransfer-Encoding: chunked'], '0\r\n\r\n'),
  ),
  // What stands behind the five bytes isn't HTTP: a second 400, or the connection ends before it.
  'a length that is too short': {
    ...refused(lengths('Content-Length: 5') + second),
    answers: 2,
    connection: 'closed',
  },
  'a length that is too long': {
    ...silent(lengths(`Content-Length: ${good.length + 5}`)),
    statuses: [400],
    ends: true,
  },
};

const chunks: Record<string, Case> = {
  'one byte each': read(chunked(`${[...good].map(chunk).join('')}0\r\n\r\n`)),
  'capitals in a size': read(chunked(`${chunk(good).toUpperCase().slice(0, 4)}${chunk(good).slice(4)}0\r\n\r\n`)),
  'leading zeros in a size': read(chunked(`000${chunk(good)}0\r\n\r\n`)),
  'an extension': read(chunked(`${chunk(good).replace('\r\n', ';a=b\r\n')}0\r\n\r\n`)),
  trailers: read(chunked(`${chunk(good)}0\r\nX-Trailer: 1\r\n\r\n`)),
  'a length among the trailers': {
    bytes: chunked(`${chunk(good)}0\r\nContent-Length: 500\r\n\r\n`),
    statuses: [200, 400],
    executed: 1,
  },
  'a size of letters': smuggling(chunked(`zz\r\n${good}\r\n0\r\n\r\n`)),
  'no size': smuggling(chunked(`\r\n${good}\r\n0\r\n\r\n`)),
  'a negative size': smuggling(chunked(`-5\r\n${good}\r\n0\r\n\r\n`)),
  'a size with 0x': smuggling(chunked(`0x${chunk(good)}0\r\n\r\n`)),
  'a size beyond 64 bits': smuggling(chunked(`ffffffffffffffffff\r\n${good}\r\n0\r\n\r\n`)),
  'more than the size': smuggling(chunked(`5\r\n${good}\r\n0\r\n\r\n`)),
  'a line feed behind the size': smuggling(chunked(`${good.length.toString(16)}\n${good}\r\n0\r\n\r\n`)),
  'a line feed in an extension': smuggling(chunked(`${chunk(good).replace('\r\n', ';a\nb\r\n')}0\r\n\r\n`)),
  'an extension of 20 KB': {
    ...refused(chunked(`${chunk(good).replace('\r\n', `;a=${'b'.repeat(20_000)}\r\n`)}0\r\n\r\n`), 400, 413),
    connection: 'closed',
  },
  'no end': { ...silent(chunked(chunk(good))), statuses: [400], ends: true },
  'under HTTP/1.0': {
    ...refused(bare([host, type, 'Transfer-Encoding: chunked'], `${chunk(good)}0\r\n\r\n`, 'POST /graphql HTTP/1.0')),
    statuses: [200, 400],
    executed: 1,
    connection: 'closed',
  },
  'of gzip': refused(bare([host, type, 'Transfer-Encoding: gzip, chunked'], `${chunk(good)}0\r\n\r\n`), 400, 415, 501),
};

const lines: Record<string, Case> = {
  'line feeds alone': refused(post().replaceAll('\r\n', '\n')),
  'a line feed behind the request line': refused(post().replace('HTTP/1.1\r\n', 'HTTP/1.1\n')),
  'a line feed behind a header': refused(post().replace('graph.localhost\r\n', 'graph.localhost\n')),
  'a carriage return in a header': refused(post('X-A: a\rb')),
  'NUL in a header': refused(post('X-A: a\0b')),
  'a header without a name': refused(post(': a')),
  'a header without a colon': refused(post('nonsense')),
  'a header with a space in its name': refused(post('X A: b')),
  'a header with a bracket in its name': refused(post('X(A): b')),
  'a header with a byte beyond ASCII in its name': refused(post('X-\xe9: b')),
  'a space before the first header': refused(post().replace(host, ` ${host}`)),
  'a folded header': { bytes: post('X-A: a\r\n b'), statuses: [200, 400], executed: 1 },
  'empty lines before the request': read(`\r\n\r\n${post()}`),
  'a version that is missing': refused(bare([host], '', 'GET /graphql'), 400),
  'HTTP/0.9': { ...refused('GET /graphql\r\n'), ends: true },
  'HTTP/2': refused('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'HTTP/1.2': { bytes: at('/graphql', 'HTTP/1.2'), statuses: [200, 400, 505], executed: 1 },
  'HTTP/9.9': refused(at('/graphql', 'HTTP/9.9')),
  'http/1.1': refused(at('/graphql', 'http/1.1')),
  'HTTP/1.1 and a letter': refused(at('/graphql', 'HTTP/1.1x')),
  'HTTP/1': refused(at('/graphql', 'HTTP/1')),
  'the beginning of TLS': refused(Buffer.from('16030100050100000100', 'hex')),
  'a greeting of SSH': refused('SSH-2.0-OpenSSH_9.9\r\n'),
  'no HTTP': refused('hello?\r\n\r\n'),
  'all bytes there are': refused(Buffer.from(Array.from({ length: 256 }, (_, n) => n))),
  nothing: { ...silent(''), ends: true },
  'half a head': { ...silent('POST /graphql HTTP/1.1\r\nHost: gr'), statuses: [400], ends: true },
};

const hosts: Record<string, Case> = Object.fromEntries(
  [
    [],
    ['Host: graph.localhost', 'Host: graph.localhost'],
    ['Host: graph.localhost', 'Host: evil.test'],
    ['Host: graph.localhost', 'hOST:'],
    ['Host:'],
    ['Host: a b'],
    ['Host: a\tb'],
    ['Host: [::1'],
    ['Host: [::::]'],
    ['Host: x:99999'],
    ['Host: x:y'],
    ['Host: x:'],
    ['Host: :80'],
    ['Host: %zz'],
    ['Host: %67raph.test'],
    ['Host: evil@graph.localhost'],
    ['Host: graph.localhost/graphql'],
    ['Host: graph.localhost?a'],
    ['Host: graph.localhost#a'],
    ['Host: graph.localhost\\evil.test'],
    ['Host: graph.localhost, evil.test'],
    ['Host: http://graph.localhost'],
    ['Host: "graph.localhost"'],
    ['Host: <script>'],
    ['Host: gr\xe9ph.test'],
    ['Host: 1.2.3.4.5'],
    ['Host: 999.1.1.1'],
    [`Host: ${'a'.repeat(300)}`],
  ].map((lines) => [lines.join(' and ') || 'none', refused(hosted(...lines))]),
);

const targets: Record<string, Case> = Object.fromEntries(
  [
    '/',
    '//graphql',
    '//evil.test/graphql',
    '/\\evil.test/graphql',
    'file:///graphql',
    'javascript:alert(1)',
    '*',
    'graphql',
    '/x/../graphql',
    '/./graphql',
    '/%67raphql',
    '/graphql%00',
    '/graphql/',
    '/graphql;a=b',
    '/GRAPHQL',
    '/x/health',
    '/%zz',
    '/%',
    '/../../../../etc/passwd',
    '/graphql\0',
    '/graphql\t',
    '/gr\xe9phql',
    '/graphql /graphql',
    '',
    `/${'a'.repeat(20_000)}`,
  ].map((target) => [target.slice(0, 30), refused(at(target), 400, 404, 431)]),
);
// Whole URLs: their host is the one that counts, not that of the Host header (RFC 9112, 3.2.2).
for (const target of [
  'http://evil.test/graphql',
  'https://evil.test:1/graphql',
  'http://graph.localhost.evil.test/graphql',
])
  targets[target] = refused(at(target), 421);
for (const target of [
  'http://user@graph.localhost/graphql',
  'http://evil.test@graph.localhost/graphql',
  'http://graph.localhost:x/graphql',
  'http://graph.localhost\\@evil.test/graphql',
  'http:///graphql',
  'http://%67raph.localhost/graphql',
])
  targets[target] = refused(at(target), 400, 404);
for (const target of [
  'http://graph.localhost',
  'http://graph.localhost/x',
  'http://graph.localhost//graphql',
  'http:/graphql',
])
  targets[target] = refused(at(target), 400, 404);
for (const target of [
  'http://graph.localhost/graphql',
  'https://graph.localhost:443/graphql',
  'HTTP://127.0.0.1/graphql?a',
])
  targets[target] = read(at(target));
targets['a fragment'] = { bytes: at('/graphql#a'), statuses: [200, 400, 404], executed: 1 };

const methods: Record<string, Case> = {
  ...Object.fromEntries(
    ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'PURGE'].map((method) => [
      method,
      refused(by(method), 405, 400),
    ]),
  ),
  ...Object.fromEntries(
    ['get', 'post', 'GRAPHQL', 'POSTPOST', 'P'.repeat(5_000), 'GET\0'].map((method) => [
      method.slice(0, 30),
      refused(by(method), 400),
    ]),
  ),
  HEAD: silent(by('HEAD').replace(host, `${host}\r\nConnection: close`)),
  CONNECT: silent(bare(['Host: evil.test:80'], '', 'CONNECT evil.test:80 HTTP/1.1')),
  'CONNECT to the path': silent(by('CONNECT')),
  'an upgrade to WebSocket': {
    bytes: post(
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
    statuses: [200, 400, 426],
    executed: 1,
  },
  'an upgrade to HTTP/2': {
    bytes: post('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    statuses: [200, 400],
    executed: 1,
  },
};

const sizes: Record<string, Case> = {
  'a header of 20 KB': refused(post(`X-Long: ${'x'.repeat(20_000)}`), 431),
  'a header name of 20 KB': refused(post(`${'x'.repeat(20_000)}: 1`), 431),
  '100 headers': read(post(...headers(97))),
  '101 headers': refused(post(...headers(98)), 431),
  '1,100 headers, with the one that a proxy adds behind them': refused(post(...headers(1_100), 'X-User: 1'), 431),
  '1,900 headers': refused(post(...headers(1_900)), 431),
  'a query string of 20 KB': refused(at(`/graphql?${'a'.repeat(20_000)}`), 431),
  'a body of 100 KiB and a byte': refused(lengths(`Content-Length: ${100 * 1024 + 1}`), 413),
};

const contents: Record<string, Case> = {
  'application/json; charset=utf-8': read(typed('application/json; charset=utf-8')),
  'application/json;charset="UTF-8"': {
    bytes: typed('application/json;charset="UTF-8"'),
    statuses: [200],
    executed: 1,
  },
  ...Object.fromEntries(
    ['utf-7', 'utf-16', 'utf-32', 'ebcdic', 'x'.repeat(5_000)].map((charset) => [
      `charset=${charset.slice(0, 10)}`,
      { bytes: typed(`application/json; charset=${charset}`), statuses: [200, 400, 415], executed: 1 },
    ]),
  ),
  'UTF-16': refused(encoded(Buffer.from(good, 'utf16le'), 'X-Charset: utf-16')),
  'UTF-7': refused(encoded(Buffer.from(good.replaceAll('{', '+AHs-')))),
  'bytes that are not UTF-8': {
    bytes: encoded(Buffer.from(good.replace('7', '\xff\xfe'), 'latin1')),
    statuses: [200, 400],
  },
  'a byte order mark': {
    bytes: encoded(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(good)])),
    statuses: [200, 400],
    executed: 1,
  },
  gzip: refused(encoded(gzipSync(good), 'Content-Encoding: gzip'), 400, 415),
  'a bomb of gzip': refused(encoded(gzipSync(Buffer.alloc(50_000_000)), 'Content-Encoding: gzip'), 400, 413, 415),
  'gzip that is none': refused(post('Content-Encoding: gzip'), 400, 415),
  'an encoding that does nothing': { bytes: post('Content-Encoding: identity'), statuses: [200, 415], executed: 1 },
  'no type': refused(bare([host, right]), 415),
  'two types': refused(bare([host, 'Content-Type: text/plain', type, right]), 415, 400),
  'no body': refused(bare([host, type], ''), 400),
  'Expect: 999': refused(post('Expect: 999'), 417),
  'Expect: 100-continue': read(post('Expect: 100-continue')),
  'a request id with a bell': refused(post('X-Request-Id: a\x07b'), 400),
  'a request id of 10 KB': read(post(`X-Request-Id: ${'a'.repeat(10_000)}`)),
  'a request id of HTML': read(post('X-Request-Id: <script>alert(1)</script>')),
  'bytes beyond ASCII in a header': read(post('X-A: \xe9\xff')),
  'Connection: content-length': { ...read(post('Connection: content-length')), connection: 'either' },
};

const queues: Record<string, Case> = {
  'two in one go': { ...read(post() + post()), executed: 2, answers: 2 },
  'twenty in one go': { ...read(post().repeat(20)), executed: 20, answers: 20 },
  'a good one and a bad one': {
    bytes: `${post()}nonsense\r\n\r\n`,
    statuses: [200, 400],
    isInOrder: true,
    executed: 1,
    answers: 2,
  },
  'a bad one and a good one': smuggling('nonsense\r\n\r\n'),
  'one whose body is refused, and a good one': {
    bytes: lengths(`Content-Length: ${100 * 1024 + 1}`) + second,
    statuses: [413],
    connection: 'closed',
  },
  'one that wants the connection closed, and another': {
    bytes: post('Connection: close') + second,
    statuses: [200],
    executed: 1,
    connection: 'closed',
  },
};

export const groups = { framing, chunks, lines, hosts, targets, methods, sizes, contents, queues };

/** What an answer must never hold: a stack, or where the code is. */
const traces = /\n +at |node:internal|node_modules|file:\/\/|\.ts\b|\/src\//;

export async function run(tally: Tally): Promise<void> {
  await withStage(async (stage) => {
    for (const [group, cases] of Object.entries(groups)) {
      for (const [name, each] of Object.entries(cases)) {
        const problem = await findProblem(stage, each);
        tally.check(`${group}: ${JSON.stringify(name)}`, problem === undefined, problem);
      }
    }
    tally.check('no request behind another one was taken for one', !stage.datafold.paths.some(isSmuggled));
    tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
    tally.check('no canary', stage.service.leaks().length === 0, stage.service.leaks());
    const { status, text } = await stage.service.execute(JSON.parse(good).query);
    tally.check('still serves', status === 200 && text.includes('"OK"'), text);
  });
}

const isSmuggled = (path: string) => path.endsWith(`/${smuggled}`);

/** What went wrong, if anything did. */
async function findProblem({ service, calls }: Stage, each: Case): Promise<string | undefined> {
  const { bytes, statuses, isInOrder = false, executed = 0, connection = 'either', ends = false } = each;
  const expected = each.answers ?? (statuses.length === 0 ? 0 : 1);
  const before = calls();
  const wire = await openWire(service.port);
  wire.send(bytes);
  if (ends) wire.end();
  const answers = await wire.answers(Math.max(expected, 1), expected === 0 ? 300 : 2_000);
  const isToClose = connection === 'closed' || /^connection: close/im.test(answers.at(-1)?.head ?? '');
  const isClosed = await wire.isClosed(isToClose ? 2_000 : 20);
  const text = wire.received().slice(0, 800);

  if (traces.test(text)) return `shows what it is made of: ${text}`;
  if (answers.some(({ status }, n) => (isInOrder ? status !== statuses[n] : !statuses.includes(status))))
    return `expected ${statuses}, answered ${text}`;
  if (answers.length < expected && !isClosed) return `no answer, and not closed: ${text}`;
  if (answers.length < expected && !statuses.includes(400)) return `closed without an answer: ${text}`;
  if (answers.length > expected && !ends) return `answered more than once: ${text}`;

  const isExecuted = answers.some(({ status }) => status === 200);
  // Where the answer of an operation was lost, the operation may still be on its way.
  for (let n = 0; n < 20 && !isExecuted && calls() - before < executed; n++) await setTimeout(10);
  const made = calls() - before;
  if (made > executed || (made > 0 && !isExecuted && !isClosed)) return `${made} calls upstream: ${text}`;
  if (connection === 'closed') return isClosed ? undefined : `left open: ${text}`;
  if (isClosed) return connection === 'usable' ? `closed: ${text}` : undefined;
  if (ends) return undefined;

  wire.send(post());
  const last = (await wire.answers(answers.length + 1)).at(answers.length);
  wire.reset();
  return last?.status === 200 ? undefined : `neither closed nor usable: ${wire.received()}`;
}
