/** Responses that wait to be read: the memory for them is bounded, by caller and overall, and given back exactly once. */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Limits } from '../../src/core/limits.ts';
import { ResponseMemory, ResponseReservation } from '../../src/core/response-memory.ts';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock, until } from '../support/clock.ts';
import { createWorld, type World } from '../support/world.ts';

const mebibyte = 1024 * 1024;
const { monitorId, runId } = olostepKey;
const run = (selection: string) => `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { ${selection} } }`;
/** 14 MiB, which is more than the buffers of the system take. */
const large = run('a: snapshot b: snapshot');
/** The same as another document. */
const otherLarge = run('c: snapshot d: snapshot');
const small = run('logGroup');
const room = {
  maxPendingResponseBytes: 20 * mebibyte,
  maxPendingResponseBytesPerCaller: 18 * mebibyte,
  minUnreadResponseMs: 600_000,
};
const tokens = ['first-caller-token', 'second-caller-token'] as const;
const by = (token: string, others = {}) => ({
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...others },
});

async function createLargeWorld(limits: Partial<Limits> = {}, serverOptions = {}) {
  const world = await createWorld({ limits: { ...room, ...limits } }, serverOptions);
  world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * mebibyte) } } });
  return world;
}

/** Sends an operation, and reads nothing but the beginning of its response. */
async function openUnread(world: World, query: string, ...headers: string[]): Promise<Socket> {
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  onTestFinished(() => void socket.destroy());
  const body = JSON.stringify({ query });
  const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json', ...headers];
  const begun = new Promise((resolve) => socket.once('data', () => resolve(socket.pause())));
  socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'));
  await begun;
  return socket;
}

/** The codes of the errors of an answer, and whether there was none. */
const codesOf = ({ errors = [] }: { errors?: readonly { extensions: object }[] }) => [
  ...new Set(errors.map(({ extensions }) => (extensions as { code?: string }).code)),
];
const requestedBefore = (world: World) => world.olostep.requests.length;

async function expectRefusal(response: Response) {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toMatch(/^[123]$/);
  expect(codesOf(await response.json())).toEqual(['OVERLOADED']);
}

describe('unread responses: while large responses wait to be read', () => {
  it('an operation that there is no room for is OVERLOADED, and smaller ones are answered', async () => {
    const world = await createLargeWorld();
    await openUnread(world, large);

    const refused = await world.execute(otherLarge);

    expect(refused.data).toEqual({ olostepRun: { c: null, d: null } });
    expect(refused.errors).toHaveLength(2);
    for (const { message, extensions } of refused.errors ?? []) {
      expect(message).toBe('Too many large responses wait to be read. Try again soon.');
      expect(extensions).toMatchObject({ code: 'OVERLOADED', retryable: true });
    }
    expect(await world.execute(small)).toEqual({ data: { olostepRun: { logGroup: expect.any(String) } } });
    for (const path of ['/health', '/ready', '/schema.graphql'])
      expect((await fetch(new URL(path, world.url))).status).toBe(200);
  });

  it('one whose last response was large is refused before it makes an upstream call', async () => {
    const world = await createLargeWorld();
    await openUnread(world, large);
    const before = requestedBefore(world);

    await expectRefusal(await world.post(JSON.stringify({ query: large })));

    expect(requestedBefore(world)).toBe(before);
  });

  it.each([
    ['reads on', (socket: Socket) => socket.resume()],
    ['disconnects', (socket: Socket) => socket.destroy()],
    ['resets its connection', (socket: Socket) => socket.resetAndDestroy()],
  ])('there is room again as soon as their client %s', async (_name, end) => {
    const world = await createLargeWorld();
    for (let time = 0; time < 3; time++) {
      const socket = await openUnread(world, large);
      expect(codesOf(await world.execute(otherLarge))).toEqual(['OVERLOADED']);

      const isOver = world.lines.length;
      end(socket);
      await until(() => world.lines.length > isOver);

      expect(codesOf(await world.execute(otherLarge))).toEqual([]);
    }
  });

  it('there is none for a GET, for parts or for the schema either', async () => {
    const world = await createLargeWorld({ maxPendingResponseBytes: 14 * mebibyte + 65 * 1024 });
    await openUnread(world, large);
    const headers = { 'apollo-require-preflight': '1' };

    const got = await fetch(`${world.url}?query=${encodeURIComponent(otherLarge)}`, { headers });
    expect(codesOf(await got.json())).toEqual(['OVERLOADED']);
    const deferred = `{ __typename ... @defer { ${otherLarge.slice(1, -1)} } }`;
    const parts = await world.post(JSON.stringify({ query: deferred }), {
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
    });
    expect(parts.headers.get('content-type')).toContain('multipart/mixed');
    expect((await parts.text()).match(/"code":"\w+"/g)).toEqual(['"code":"OVERLOADED"', '"code":"OVERLOADED"']);
    await expectRefusal(await world.post(JSON.stringify({ query: getIntrospectionQuery() })));
    await expectRefusal(await fetch(`${world.url}?query=${encodeURIComponent(getIntrospectionQuery())}`, { headers }));
    await expectRefusal(await fetch(world.url, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } }));
    expect((await fetch(world.url, { headers: { accept: 'text/html' } })).status).toBe(200);
  });

  it('of one caller, others have room', async () => {
    const world = await createLargeWorld({ maxPendingResponseBytes: 60 * mebibyte }, { apiTokens: tokens });
    await openUnread(world, large, `Authorization: Bearer ${tokens[0]}`);

    expect(codesOf(await world.execute(otherLarge, {}, by(tokens[0])))).toEqual(['OVERLOADED']);
    expect(codesOf(await world.execute(otherLarge, {}, by(tokens[1])))).toEqual([]);
    expect(codesOf(await world.execute(small, {}, by(tokens[0])))).toEqual([]);
  });

  it('of a caller with one token, no other header makes it another caller', async () => {
    const world = await createLargeWorld({ maxPendingResponseBytes: 60 * mebibyte }, { apiTokens: tokens });
    await openUnread(world, large, `Authorization: Bearer ${tokens[0]}`, 'X-Olostep-Api-Key: made-up-key-1');

    const init = by(tokens[0], { 'x-olostep-api-key': 'made-up-key-2' });

    expect(codesOf(await world.execute(otherLarge, {}, init))).toEqual(['OVERLOADED']);
  });

  it('their connections are closed for others, but not before they have waited for two seconds', async () => {
    const world = await createLargeWorld({ minUnreadResponseMs: 2_000 });
    const clock = holdClock();
    const unread = await openUnread(world, large);
    const closed = new Promise((resolve) => unread.once('close', resolve));
    await clock.pass(1_999);
    expect(codesOf(await world.execute(otherLarge))).toEqual(['OVERLOADED']);
    await clock.pass(1);

    expect(codesOf(await world.execute(otherLarge))).toEqual([]);

    unread.resume();
    await closed;
    expect(unread.bytesRead).toBeLessThan(14 * mebibyte);
  });

  it('none of their connections is closed where that would not make enough room', async () => {
    const world = await createLargeWorld({ maxPendingResponseBytes: 30 * mebibyte, minUnreadResponseMs: 2_000 });
    const clock = holdClock();
    const first = await openUnread(world, large);
    await clock.pass(2_000);
    const second = await openUnread(world, otherLarge);
    let closed = 0;
    for (const socket of [first, second]) socket.once('close', () => closed++);
    const twice = run('a: snapshot b: snapshot c: snapshot');
    world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * mebibyte) } } });

    expect(codesOf(await world.execute(twice))).not.toEqual([]);

    expect(closed).toBe(0);
  });

  it('they are no operations in flight: others are admitted', async () => {
    const world = await createLargeWorld({ maxConcurrentOperations: 1 });
    await openUnread(world, large);

    expect(codesOf(await world.execute(small))).toEqual([]);
  });
});

it('unread responses: A response that is given up while it is built gives its room back', async () => {
  const world = await createLargeWorld();
  const released: (() => void)[] = [];
  world.olostep.on(olostepPath, (_request, response) => {
    released.push(() =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ...olostepBody, snapshot: { page: 'x'.repeat(7 * mebibyte) } })),
    );
  });
  for (let time = 0; time < 3; time++) {
    const controller = new AbortController();
    const requested = world.execute(large, {}, { signal: controller.signal });
    requested.catch(() => {});
    await until(() => released.length > 0);
    released.splice(0).forEach((release) => void release());
    controller.abort();
    await until(() => world.lines.length > time);
  }
  world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * mebibyte) } } });

  expect(codesOf(await world.execute(large))).toEqual([]);
});

describe('unread responses: the reservations of responses', () => {
  const limits = { maxPendingResponseBytes: 100, maxPendingResponseBytesPerCaller: 60, minUnreadResponseMs: 0 };
  const step = fc.record({
    response: fc.nat({ max: 9 }),
    action: fc.constantFrom('grow', 'shrink', 'release'),
    bytes: fc.nat({ max: 80 }),
  });

  it('never exceed the limits, and are given back exactly once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = new ResponseMemory(limits);
        const callerOf = (n: number) => [undefined, 'a', 'b'][n % 3];
        const open = Array.from({ length: 10 }, (_, n) => new ResponseReservation(memory, callerOf(n)));
        const held = open.map(() => 0);
        const released = new Set<number>();
        const sum = (caller?: string) =>
          held.reduce((total, bytes, n) => total + (caller === undefined || callerOf(n) === caller ? bytes : 0), 0);
        for (const { response, action, bytes } of steps) {
          const reservation = open[response];
          const before = held[response] ?? 0;
          if (action === 'grow' && reservation?.growTo(bytes) && bytes > before) held[response] = bytes;
          if (action === 'shrink') reservation?.shrinkTo(bytes);
          if (action === 'shrink' && bytes < before) held[response] = bytes;
          if (action === 'release') {
            reservation?.release();
            released.add(response);
            held[response] = 0;
          }
          expect(memory.bytes).toBe(sum());
          expect(memory.bytes).toBeLessThanOrEqual(limits.maxPendingResponseBytes);
          for (const caller of ['a', 'b'])
            expect(sum(caller)).toBeLessThanOrEqual(limits.maxPendingResponseBytesPerCaller);
        }
        for (const response of released) expect(open[response]?.growTo(1)).toBe(false);
        for (const reservation of open) reservation.release();
        expect([memory.bytes, memory.callers]).toEqual([0, 0]);
      }),
    );
  });
});
