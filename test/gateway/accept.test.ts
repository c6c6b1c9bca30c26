/** What a client says that it accepts, as RFC 9110 has it (12.5.1), through every entrance. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { forms } from '../support/incremental-parts.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const json = 'application/json; charset=utf-8';
const graphqlResponse = 'application/graphql-response+json; charset=utf-8';
const query = '{ datafoldRun(monitorId: "7", runId: "42") { id } }';
const deferred = '{ datafoldRun(monitorId: "7", runId: "42") { id ... @defer { state } } }';

/** Every entrance, each for one operation and what its client accepts. */
const entrances: Readonly<Record<string, (world: World, accept: string, query: string) => Promise<Response>>> = {
  'a POST': ({ url }, accept, query) =>
    fetch(url, { method: 'POST', headers: { accept, 'content-type': 'application/json' }, body: toBody(query) }),
  'a POST of another type of JSON': ({ url }, accept, query) =>
    fetch(url, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/graphql+json' },
      body: toBody(query),
    }),
  'a GET': ({ url }, accept, query) =>
    fetch(`${url}?${new URLSearchParams({ query })}`, { headers: { accept, 'apollo-require-preflight': '1' } }),
  'the library': ({ gateway }, accept, query) =>
    gateway.fetch(
      new Request('http://bff.test/graphql', {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: toBody(query),
      }),
    ),
};
const toBody = (query: string) => JSON.stringify({ query });

async function createAnsweringWorld(): Promise<World> {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  return world;
}

describe.each(Object.entries(entrances))('content negotiation: by %s', (_entrance, send) => {
  it.each([
    ['application/json', json],
    ['application/graphql-response+json', graphqlResponse],
    ['*/*', json],
    ['application/*', json],
    ['application/json, application/graphql-response+json', json],
    ['application/graphql-response+json, application/json', graphqlResponse],
    // Weights.
    ['application/graphql-response+json;q=0, application/json', json],
    ['application/json;q=0, application/graphql-response+json', graphqlResponse],
    ['application/json;q=0, */*', graphqlResponse],
    ['*/*, application/json;q=0', graphqlResponse],
    ['application/graphql-response+json;q=0.2, application/json;q=0.9', json],
    ['application/json;q=0.1, application/graphql-response+json', graphqlResponse],
    ['application/json;q=0.899,application/graphql-response+json;q=0.9,*/*;q=0.1', graphqlResponse],
    ['application/json ; Q=0.1 , application/graphql-response+json ; Q=0.2', graphqlResponse],
    ['*/*;q=0.9, application/graphql-response+json;q=0.1', json],
    ['text/plain, */*;q=0.1', json],
    ['application/graphql-response+json;q=0.000, application/json;q=0.001', json],
    ['application/json;q=much, application/graphql-response+json;q=0.5', json],
    // Charsets, and other parameters in quotes.
    ['application/json; charset="utf-8"', json],
    ['application/json;charset="UTF-8";q=0.5', json],
    ['application/json;charset=utf-16, application/graphql-response+json', graphqlResponse],
    ['application/json;charset="utf-16", application/graphql-response+json;q=0.1', graphqlResponse],
    ['text/plain;a="b;q=1, application/json;c=", application/graphql-response+json', graphqlResponse],
    ['text/plain;a="\\", application/json;c=", application/graphql-response+json', graphqlResponse],
    ['application/json;profile="a,b"', json],
  ])('who accepts %s gets what is liked best', async (accept, type) => {
    const response = await send(await createAnsweringWorld(), accept, query);

    expect(await response.json()).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42' } } });
    expect(response.headers.get('content-type')).toBe(type);
  });

  it.each([
    'application/json;q=0',
    '*/*;q=0',
    'application/json;q=0.0, application/graphql-response+json;q=0',
    'text/plain, */*;q=0',
    'application/json;charset="utf-16"',
    'multipart/mixed;q=0',
    // Beyond the preferences that are read.
    `${'text/plain, '.repeat(50)}application/json`,
  ])('who accepts %s is refused before any call', async (accept) => {
    const world = await createAnsweringWorld();

    const response = await send(world, accept, query);

    expect(response.status).toBe(406);
    expect((await response.json()).errors[0].message).toContain('Expected an Accept header that admits');
    expect(world.datafold.paths).toEqual([]);
  });

  it.each([
    ...forms.flatMap((form) => [
      [form, form],
      [`application/json, ${form}`, form],
      [`application/json;q=0.5, ${form};q=0.5`, form],
      [`application/json;q=0.4, ${form};q=0.5`, form],
      [`application/json;q=0, ${form};q=0.1`, form],
      [`${form};charset="UTF-8", application/json;charset="utf-8"`, form],
      [`${form};q=0.1, application/json`, json],
      [`${form};q=0.1, */*;q=0.2`, json],
      [`${form};q=0, application/json;q=0.1`, json],
    ]),
    ['multipart/mixed;q=0.1, text/event-stream;q=0.2', 'text/event-stream'],
    ['text/event-stream;q=0.1, multipart/mixed;q=0.2', 'multipart/mixed'],
    ['text/event-stream, multipart/mixed', 'multipart/mixed'],
    ['multipart/mixed;deferSpec="20220824", application/json;q=0.9', 'multipart/mixed'],
    ['multipart/mixed;deferSpec="20991231", application/json;q=0.9', json],
    [
      'multipart/mixed;deferSpec=20991231, multipart/mixed;deferSpec=20220824;q=0.9, application/json;q=0.9',
      'multipart/mixed',
    ],
  ])('to who accepts %s, what may be incremental comes as %s', async (accept, type) => {
    const response = await send(await createAnsweringWorld(), accept, deferred);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')?.startsWith(type)).toBe(true);
    expect(await response.text()).toContain('"state":"OK"');
  });
});

describe('content negotiation: a browser', () => {
  it.each<[accept: string, isShown: boolean]>([
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['application/json, text/html', true],
    ['text/html;q=0, application/json', false],
    ['text/html;q=0.1, application/json', false],
    ['application/json;a="text/html"', false],
    ['*/*', false],
  ])('that accepts %s is shown GraphiQL: %s', async (accept, isShown) => {
    const { url } = await createWorld();

    const response = await fetch(`${url}?query={__typename}`, { headers: { accept, 'apollo-require-preflight': '1' } });

    expect((await response.text()).includes('<!doctype html>')).toBe(isShown);
  });
});

describe('content negotiation: the page of GraphiQL', () => {
  const execute = ({ url }: World, coding: string | undefined) => {
    const lines = coding === undefined ? [] : [`Accept-Encoding: ${coding}`];
    return sendLines(url, ['GET /graphql HTTP/1.1', 'Host: graph.test', 'Accept: text/html', ...lines]);
  };

  it('comes packed to who takes gzip, and likes it no less', async () => {
    const world = await createWorld();
    const plain = ['gzip', 'x-gzip', 'GZIP', 'gzip, deflate, br', '*', 'br, gzip;q=0.1'];
    for (const coding of [...plain, 'identity;q=0.5, gzip', 'identity;q=0, *']) {
      const response = await execute(world, coding);

      expect([coding, response?.headers.get('content-encoding')]).toEqual([coding, 'gzip']);
      expect(response?.headers.get('vary')).toBe('Accept, Accept-Encoding');
      expect(gunzipSync(new Uint8Array((await response?.arrayBuffer()) ?? [])).toString()).toMatch(/<\/html>\s*$/);
    }
  }, 20_000);

  it('comes as it is to all others', async () => {
    const world = await createWorld();
    const codings = [undefined, '', 'identity', 'gzip;q=0', '*;q=0', 'br', 'gzip;q=0, *', 'identity, gzip;q=0.9', 'a'];
    for (const coding of codings) {
      const response = await execute(world, coding);

      expect([coding, response?.headers.get('content-encoding')]).toEqual([coding, null]);
      expect(response?.headers.get('vary')).toBe('Accept, Accept-Encoding');
      expect(await response?.text()).toMatch(/<!doctype html>.*<\/html>\s*$/s);
    }
  }, 20_000);
});
