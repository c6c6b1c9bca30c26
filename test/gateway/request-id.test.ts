/** One id a request: in its header, in its errors, in its lines of the log. */
import { describe, expect, it } from 'vitest';
import { datafoldPath, olostepPath } from '../support/bodies.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const newId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const document = `{
  datafoldRun(monitorId: 7, runId: 42) { id }
  olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") { id }
  node(id: "no-such-id") { id }
}`;

/** Posts an operation that fails in three ways, and waits for the last line of its log. */
async function fail(world: World, headers: Record<string, string> = {}) {
  world.datafold.on(datafoldPath, { status: 503 });
  world.olostep.on(olostepPath, { status: 500 });
  const logged = requestLogged(world);
  const body = JSON.stringify({ query: document });
  const response = await world.post(body, { headers: { 'content-type': 'application/json', ...headers } });
  const { errors } = (await response.json()) as { errors: { extensions: { requestId: string } }[] };
  await logged;
  return { id: response.headers.get('x-request-id'), inErrors: errors.map(({ extensions }) => extensions.requestId) };
}

/** Resolves once the next request is over and all its lines are logged. */
const requestLogged = ({ server }: World) =>
  new Promise<void>((resolve) => {
    server.once('request', (_request, response) => response.once('close', resolve));
  });

it('request id: is in the header, in every error and in every line of the log', async () => {
  const world = await createWorld();

  const { id, inErrors } = await fail(world);

  expect(id).toMatch(newId);
  expect(inErrors).toEqual([id, id, id]);
  expect(world.lines.map(({ message, requestId }) => [message, requestId])).toEqual([
    ['upstream call failed', id],
    ['upstream call failed', id],
    ['request', id],
  ]);
});

it('request id: is another for every request', async () => {
  const world = await createWorld();

  const ids = [await fail(world), await fail(world), await fail(world)].map(({ id }) => id);

  expect(new Set(ids).size).toBe(3);
});

it('request id: separates concurrent requests', async () => {
  const world = await createWorld();
  world.datafold.onAny({ status: 503 });
  const execute = async (name: string) => {
    const query = `{ datafoldRun(monitorId: 7, runId: ${name.length}) { id } }`;
    return (await world.execute(query, {}, { headers: { 'content-type': 'application/json', 'x-request-id': name } }))
      .errors;
  };
  const names = ['a', 'bb', 'ccc', 'dddd'];

  const errors = await Promise.all(names.map(execute));

  expect(errors.map((own) => own?.[0]?.extensions.requestId)).toEqual(names);
  const failures = world.lines.filter(({ message }) => message === 'upstream call failed');
  expect(failures.map(({ requestId, path }) => [requestId, path]).sort()).toEqual(
    names.map((name) => [name, `/api/v1/monitors/7/runs/${name.length}`]),
  );
});

describe('request id: the id that a client gives', () => {
  it.each(['a', '0', '7f3c', 'req-1_2.3', 'B3A5D6F0-0000-4000-8000-000000000000', 'x'.repeat(128)])(
    'is used when it is harmless: %s',
    async (given) => {
      const world = await createWorld();

      const { id, inErrors } = await fail(world, { 'x-request-id': given });

      expect([id, ...inErrors]).toEqual([given, given, given, given]);
      expect(world.lines.map(({ requestId }) => requestId)).toEqual([given, given, given]);
    },
  );

  it.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['of 129 letters', 'x'.repeat(129)],
    ['of 1,000 letters', 'x'.repeat(1_000)],
    ['with quotes', '"a"'],
    ['with an escaped new line', 'a\\nb'],
    ['with an encoded new line', 'a%0d%0ab'],
    ['with a tab', 'a\tb'],
    ['that looks like a line of a log', '{"level":"error"}'],
    ['that looks like a page', '<script>alert(1)</script>'],
    ['that looks like a path', '../../a'],
    ['that looks like a colour', '[31m'],
    ['that is not ASCII', 'gr\u00e4ph'],
  ])('is replaced when it is %s', async (_what, given) => {
    const world = await createWorld();

    const { id, inErrors } = await fail(world, { 'x-request-id': given });

    expect(id).toMatch(newId);
    expect(inErrors).toEqual([id, id, id]);
    expect(world.lines.map(({ requestId }) => requestId)).toEqual([id, id, id]);
  });

  it('is replaced when there are two', async () => {
    const { url } = await createWorld();

    const response = await sendLines(url, ['GET / HTTP/1.1', 'Host: graph.test', 'X-Request-Id: a', 'X-Request-Id: b']);

    expect(response?.headers.get('x-request-id')).toMatch(newId);
  });
});

describe('request id: an answer that never became an operation has it, too', () => {
  it.each([
    ['of health', 'GET /health'],
    ['of another path', 'GET /'],
    ['of another method', 'PUT /graphql'],
    ["of a type that the service doesn't accept", 'POST /graphql'],
    ['of GraphiQL', 'GET /graphql'],
  ])('%s', async (_what, line) => {
    const world = await createWorld();
    const logged = requestLogged(world);

    const response = await sendLines(world.url, [
      `${line} HTTP/1.1`,
      'Host: graph.test',
      'X-Request-Id: mine',
      'Accept: text/html, application/json',
    ]);
    await logged;

    expect(response?.headers.get('x-request-id')).toBe('mine');
    expect(world.lines).toMatchObject([{ message: 'request', requestId: 'mine', status: response?.status }]);
  });

  it('of bytes that are not HTTP', async () => {
    const world = await createWorld();

    const response = await sendLines(world.url, ['hello?']);

    const id = response?.headers.get('x-request-id');
    expect(id).toMatch(newId);
    expect(world.lines).toMatchObject([{ message: 'request', requestId: id, status: 400 }]);
  });
});
