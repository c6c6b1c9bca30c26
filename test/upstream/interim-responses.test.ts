/** Interim responses (1xx) of a provider before the final one (RFC 9110, 15.2). */
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { createWorld, type World } from '../support/world.ts';

const query = '{ datafoldRun(monitorId: 7, runId: 42) { error } }';
const found = { data: { datafoldRun: { error: null } } };
const execute = (world: World) => world.execute(query);

const toHead = (status: string, ...lines: readonly string[]) =>
  `HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const hundred = toHead('100 Continue');
const processing = toHead('102 Processing');
const hints = toHead('103 Early Hints', 'Link: </style.css>; rel=preload; as=style');

/** Sends each piece separately, once the one before has been read. */
async function sendPieces({ socket }: ServerResponse, pieces: Iterable<string>): Promise<void> {
  socket?.setNoDelay();
  for (const piece of pieces) {
    await new Promise((resolve) => socket?.write(piece, resolve));
    // The service reads it in this process, in one of the next two turns of the event loop.
    await setImmediate();
    await setImmediate();
  }
}

const endWith = (response: ServerResponse, body: object, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** A world whose Datafold sends this before the run. */
async function createInterimWorld(interim: string) {
  const world = await createWorld({ limits: { maxAttempts: 1 } });
  world.datafold.on(datafoldPath, (_request, response) => {
    response.socket?.write(interim);
    endWith(response, datafoldBody);
  });
  return world;
}

const connectionsOf = ({ datafold }: World) => new Set(datafold.requests.map(({ socket }) => socket)).size;

describe('interim responses: interim responses before the final one', () => {
  it.each([
    ['100', hundred],
    ['100 with header fields', toHead('100 Continue', 'X-A: HTTP/1.1 100 Continue', 'X-B: 1')],
    ['100 without a reason', toHead('100 ')],
    ['100 three times, without a space behind the status', toHead('100', 'X-A: 1').repeat(3)],
    ['100 behind an empty line', `\r\n${hundred}`],
    ['102', processing],
    ['103', hints],
    ['100 twice', hundred + hundred],
    ['103, 100, 102 and 100', hints + hundred + processing + hundred],
    ['100 a hundred times', hundred.repeat(100)],
  ])('are skipped, and the connection is used again: %s', async (_name, interim) => {
    const world = await createInterimWorld(interim);

    for (let time = 0; time < 3; time++) expect(await execute(world)).toEqual(found);

    expect(connectionsOf(world)).toBe(1);
  });

  it('are skipped wherever TCP cuts them', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1, upstreamAttemptTimeoutMs: 30_000 } });
    const interim = hints + hundred + hundred;
    let cut = 0;
    world.datafold.on(datafoldPath, async (_request, response) => {
      await sendPieces(
        response,
        [interim.slice(0, cut), interim.slice(cut)].filter((piece) => piece !== ''),
      );
      endWith(response, datafoldBody);
    });

    for (; cut < interim.length; cut++) expect(await execute(world)).toEqual(found);

    expect(connectionsOf(world)).toBe(1);
  });

  it('are skipped byte by byte, and so is the head of the final response read', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1, upstreamAttemptTimeoutMs: 30_000 } });
    const body = JSON.stringify(datafoldBody);
    const head = toHead(
      '200 OK',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
    );
    world.datafold.on(datafoldPath, async (_request, response) => {
      await sendPieces(response, hundred + hints + head + body);
      response.socket?.end();
    });

    expect(await execute(world)).toEqual(found);
  });

  it('are skipped before a 404, which means absence', async () => {
    const world = await createInterimWorld('');
    expect(await execute(world)).toEqual(found);
    world.datafold.on(datafoldPath, (_request, response) => {
      response.socket?.write(hundred);
      endWith(response, { detail: 'Not Found' }, 404);
    });

    expect(await execute(world)).toEqual({ data: { datafoldRun: null } });

    expect(connectionsOf(world)).toBe(1);
  });

  it('that switch protocols (101) are no response', async () => {
    const world = await createInterimWorld(toHead('101 Switching Protocols', 'Upgrade: h2c', 'Connection: upgrade'));

    expect(await execute(world)).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
  });

  it('without a final one are a failure of the provider', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, (_request, response) => void response.socket?.end(hundred));

    expect(await execute(world)).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
  });
});

describe('interim responses: what only looks like an interim response', () => {
  it('is left alone in a body, also where TCP cuts it', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1, upstreamAttemptTimeoutMs: 30_000 } });
    const error = `x HTTP/1.1 100 Continue ${'HTTP/1.1 100 '.repeat(10)}`;
    const body = JSON.stringify({ ...datafoldBody, error });
    world.datafold.on(datafoldPath, async (_request, response) => {
      response.setHeader('content-type', 'application/json').setHeader('content-length', body.length).flushHeaders();
      await sendPieces(response, body.split(/(?=HTTP)/));
      response.end();
    });

    for (let time = 0; time < 2; time++) expect(await execute(world)).toEqual({ data: { datafoldRun: { error } } });
  });

  it('is left alone in the head of the final response', async () => {
    const world = await createWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, (_request, response) => {
      response.setHeader('x-a', 'HTTP/1.1 100 Continue');
      endWith(response, datafoldBody);
    });

    expect(await execute(world)).toEqual(found);
  });

  it('costs no call when it comes on an idle connection', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, (_request, response) => {
      response.once('finish', () => response.socket?.write(hundred));
      endWith(response, datafoldBody);
    });

    for (let time = 0; time < 3; time++) expect(await execute(world)).toEqual(found);
  });
});
