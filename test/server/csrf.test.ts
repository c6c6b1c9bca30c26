/** What pages of other sites can make a browser do here: nothing, unless their origin is listed. */
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

const app = 'https://app.test';
const json = { 'content-type': 'application/json' };
const body = '{"query":"{ __typename }"}';
const search = '?query={__typename}';

const corsHeadersOf = ({ headers }: Response) =>
  [...headers].filter(([name]) => name.startsWith('access-control-')).map(([name]) => name);

/** The preflight that a browser sends before a request that a form couldn't send. */
const preflight = ({ url }: World, origin: string) =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

describe('CORS and CSRF: without listed origins', () => {
  it.each([app, 'null', 'http://127.0.0.1'])('no answer says a word of CORS to %s', async (origin) => {
    const world = await createWorld();

    const answers = [
      await world.post(body, { headers: { ...json, origin } }),
      await fetch(world.url, { headers: { origin, accept: 'text/html' } }),
      await fetch(world.url + search, { headers: { origin } }),
      await preflight(world, origin),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403]);
    expect(answers.flatMap(corsHeadersOf)).toEqual([]);
  });
});

describe('CORS and CSRF: with listed origins', () => {
  const corsOrigins = [app, 'http://localhost:3000'];

  it.each(corsOrigins)('pages of %s may read every answer, refusals too, and send no cookies', async (origin) => {
    const world = await createWorld({}, { corsOrigins, apiTokens: ['0123456789abcdef'] });

    for (const authorization of ['', 'Bearer 0123456789abcdef']) {
      const { headers, status } = await world.post(body, { headers: { ...json, origin, authorization } });

      expect(status).toBe(authorization === '' ? 401 : 200);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBe(null);
      expect(headers.get('access-control-expose-headers')).toBe('x-request-id, x-upstream-calls, age, retry-after');
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it('their preflight is answered without a token, with what they may send', async () => {
    const world = await createWorld({}, { corsOrigins, apiTokens: ['0123456789abcdef'] });

    const { status, headers } = await preflight(world, app);

    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(app);
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(headers.get('access-control-allow-headers')?.split(', ')).toEqual([
      ...[
        'content-type',
        'authorization',
        'cache-control',
        'x-request-id',
        'x-upstream-calls',
        'x-datafold-api-key',
        'x-olostep-api-key',
      ],
      ...['apollo-require-preflight', 'x-graphql-yoga-csrf', 'x-apollo-operation-name'],
      ...['apollographql-client-name', 'apollographql-client-version', 'x-client-name', 'x-client-version'],
      ...['traceparent', 'tracestate'],
    ]);
    expect(headers.get('access-control-allow-credentials')).toBe(null);
  });

  it.each([
    'null',
    '*',
    'https://app.test.evil.test',
    'https://evil.app.test',
    'https://app.test:8443',
    'http://app.test',
    'https://APP.test',
    'https://app.tes',
    'https://app.test/',
    'https://app.test, https://evil.test',
  ])('no other origin is admitted: %s', async (origin) => {
    const world = await createWorld({}, { corsOrigins });

    const answers = [await world.post(body, { headers: { ...json, origin } }), await preflight(world, origin)];

    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect(answers.flatMap(corsHeadersOf)).toEqual([]);
    expect(answers[0]?.headers.get('vary')).toBe('Origin');
  });
});

it('CORS and CSRF: a preflight that is refused says which variable lists origins', async () => {
  const response = await preflight(await createWorld(), app);

  expect((await response.json()).errors).toMatchObject([
    {
      message: 'Expected an origin that the variable CORS_ORIGINS of this service lists.',
      extensions: { code: 'FORBIDDEN' },
    },
  ]);
});

describe('CORS and CSRF: with the origins of loopback', () => {
  it.each(['http://localhost:5173', 'http://app.localhost', 'https://127.0.0.1:8443', 'http://[::1]:3000'])(
    'pages of %s may send requests',
    async (origin) => {
      const world = await createWorld({}, { corsOrigins: 'loopback' });

      const answers = [await world.post(body, { headers: { ...json, origin } }), await preflight(world, origin)];

      expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([origin, origin]);
    },
  );

  it.each(['http://localhost.evil.test', 'http://evil.test:127.0.0.1', 'null', 'http://10.0.0.1', 'http://xlocalhost'])(
    'pages of %s may not',
    async (origin) => {
      const world = await createWorld({}, { corsOrigins: 'loopback' });

      const answers = [await world.post(body, { headers: { ...json, origin } }), await preflight(world, origin)];

      expect(answers.flatMap(corsHeadersOf)).toEqual([]);
    },
  );
});

describe('CORS and CSRF: a GET', () => {
  it.each<[name: string, headers: Record<string, string>]>([
    ['no extra header', {}],
    ['text/plain for a content type', { 'content-type': 'text/plain' }],
    ['a form for a content type', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['nearly JSON for a content type', { 'content-type': 'application/jsonp' }],
    ['JSON in a parameter of its content type', { 'content-type': 'text/plain;a=application/json' }],
    ['an empty one of the headers', { 'apollo-require-preflight': '' }],
  ])('with %s is refused, with the headers that would do', async (_name, headers) => {
    const { url } = await createWorld();

    const response = await fetch(url + search, { headers });

    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      errors: [
        {
          message:
            "Expected a GET with a header that pages of other sites can't send: " +
            'apollo-require-preflight, x-graphql-yoga-csrf, x-apollo-operation-name.',
          extensions: { code: 'FORBIDDEN', requestId: response.headers.get('x-request-id') },
        },
      ],
    });
  });

  it.each<Record<string, string>>([
    { 'apollo-require-preflight': 'true' },
    { 'x-graphql-yoga-csrf': '1' },
    { 'x-apollo-operation-name': 'Any' },
    { 'content-type': 'application/json' },
    { 'content-type': 'application/json; charset=utf-8' },
  ])('with %o is answered', async (headers) => {
    const { url } = await createWorld();

    expect(await (await fetch(url + search, { headers })).json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('never executes a mutation', async () => {
    const { url } = await createWorld();

    const response = await fetch(`${url}?query=mutation{__typename}`, { headers: { 'x-graphql-yoga-csrf': '1' } });

    expect(response.status).toBe(405);
  });

  it('of a browser that looks opens GraphiQL, and executes nothing', async () => {
    const { url } = await createWorld();

    const response = await fetch(url + search, { headers: { accept: 'text/html' } });

    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<!doctype html>');
  });

  it('of a browser that looks is one like any other where GraphiQL is off', async () => {
    const { url } = await createWorld({}, { graphiql: false });

    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(403);
  });
});
