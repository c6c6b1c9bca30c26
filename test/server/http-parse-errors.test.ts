/** Requests that can't be: whatever comes in over HTTP, the answer says what was expected, and is never a 500. */
import { expect, it } from 'vitest';
import { sendBytes, sendLines } from '../support/raw-http.ts';
import { body, gets, itRefuses, json, sends, targets, typename, variants } from '../support/rejection.ts';
import { createWorld } from '../support/world.ts';

const most = 100 * 1024;
const tooLarge = 'at most 102400 bytes';
const streamed = (text: string) => variants({ headers: json, body: new Blob([text]).stream(), duplex: 'half' });
const announced = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'] as const;

itRefuses('sizes', [
  ['100 KiB and a byte', 413, tooLarge, body(' '.repeat(most + 1))],
  ['100 KiB and a byte, in chunks', 413, tooLarge, streamed(' '.repeat(most + 1))],
  ['10 MiB', 413, tooLarge, body(' '.repeat(10 * 1024 * 1024))],
  ['10 MiB in chunks', 413, tooLarge, streamed(' '.repeat(10 * 1024 * 1024))],
  ['100 GB that are only announced', 413, tooLarge, sends(...announced, 'Content-Length: 99999999999')],
]);

it.each([
  ['with a content-length', body],
  ['in chunks', streamed],
] as const)('HTTP parse errors: takes a body of 100 KiB, %s', async (_how, send) => {
  const world = await createWorld();

  const response = await send(typename.padEnd(most))(world);

  expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
});

const notJson = 'Expected a POST with the content type application/json';
const typed = (type: string) => body(typename, { 'content-type': type });
const parts = new FormData();
parts.set('operations', typename);

itRefuses('content types', [
  ['none', 415, notJson, variants({ body: Buffer.from(typename) })],
  ['an empty one', 415, notJson, typed('')],
  ['text/plain', 415, notJson, typed('text/plain')],
  ['text/plain that mentions JSON', 415, notJson, typed('text/plain;application/json')],
  ['nearly JSON', 415, notJson, typed('application/jsonx')],
  ['a form', 415, notJson, variants({ body: new URLSearchParams({ query: '{ __typename }' }) })],
  [
    'a form with half an object',
    415,
    notJson,
    variants({ body: new URLSearchParams({ query: '{}', variables: '{' }) }),
  ],
  ['a form of parts', 415, notJson, variants({ body: parts })],
  ['a form of parts without boundary', 415, notJson, typed('multipart/form-data')],
  ['application/graphql', 415, notJson, body('{ __typename }', { 'content-type': 'application/graphql' })],
  ['two', 415, notJson, targets('/graphql', ['Host: graph.test', 'Content-Type: text/plain'])],
]);

it.each([
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/json ; charset=utf-8',
  'Application/JSON',
  'APPLICATION/JSON;charset=utf-8',
  'application/graphql+json',
  'application/GraphQL+json',
])('HTTP parse errors: takes a body of %s', async (type) => {
  const response = await typed(type)(await createWorld());

  expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
});

const notAcceptable = 'Expected an Accept header that admits application/json';
const accepting = (accept: string, text = typename) => body(text, { ...json, accept });

itRefuses('Accept headers', [
  ['text/html', 406, notAcceptable, accepting('text/html')],
  ['image/png', 406, notAcceptable, accepting('image/png')],
  ['another charset', 406, notAcceptable, accepting('application/json;charset=utf-16')],
  ['no type at all', 406, notAcceptable, accepting('something else')],
  ['image/png for a bad body', 406, notAcceptable, accepting('image/png', '{')],
  ['image/png for a GET', 406, notAcceptable, gets('query={__typename}', { accept: 'image/png' })],
]);

const queryAndMore = 'query={__typename}';
const noQuery = 'Expected a `query`, or the id of a document';
const notJsonInUrl = 'Expected `variables` and `extensions` as JSON';

itRefuses('query strings', [
  ['none', 400, noQuery, gets('')],
  ['an empty query', 400, noQuery, gets('query=')],
  ['an empty id', 400, noQuery, gets('documentId=&variables={}')],
  ['half a document', 200, 'Syntax Error', gets('query={')],
  ['bad percent-encoding', 200, 'Syntax Error', gets('query=%zz%ff')],
  ['a mutation', 405, 'from a POST request', gets('query=mutation{__typename}')],
  ['variables of half an object', 400, notJsonInUrl, gets(`${queryAndMore}&variables={`)],
  ['variables of a list', 400, 'Expected `variables` to be a JSON object', gets(`${queryAndMore}&variables=[]`)],
  ['variables of empty text', 400, 'Expected `variables` to be a JSON object', gets(`${queryAndMore}&variables=""`)],
  ['extensions that are not JSON', 400, notJsonInUrl, gets(`${queryAndMore}&extensions=x`)],
  ['an operation that is not there', 400, 'Expected one operation', gets(`${queryAndMore}&operationName=A`)],
  ['one that ends in /health', 400, noQuery, gets('x=/health')],
]);

const notAMethod = 'only supports GET and POST';
const notHttp = 'Expected HTTP/1.1';

itRefuses('methods', [
  ['PUT', 405, notAMethod, variants({ method: 'PUT', headers: json, body: typename })],
  ['PATCH', 405, notAMethod, variants({ method: 'PATCH', headers: json, body: typename })],
  ['DELETE', 405, notAMethod, variants({ method: 'DELETE' })],
  ['OPTIONS', 405, notAMethod, variants({ method: 'OPTIONS' })],
  ['TRACE', 405, notAMethod, sends('TRACE /graphql HTTP/1.1', 'Host: graph.test')],
  ['an invented one', 400, notHttp, sends('BREW /graphql HTTP/1.1', 'Host: graph.test')],
]);

it('HTTP parse errors: answers HEAD with a status alone', async () => {
  const { url } = await createWorld();

  const response = await fetch(`${url}?query={__typename}`, { method: 'HEAD' });

  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, POST');
  expect(await response.text()).toBe('');
});

it('HTTP parse errors: closes the connection on CONNECT, and tunnels nothing', async () => {
  const { url } = await createWorld();

  expect(await sendLines(url, ['CONNECT evil.test:80 HTTP/1.1', 'Host: evil.test:80'])).toBe(null);
});

const notThePath = 'Expected the path /graphql';
const notAHost = 'Expected a target with a valid host, and optionally a port';
const notOneHost = 'Expected exactly one Host header';

itRefuses('targets', [
  ['another path', 404, notThePath, targets('/')],
  ['a path below another', 404, notThePath, targets('/x/graphql')],
  ['a slash behind the path', 404, notThePath, targets('/graphql/')],
  ['the path in capitals', 404, notThePath, targets('/GRAPHQL')],
  ['a path with dots', 404, notThePath, targets('/x/../graphql')],
  ['a path with an encoded letter', 404, notThePath, targets('/%67raphql')],
  ['a path with a parameter', 404, notThePath, targets('/graphql;a=b')],
  ['the path in a query string', 404, notThePath, targets('/?/graphql')],
  ['a path that ends in /health', 404, notThePath, targets('/x/health')],
  ['two slashes and another host', 404, notThePath, targets('//evil.test/graphql')],
  ['a whole URL', 404, notThePath, targets('http://evil.test/graphql')],
  ['a whole URL of another port', 404, notThePath, targets('http://graph.test:81/graphql')],
  ['a whole URL of another path', 404, notThePath, targets('http://graph.test/graph')],
  ['a whole URL without a path', 404, notThePath, targets('http://graph.test?/graphql')],
  ['a whole URL without a host', 400, notAHost, targets('http:///graphql')],
  ['a whole URL with a user', 400, notAHost, targets('http://graph.test@graph.test/graphql')],
  ['a whole URL with a port of letters', 400, notAHost, targets('http://graph.test:x/graphql')],
  ['a whole URL without Host', 400, notOneHost, targets('http://graph.test/graphql', [])],
  ['a whole URL of another scheme', 404, notThePath, targets('file:///graphql')],
  ['an asterisk', 404, notThePath, sends('OPTIONS * HTTP/1.1', 'Host: graph.test')],
  ['NUL', 400, notHttp, targets('/graphql\0')],
  ['bytes that are not ASCII', 400, notHttp, targets('/graphql?\u00ff')],
  ['none', 400, notHttp, sends('POST HTTP/1.1', 'Host: graph.test')],
]);

const hosted = (...headers: string[]) => targets('/graphql', headers);

itRefuses('Host headers', [
  ['none', 400, notOneHost, hosted()],
  ['none with HTTP/1.0', 400, notOneHost, targets('/graphql', [], 'HTTP/1.0')],
  ['two', 400, notOneHost, hosted('Host: graph.test', 'Host: graph.test')],
  ['two that differ', 400, notOneHost, hosted('Host: graph.test', 'host: evil.test')],
  ['an empty one', 400, notOneHost, hosted('Host:')],
  ['a space', 400, notOneHost, hosted('Host: graph .test')],
  ['a path', 400, notOneHost, hosted('Host: graph.test/graphql')],
  ['a user', 400, notOneHost, hosted('Host: evil@graph.test')],
  ['a list', 400, notOneHost, hosted('Host: graph.test, evil.test')],
  ['an open bracket', 400, notOneHost, hosted('Host: [::1')],
  ['bad percent-encoding', 400, notOneHost, hosted('Host: %zz')],
  ['a port of letters', 400, notOneHost, hosted('Host: graph.test:port')],
  ['a port beyond 65535', 400, notOneHost, hosted('Host: graph.test:65536')],
  ['an address of five numbers', 400, notOneHost, hosted('Host: 1.2.3.4.5')],
  ['an address of a number beyond 255', 400, notOneHost, hosted('Host: 999.1.1.1')],
  ['an address of colons', 400, notOneHost, hosted('Host: [::::]')],
  ['300 letters', 400, notOneHost, hosted(`Host: ${'a'.repeat(300)}`)],
]);

it.each(['graph.test', 'graph.test:65535', '127.0.0.1:4000', '[::1]:4000', 'graph_1.internal', 'GRAPH.TEST.'])(
  'HTTP parse errors: takes the Host %s',
  async (host) => {
    const response = await hosted(`Host: ${host}`)(await createWorld());

    expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
  },
);

it.each([
  ['http://graph.test/graphql', 'graph.test'],
  ['http://graph.test:80/graphql', 'graph.test'],
  ['https://graph.test/graphql', 'GRAPH.test:443'],
  ['HTTP://Graph.TEST:4000/graphql?a=http://evil.test/', 'graph.test:4000'],
])('HTTP parse errors: takes the whole URL %s as a proxy sends it, with the Host %s', async (target, host) => {
  const world = await createWorld();
  const response = await targets(target, [`Host: ${host}`])(world);

  expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
  expect(world.lines).toEqual([expect.objectContaining({ path: '/graphql', status: 200 })]);
});

it('HTTP parse errors: takes the query of a whole URL', async () => {
  const { url } = await createWorld();
  const target = 'http://graph.test/graphql?query={__typename}';

  const response = await sendLines(url, [`GET ${target} HTTP/1.1`, 'Host: graph.test', 'Apollo-Require-Preflight: 1']);

  expect(await response?.json()).toEqual({ data: { __typename: 'Query' } });
});

const beside = (header: string) => hosted('Host: graph.test', header);

itRefuses('bytes that are not quite HTTP', [
  ['no HTTP', 400, notHttp, ({ url }) => sendBytes(url, 'hello?\r\n\r\n')],
  ['the beginning of TLS', 400, notHttp, ({ url }) => sendBytes(url, Buffer.from('16030100050100000100', 'hex'))],
  ['a version to come', 400, notHttp, targets('/graphql', undefined, 'HTTP/9.9')],
  ['a header without a colon', 400, notHttp, beside('nonsense')],
  ['a space before a colon', 400, notHttp, beside('X-Space : 1')],
  ['a content-length of letters', 400, notHttp, beside('Content-Length: x')],
  ['two content-lengths', 400, notHttp, beside('Content-Length: 1')],
  ['a content-length and chunks', 400, notHttp, beside('Transfer-Encoding: chunked')],
  [
    'chunks without a size',
    400,
    notHttp,
    ({ url }) => sendLines(url, [...announced, 'Transfer-Encoding: chunked'], 'zz'),
  ],
  ['headers of 20 KB', 431, 'Expected headers of at most 16384 bytes', beside(`X-Long: ${'x'.repeat(20_000)}`)],
  ['an expectation of more', 417, 'Expected no Expect header but 100-continue', beside('Expect: the-best')],
]);
