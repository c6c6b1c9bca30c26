/** `@defer` and `@stream`, over real HTTP: what is there is delivered at once, and the rest when it comes. */
import fc from 'fast-check';
import { type DirectiveNode, type FieldNode, Kind, parse, print, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import type { Provider } from '../../src/generated/types.ts';
import { createSchema } from '../../src/schema/create-schema.ts';
import { createGracefulShutdown } from '../../src/server/graceful-shutdown.ts';
import type { ServerOptions } from '../../src/server/server.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
  toDatafoldRow,
} from '../support/bodies.ts';
import { holdDate } from '../support/clock.ts';
import { documentation } from '../support/documentation.ts';
import { type Handler, type Reply, silence } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { byMajor } from '../support/graphql-major.ts';
import { forms, nextOf, type Part, putTogether, readParts } from '../support/incremental-parts.ts';
import { toHealthy } from '../support/random-bodies.ts';
import { randomOperation } from '../support/random-operations.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

const olostepId = `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}`;
const olostepRun = `olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}")`;
const deferred = `{
  datafoldRun(monitorId: "7", runId: "42") { id state }
  ... @defer(label: "slow") { ${olostepRun} { id } }
}`;
const streamed = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) @stream(initialCount: 1) { id } }';
const keys = [datafoldKey, olostepKey];

/** A world in which Datafold answers at once, and Olostep when it is let. */
async function createSlowWorld(config: Partial<GatewayConfig> = {}, serverOptions: Partial<ServerOptions> = {}) {
  const world = await createWorld(config, serverOptions);
  world.datafold.on(datafoldPath, { body: datafoldBody });
  let answer = (_reply: Reply) => {};
  const hold: Handler = (_request, response) => {
    answer = ({ status = 200, body = olostepBody }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  };
  world.olostep.on(olostepPath, hold);
  return { world, release: (reply: Reply = {}) => answer(reply) };
}

/** A world in which Datafold lists two runs of a monitor at once, and answers for each one separately on demand. */
async function createListWorld() {
  const world = await createWorld();
  const released = Promise.withResolvers<void>();
  const later =
    (body: object): Handler =>
    async (_request, response) => {
      await released.promise;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  const runs = [43, 42].map(anyDatafoldRun);
  for (const { path, body } of runs) world.datafold.on(path, later(body));
  world.datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
  const page = { count: 2, page: 1, page_size: 100, total_pages: 1, runs: runs.map(({ body }) => toDatafoldRow(body)) };
  world.datafold.onAny({ body: page });
  return { world, later, release: released.resolve };
}

const seven = '{ provider: DATAFOLD, monitorId: 7 }';

const toInit = (accept: string, init: RequestInit = {}): RequestInit => ({
  headers: { 'content-type': 'application/json', accept },
  ...init,
});

const requestFor = (world: World, accept: string, query: string, variables: object = {}, init: RequestInit = {}) =>
  world.post(JSON.stringify({ query, variables }), toInit(accept, init));

async function readAll(response: Response): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of readParts(response)) parts.push(part);
  return parts;
}

describe.each(forms)('incremental delivery: as %s,', (form) => {
  it('what is not deferred is there before the slow provider has answered', async () => {
    const { world, release } = await createSlowWorld();

    const response = await requestFor(world, form, deferred);
    const parts = readParts(response);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(form);
    expect(await nextOf(parts)).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42', state: 'OK' } }, hasNext: true });
    await world.olostep.arrived(1);
    release();
    expect(await nextOf(parts)).toEqual({
      incremental: [{ data: { olostepRun: { id: olostepId } }, path: [], label: 'slow' }],
      hasNext: false,
    });
    expect((await parts.next()).done).toBe(true);
    expect(world.lines).toEqual([expect.objectContaining({ message: 'request', status: 200 })]);
  });

  it('the items of a list come as they are there, in the order of the list', async () => {
    const { world, release } = await createSlowWorld();

    const parts = readParts(await requestFor(world, form, streamed, { keys: [...keys, datafoldKey] }));

    expect(await nextOf(parts)).toEqual({ data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] }, hasNext: true });
    await world.olostep.arrived(1);
    release();
    const rest: Part[] = [];
    for await (const part of parts) rest.push(part);
    expect(rest.flatMap(({ incremental = [] }) => incremental)).toEqual([
      { items: [{ id: olostepId }], path: ['monitorRuns', 1] },
      { items: [{ id: 'DATAFOLD:7:42' }], path: ['monitorRuns', 2] },
    ]);
    expect(rest.map(({ hasNext }) => hasNext).at(-1)).toBe(false);
    expect([world.datafold.paths, world.olostep.paths]).toEqual([[datafoldPath], [olostepPath]]);
  });

  it('nothing is fetched twice, however many payloads select it', async () => {
    const { world, release } = await createSlowWorld();
    const query = `query ($keys: [MonitorRunKey!]!) {
      datafoldRun(monitorId: "7", runId: "42") { id ... @defer { state } ... @defer { warnings } }
      ... @defer { datafoldRun(monitorId: "7", runId: "42") { rawState } nodes(ids: ["DATAFOLD:7:42"]) { id } }
      ... @defer { ${olostepRun} { id } }
      monitorRuns(keys: $keys) @stream { id }
    }`;

    const response = await requestFor(world, form, query, { keys: [...keys, ...keys] });
    await world.olostep.arrived(1);
    release();

    const whole = putTogether(await readAll(response));
    expect(whole.errors).toBeUndefined();
    expect(whole.data.datafoldRun).toEqual({
      id: 'DATAFOLD:7:42',
      state: 'OK',
      rawState: 'ok',
      warnings: datafoldBody.warnings,
    });
    expect(whole.data.monitorRuns).toHaveLength(4);
    expect([world.datafold.paths, world.olostep.paths]).toEqual([[datafoldPath], [olostepPath]]);
  });

  it('a client that disconnects between two payloads cancels its calls', async () => {
    const { world } = await createSlowWorld();
    world.olostep.on(olostepPath, silence);
    const controller = new AbortController();

    const parts = readParts(await requestFor(world, form, deferred, {}, { signal: controller.signal }));
    await nextOf(parts);
    await world.olostep.arrived(1);
    controller.abort();

    await expect(parts.next()).rejects.toThrow('aborted');
    await world.olostep.deserted(1);
    expect(world.lines).toEqual([expect.objectContaining({ level: 'info', message: 'request', status: 499 })]);
  });

  it('a provider that fails late is the error of its part, with its code', async () => {
    const { world, release } = await createSlowWorld({ limits: { maxAttempts: 1 } });

    const query = `query ($keys: [MonitorRunKey!]!) {
      datafoldRun(monitorId: "7", runId: "42") { id }
      ... @defer { ${olostepRun} { id } }
      monitorRuns(keys: $keys) @stream(initialCount: 1) { id }
    }`;
    const response = await requestFor(world, form, query, { keys });
    const parts = readParts(response);
    expect((await nextOf(parts)).errors).toBeUndefined();
    await world.olostep.arrived(1);
    release({ status: 503, body: { secret: 'canary' } });

    const rest: Part[] = [];
    for await (const part of parts) rest.push(part);
    const errors = rest.flatMap(({ incremental = [] }) => incremental.flatMap(({ errors = [] }) => errors));
    const extensions = {
      code: 'UPSTREAM_UNAVAILABLE',
      provider: 'OLOSTEP',
      account: 'default',
      upstreamStatus: 503,
      retryable: true,
      requestId: response.headers.get('x-request-id'),
    };
    expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining([['olostepRun'], ['monitorRuns', 1]]));
    for (const error of errors) expect(error.extensions).toEqual(extensions);
    expect(JSON.stringify(rest)).not.toContain('canary');
  });

  it('a bug in a later part is masked, and logged once', async () => {
    const bugs: object[] = [];
    const log = {
      info() {},
      warn() {
        throw new TypeError('canary of the inside');
      },
      error: (fields: object) => void bugs.push(fields),
    };
    const { world, release } = await createSlowWorld({ log, limits: { maxAttempts: 1 } });

    const response = await requestFor(world, form, deferred);
    const parts = readParts(response);
    await nextOf(parts);
    await world.olostep.arrived(1);
    release({ status: 503 });

    const requestId = response.headers.get('x-request-id');
    expect(await nextOf(parts)).toMatchObject({
      incremental: [
        {
          data: { olostepRun: null },
          errors: [
            {
              message: 'Unexpected error.',
              path: ['olostepRun'],
              extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
            },
          ],
        },
      ],
      hasNext: false,
    });
    expect(bugs).toEqual([{ requestId, error: expect.stringContaining('canary of the inside') }]);
  });

  it('the answer has the headers that every answer has', async () => {
    const { world, release } = await createSlowWorld();

    const response = await requestFor(world, form, deferred);
    await world.olostep.arrived(1);
    release();
    await readAll(response);

    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store, no-transform',
      'referrer-policy': 'no-referrer',
      'x-request-id': expect.any(String),
    });
    expect(response.headers.get('content-encoding')).toBeNull();
  });

  it('a GET is answered so as well', async () => {
    const { world, release } = await createSlowWorld();

    const response = await fetch(`${world.url}?${new URLSearchParams({ query: deferred })}`, {
      headers: { accept: form, 'apollo-require-preflight': 'yes' },
    });
    const parts = readParts(response);
    expect((await nextOf(parts)).hasNext).toBe(true);
    await world.olostep.arrived(1);
    release();
    expect((await nextOf(parts)).hasNext).toBe(false);
  });

  it('what of a run is deferred comes later, too', async () => {
    const { world } = await createSlowWorld();

    const parts = await readAll(
      await requestFor(world, form, '{ datafoldRun(monitorId: "7", runId: "42") { id ... @defer { state } } }'),
    );

    expect(parts).toEqual([
      { data: { datafoldRun: { id: 'DATAFOLD:7:42' } }, hasNext: true },
      { incremental: [{ data: { state: 'OK' }, path: ['datafoldRun'] }], hasNext: false },
    ]);
  });

  it('what a list lacks of its runs comes after the list', async () => {
    const { world, release } = await createListWorld();
    const node = '{ id ... @defer { phase } ... on DatafoldRun { ... @defer { error warnings } } }';

    const parts = readParts(
      await requestFor(world, form, `{ monitor(key: ${seven}) { runs(first: 2) { nodes ${node} } } }`),
    );

    const nodes = [{ id: 'DATAFOLD:7:43' }, { id: 'DATAFOLD:7:42' }];
    expect(await nextOf(parts)).toEqual({ data: { monitor: { runs: { nodes } } }, hasNext: true });
    // The monitor, a page of its runs, and each of them.
    await world.datafold.arrived(4);
    release();
    const rest: Part[] = [];
    for await (const part of parts) rest.push(part);
    const { error, warnings } = datafoldBody;
    const pathOf = (place: number) => ['monitor', 'runs', 'nodes', place];
    const incremental = rest.flatMap(({ incremental = [] }) => incremental);
    expect(incremental).toHaveLength(4);
    for (const place of [0, 1]) {
      expect(incremental).toContainEqual({ data: { phase: 'FINISHED' }, path: pathOf(place) });
      expect(incremental).toContainEqual({ data: { error, warnings }, path: pathOf(place) });
    }
    expect(world.datafold.paths).toHaveLength(4);
  });

  it('the monitor of a run comes later, and the runs of that', async () => {
    const { world, later, release } = await createListWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.datafold.on(datafoldMonitorPath, later(datafoldMonitorBody));
    const monitor = '... @defer(label: "monitor") { monitor { name ... @defer { runs { totalCount } } } }';

    const parts = readParts(
      await requestFor(world, form, `{ datafoldRun(monitorId: 7, runId: 42) { id ... on MonitorRun { ${monitor} } } }`),
    );

    expect(await nextOf(parts)).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42' } }, hasNext: true });
    await world.datafold.arrived(2);
    release();
    const rest: Part[] = [];
    for await (const part of parts) rest.push(part);
    expect(rest.flatMap(({ incremental = [] }) => incremental)).toEqual([
      { data: { monitor: { name: datafoldMonitorBody.name } }, path: ['datafoldRun'], label: 'monitor' },
      { data: { runs: { totalCount: 2 } }, path: ['datafoldRun', 'monitor'] },
    ]);
  });

  it('the parts put together are the whole answer, of generated operations', fuzz, async () => {
    // `readAt` is the time of the upstream call.
    holdDate('2026-11-22T09:00:00Z');
    const world = await createWorld({ limits: { maxDirectives: 1_000, maxDepth: 100 } });
    const answerOf =
      (provider: Provider): Handler =>
      ({ url = '' }, response) => {
        const isKnown = !/\/(8|9|monitor_b)\b|runs\/(44|run_c)$/.test(url);
        response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isKnown ? toHealthy(provider, url) : {}));
      };
    world.datafold.onAny(answerOf('DATAFOLD'));
    world.olostep.onAny(answerOf('OLOSTEP'));
    const schema = createSchema();
    const operations = casesOf(150, 30);
    const count = { inParts: 0, whole: 0 };
    const check = async (text: string, variables: object) => {
      const query = withDirectives(text);
      const parts = await requestFor(world, form, query, variables);
      const whole = await world.execute(query, variables);
      const read = await readAll(parts);
      count[read.length > 1 ? 'inParts' : 'whole']++;
      const [found, expected] = [toComparable(putTogether(read)), toComparable(whole)];
      // Where a `null` reaches the root, an executor needn't wait for what else fails.
      const isNull = expected.data === 'null' && found.errors.length > 0;
      const errors = isNull ? expected.errors.filter((error) => found.errors.includes(error)) : expected.errors;
      expect(found).toEqual({ ...expected, errors });
    };
    await fc.assert(
      fc.asyncProperty(randomOperation(schema), ({ text, variables: [variables] }) => check(text, variables)),
      { numRuns: operations, seed: 20261122, endOnFailure: true },
    );
    expect(count.inParts).toBeGreaterThan(operations / 3);
  });
});

const inOne = { data: { datafoldRun: { id: 'DATAFOLD:7:42', state: 'OK' }, olostepRun: { id: olostepId } } };

describe('incremental delivery: the answer comes whole, as JSON,', () => {
  it.each([
    ['application/json'],
    ['application/graphql-response+json'],
    ['*/*'],
    ['multipart/*, */*'],
    ['multipart/mixed;incrementalSpec=v0.2, application/json;q=0.9'],
    ['multipart/mixed;deferSpec=20991231, application/json'],
    ['text/event-stream;q=0, application/json'],
  ])('to a client that accepts %s', async (accept) => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    // As often as operations are executed until they have a plan, and once more.
    for (let time = 0; time < 4; time++) {
      const response = await requestFor(world, accept, deferred);
      expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json;/);
      expect(await response.json()).toEqual(inOne);
    }
  });

  it('when a variable says that nothing is to come later', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const query =
      'query ($later: Boolean!) { datafoldRun(monitorId: 7, runId: 42) { id ... @defer(if: $later) { state } } }';

    const response = await requestFor(world, 'application/json, multipart/mixed', query, { later: false });

    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42', state: 'OK' } } });
  });

  it('when only what is in the log of a run would come later', async () => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: olostepBody });
    const query = `{ ${olostepRun} { events { nodes @stream { ... @defer { kind } } } } }`;

    const response = await requestFor(world, 'application/json, multipart/mixed', query);

    const nodes = ['work_received', 'node_start', 'run_complete'].map((kind) => ({ kind }));
    expect(await response.json()).toEqual({ data: { olostepRun: { events: { nodes } } } });
  });

  const state = '... on DatafoldRun { ... @defer { state } }';
  const listed = 'fragment Listed on Monitor { runs { edges { node { ...Run } } } }';
  it.each([
    ['in the runs of each of many monitors', `{ monitors(keys: [${seven}]) { runs { nodes { ${state} } } } }`],
    [
      'in what runs of many monitors have',
      `{ monitors(keys: [${seven}]) { runs { nodes { monitor { ... @defer { id } } } } } }`,
    ],
    [
      'in a fragment that is below one list here, and below two there',
      `query { monitors(keys: [${seven}]) { ...Listed } monitor(key: ${seven}) { ...Listed } }
        fragment Run on MonitorRun { ${state} } ${listed}`,
    ],
    [
      'in a page of a list',
      `{ monitor(key: ${seven}) { runs { ... @defer { totalCount } pageInfo { ... @defer { hasNextPage } } } } }`,
    ],
    [
      'in the items of a page',
      `{ monitor(key: ${seven}) { runs { nodes @stream { id } edges { ... @defer { cursor } } } } }`,
    ],
  ])('when something would come later only %s', async (_where, query) => {
    // The cursors of a list hold the time of its first page.
    holdDate('2026-11-22T09:00:00Z');
    const { world, release } = await createListWorld();
    release();

    const response = await requestFor(world, 'application/json, multipart/mixed', query);

    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual(await world.execute(query.replace(/@defer|@stream/g, '')));
  });
});

it('incremental delivery: A fragment that is below one list wherever it is spread comes later', async () => {
  const { world, release } = await createListWorld();
  release();
  const query = `query { monitor(key: ${seven}) { ...Listed } datafoldRun(monitorId: 7, runId: 42) { ...Run } }
    fragment Run on MonitorRun { ... on DatafoldRun { ... @defer { error } } }
    fragment Listed on Monitor { runs { edges { node { ...Run } } } }`;

  const parts = await readAll(await requestFor(world, 'multipart/mixed', query));

  expect(parts[0]).toEqual({
    data: { monitor: { runs: { edges: [{ node: {} }, { node: {} }] } }, datafoldRun: {} },
    hasNext: true,
  });
  expect(putTogether(parts)).toEqual(await world.execute(query));
});

it.each([
  ['application/json, multipart/mixed', 'multipart/mixed'],
  ['multipart/mixed;deferSpec=20220824, application/json;q=0.9', 'multipart/mixed'],
  ['text/event-stream, multipart/mixed', 'multipart/mixed'],
  ['text/event-stream, */*', 'text/event-stream'],
  ['multipart/mixed;incrementalSpec=v0.2, text/event-stream', 'text/event-stream'],
])('incremental delivery: To a client that accepts %s the parts come as %s', async (accept, form) => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });

  const response = await requestFor(world, accept, deferred);

  expect(response.headers.get('content-type')).toContain(form);
  expect(putTogether(await readAll(response))).toEqual(inOne);
});

describe('incremental delivery: a document is refused, and costs no call,', () => {
  const run = 'datafoldRun(monitorId: 7, runId: 42)';
  it.each([
    ['with @stream on what is no list', `{ ${run} @stream { id } }`, 'Expected `@stream` on a list.'],
    [
      'with a negative initialCount',
      '{ nodes(ids: []) @stream(initialCount: -1) { id } }',
      'Expected an `initialCount` of 0 or more.',
    ],
    [
      'with a negative initialCount in a variable',
      'query ($n: Int = -1) { nodes(ids: []) @stream(initialCount: $n) { id } }',
      'Expected an `initialCount` of 0 or more.',
    ],
    [
      'with a variable of null for initialCount',
      'query ($n: Int = null) { nodes(ids: []) @stream(initialCount: $n) { id } }',
      byMajor(
        'Argument "initialCount" of non-null type "Int!" must not be null.',
        'Argument "@stream(initialCount:)" has invalid value: Expected variable "$n" provided to non-null type "Int!" not to be null.',
      ),
    ],
    [
      'that is no query',
      'mutation { ...A @defer } fragment A on Query { __typename }',
      'Expected `@defer` in a query.',
    ],
    [
      'with a label in a variable',
      `query ($l: String) { ... @defer(label: $l) { ${run} { id } } }`,
      'Expected a `label` that is no variable.',
    ],
    [
      'with the same label twice',
      `{ ... @defer(label: "a") { ${run} { id } } ... @defer(label: "a") { ${run} { phase } } }`,
      'Expected a unique `label` in the document.',
    ],
    [
      'with a list that is streamed twice',
      '{ ...A ... @defer { ...A } } fragment A on Query { nodes(ids: []) @stream { id } }',
      'Expected `nodes` once, as it has `@stream`; others can have an alias.',
    ],
    [
      'with a list that is streamed and whole',
      '{ nodes(ids: []) @stream { id } ... { nodes(ids: []) { id } } }',
      'Expected `nodes` once, as it has `@stream`; others can have an alias.',
    ],
    [
      'with more directives than a document may have',
      `{ ${run} { ${'... @defer { id } '.repeat(21)} } }`,
      'Expected at most 20 directives, with fragments expanded.',
    ],
    [
      'with wrong variables',
      `query ($id: ID!) { ... @defer { node(id: $id) { id } } }`,
      byMajor(
        'Variable "$id" of required type "ID!" was not provided.',
        'Variable "$id" has invalid value: Expected a value of non-null type "ID!" to be provided.',
      ),
    ],
  ])('%s', async (_what, query, message) => {
    const world = await createWorld();

    for (const accept of ['application/json, multipart/mixed', 'application/json, text/event-stream']) {
      const { data, errors } = (await (await requestFor(world, accept, query)).json()) as Answer;
      expect(data).toBeUndefined();
      expect(errors?.map((error) => error.message)).toContain(message);
      expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|OPERATION_TOO_COSTLY)$/);
    }
    expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
  });
});

it('incremental delivery: An operation is not refused for a list that another one of its document streams', async () => {
  const world = await createWorld();
  const query = `query A($n: Int!) { ...Streamed } fragment Streamed on Query { nodes(ids: []) @stream(initialCount: $n) { id } }
    query B($n: Int!) { __typename ... @defer { node(id: "x") { id } ${olostepRun} { events(first: $n) { nodes { kind } } } } }`;
  world.olostep.on(olostepPath, { body: olostepBody });

  const requestFor = async (operationName: string) => {
    const body = JSON.stringify({ query, operationName, variables: { n: -1 } });
    return (await world.post(body, toInit('application/json, multipart/mixed'))).text();
  };

  expect(await requestFor('A')).toContain('Expected an `initialCount` of 0 or more.');
  expect(await requestFor('B')).toContain('{"data":{"__typename":"Query"},"hasNext":true}');
});

describe('incremental delivery: all parts of an answer together', () => {
  it('make no more upstream calls than one answer may', async () => {
    const world = await createWorld({ limits: { maxUpstreamCalls: 3 } });
    const runs = Array.from({ length: 6 }, (_, index) => anyDatafoldRun(index));
    for (const { path, body } of runs) world.datafold.on(path, { body });
    const keys = runs.map(({ key }) => key);
    const query = `query ($first: [MonitorRunKey!]!, $later: [MonitorRunKey!]!) {
      first: monitorRuns(keys: $first) @stream { ...Run } ... @defer { later: monitorRuns(keys: $later) { ...Run } }
    }
    # What no list has, so that each is a call.
    fragment Run on DatafoldRun { warnings }`;

    const response = await requestFor(world, 'multipart/mixed', query, {
      first: keys.slice(0, 3),
      later: keys.slice(3),
    });
    const { data, errors = [] } = putTogether(await readAll(response));

    expect(data.first).toHaveLength(3);
    expect(data.later).toEqual([null, null, null]);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(3).fill('OPERATION_TOO_COSTLY'));
    expect(world.datafold.paths).toHaveLength(3);
  });

  it('are no larger than one answer may be', async () => {
    const world = await createWorld({ limits: { maxResponseBytes: 10_000 } });
    world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(6_000) } } });
    const query = `{ ${olostepRun} { snapshot ... @defer { again: snapshot } } }`;

    const { data, errors = [] } = putTogether(await readAll(await requestFor(world, 'multipart/mixed', query)));

    expect(data.olostepRun).toEqual({ snapshot: expect.any(Object), again: null });
    expect(errors).toMatchObject([{ path: ['olostepRun', 'again'], extensions: { code: 'OPERATION_TOO_COSTLY' } }]);
  });
});

/** A world in which a run has more than the buffers of the system take, and which cuts off who doesn't read it for a second. */
async function createUnreadWorld() {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * 1024 * 1024) } } });
  // Milliseconds without a byte that gets through.
  world.server.timeout = 1_000;
  const over = new Promise<void>((resolve) => {
    world.server.on('request', (_request, response) => response.on('close', resolve));
  });
  return { world, over, large: `${olostepRun} { a: snapshot b: snapshot }` };
}

it('incremental delivery: A client that does not read its parts is cut off, as any other is', async () => {
  const { world, over, large } = await createUnreadWorld();
  const query = `{ datafoldRun(monitorId: 7, runId: 42) { id } ... @defer { ${large} } }`;

  const parts = readParts(await requestFor(world, 'multipart/mixed', query));
  expect(await nextOf(parts)).toMatchObject({ hasNext: true });

  await over;
  expect(world.lines).toEqual([expect.objectContaining({ message: 'request', status: 499 })]);
  await expect(parts.next()).rejects.toThrow('terminated');
});

it('incremental delivery: A client that does not read a part is cut off, though it would wait for others', async () => {
  const { world, over, large } = await createUnreadWorld();
  world.datafold.on(datafoldPath, silence);
  const query = `{ ${large} ... @defer { datafoldRun(monitorId: 7, runId: 42) { id } } }`;

  const response = await requestFor(world, 'multipart/mixed', query);

  await over;
  expect(world.lines).toEqual([expect.objectContaining({ message: 'request', status: 499 })]);
  await expect(response.text()).rejects.toThrow('terminated');
});

it.each(['multipart/mixed', 'text/event-stream'])(
  'incremental delivery: A client that does not read its one part of %s is cut off as well',
  async (accept) => {
    const { world, over, large } = await createUnreadWorld();

    const response = await requestFor(world, accept, `{ ${large} }`);

    await over;
    expect(world.lines).toEqual([expect.objectContaining({ message: 'request', status: 499 })]);
    await expect(response.text()).rejects.toThrow('terminated');
  },
);

it('incremental delivery: A server that is to stop waits for the last part', async () => {
  const gracefulShutdown = createGracefulShutdown({ ...defaultLimits, shutdownDelayMs: 0 });
  const { world, release } = await createSlowWorld({}, { gracefulShutdown });

  const parts = readParts(await requestFor(world, 'multipart/mixed', deferred));
  await nextOf(parts);
  await world.olostep.arrived(1);
  const stopped = gracefulShutdown.stop();
  release();

  expect(await nextOf(parts)).toMatchObject({ hasNext: false });
  expect((await parts.next()).done).toBe(true);
  await stopped;
});

it('incremental delivery: A server that is to stop says so with the first part', async () => {
  const gracefulShutdown = createGracefulShutdown({
    ...defaultLimits,
    shutdownDelayMs: 60_000,
    shutdownTimeoutMs: 60_000,
  });
  const { world, release } = await createSlowWorld({}, { gracefulShutdown });
  void gracefulShutdown.stop();

  const response = await requestFor(world, 'multipart/mixed', deferred);
  await world.olostep.arrived(1);
  release();

  expect(response.headers.get('connection')).toBe('close');
  expect(await readAll(response)).toHaveLength(2);
});

it('incremental delivery: The documentation has a curl that works as it is pasted', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  const [, accept = '', body = ''] =
    /^curl -N .* -H 'accept: ([^']+)' \\\n {2}-d '([^']+)'$/m.exec(documentation) ?? [];

  const parts = await readAll(await world.post(body, toInit(accept)));

  expect(parts).toHaveLength(2);
  expect(putTogether(parts)).toEqual({ data: { datafoldRun: { state: 'OK' }, node: { id: olostepId } } });
});

/** The operation with every fragment deferred, and every list of the query streamed that may be. */
function withDirectives(text: string): string {
  const add = <Node extends { readonly directives?: readonly DirectiveNode[] | undefined }>(
    node: Node,
    name: string,
  ) => ({
    ...node,
    directives: [...(node.directives ?? []), { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: name } } as const],
  });
  const isStreamable = ({ name, alias }: FieldNode) =>
    /^(monitorRuns|monitors|nodes|_entities)$/.test(name.value) && text.split(`${alias?.value}: `).length === 2;
  return print(
    visit(parse(text), {
      InlineFragment: { leave: (node) => add(node, 'defer') },
      FragmentSpread: { leave: (node) => add(node, 'defer') },
      // In the operation itself, as a fragment may be used twice.
      OperationDefinition: {
        leave: ({ selectionSet, ...operation }) => ({
          ...operation,
          selectionSet: {
            ...selectionSet,
            selections: selectionSet.selections.map((node) =>
              node.kind === 'Field' && isStreamable(node) ? add(node, 'stream') : node,
            ),
          },
        }),
      },
    }),
  );
}

/** An answer without the order of members and errors, and without what depends on the parts. */
function toComparable({ data, errors }: { data?: unknown; errors?: readonly object[] }) {
  const other = new Set(['requestId', 'locations']);
  const sort = (_name: string, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => !other.has(name))
            .sort(),
        )
      : value;
  return {
    data: JSON.stringify(data, sort),
    errors: [...new Set(errors?.map((error) => JSON.stringify(error, sort)))].sort(),
  };
}
