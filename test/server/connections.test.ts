/** More connections than there may be: who makes room, who doesn't, and who is admitted all the same. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { datafoldBody, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock, until } from '../support/clock.ts';
import { createWorld, type World } from '../support/world.ts';

const host = 'Host: graph.test\r\n';
const health = `GET /health HTTP/1.1\r\n${host}\r\n`;
const ready = `GET /ready HTTP/1.1\r\n${host}\r\n`;
const toPost = (query: string, length?: number) => {
  const body = JSON.stringify({ query });
  const type = `Content-Type: application/json\r\nContent-Length: ${length ?? body.length}\r\n`;
  return `POST /graphql HTTP/1.1\r\n${host}${type}\r\n${body}`;
};
const run = '{ datafoldRun(monitorId: 7, runId: 42) { state } }';
const typename = toPost('{ __typename }');

interface Client {
  readonly socket: Socket;
  send(bytes: string): void;
  /** What has arrived since the last call, once it has an end of a head in it. */
  answer(): Promise<string>;
  /** Everything that is still to come, once the service has closed the connection. */
  readonly rest: Promise<string>;
  isClosed(): boolean;
}

/** Opens a connection, and resolves once the service has taken it. */
async function open(world: World, bytes = ''): Promise<Client> {
  const { hostname, port } = new URL(world.url);
  const taken = once(world.server, 'connection');
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  const rest = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  await taken;
  const client: Client = {
    socket,
    send: (more) => void socket.write(more),
    async answer() {
      await until(() => received.includes('\r\n\r\n') || isClosed);
      const answer = received;
      received = '';
      return answer;
    },
    rest,
    isClosed: () => isClosed,
  };
  client.send(bytes);
  return client;
}

/** The same, and has an answer. */
async function openAndRequest(world: World, bytes: string): Promise<Client & { readonly first: string }> {
  const client = await open(world, bytes);
  return { ...client, first: await client.answer() };
}

const ok = /^HTTP\/1\.1 200 OK/;

describe('connection limits: a new client, where there are as many connections as there may be', () => {
  it('takes the place of the one that has been idle longest', async () => {
    const world = await createWorld({ limits: { maxConnections: 3 } });
    const clients = [];
    for (let n = 0; n < 3; n++) clients.push(await openAndRequest(world, health));
    const [first, second, third] = clients;
    // It isn't the one that is there for the longest time any more.
    first?.send(health);
    await first?.answer();

    const next = await openAndRequest(world, typename);

    expect(next.first).toMatch(ok);
    expect(await second?.rest).toBe('');
    expect([first?.isClosed(), third?.isClosed()]).toEqual([false, false]);
    expect((await openAndRequest(world, ready)).first).toMatch(ok);
    expect(await third?.rest).toBe('');
    expect(first?.isClosed()).toBe(false);
  });

  it('takes the place of one that has said nothing so far', async () => {
    const world = await createWorld({ limits: { maxConnections: 2 } });
    const silent = [await open(world), await open(world)];

    expect((await openAndRequest(world, typename)).first).toMatch(ok);

    expect(await silent[0]?.rest).toBe('');
    expect(silent[1]?.isClosed()).toBe(false);
  });

  it.each([
    ['head', 'POST /graphql HTTP/1.1\r\nHost: gr'],
    ['body', toPost('{ __typename }', 100)],
  ])('takes the place of one that has sent half a %s, which gets a response that says so', async (_name, half) => {
    const world = await createWorld({ limits: { maxConnections: 1 } });
    const taken = once(world.server, 'connection') as Promise<[Socket]>;
    const slow = await open(world, half);
    const [socket] = await taken;
    await until(() => socket.bytesRead === half.length);

    const next = await openAndRequest(world, typename);

    expect(next.first).toMatch(ok);
    expect(await slow.rest).toMatch(/^HTTP\/1\.1 408 .*Expected the request to arrive sooner\./s);
  });

  it('takes the place of one that does not read its response, where no other waits for its client', async () => {
    const clock = holdClock();
    const world = await createWorld({ limits: { maxConnections: 2 } });
    world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: { page: 'x'.repeat(7 * 1024 * 1024) } } });
    const { monitorId, runId } = olostepKey;
    const unread = await open(world);
    unread.socket.pause();
    unread.send(toPost(`{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { a: snapshot b: snapshot } }`));
    await world.olostep.arrived(1);
    await until(() => unread.socket.readableLength > 0);
    const idle = await openAndRequest(world, health);
    await clock.pass(1_000);

    // Of those that wait for their client for longer than a moment, the idle one.
    const next = await openAndRequest(world, typename);
    expect(next.first).toMatch(ok);
    expect(await idle.rest).toBe('');
    expect((await openAndRequest(world, typename)).first).toMatch(ok);

    unread.socket.resume();
    expect((await unread.rest).length).toBeLessThan(14 * 1024 * 1024);
    expect(next.isClosed()).toBe(false);
  });
});

describe('connection limits: where every connection has an operation in flight', () => {
  async function createBusyWorld(limits = {}) {
    const world = await createWorld({ limits: { maxConnections: 2, maxProbeConnections: 2, ...limits } });
    const answers: (() => void)[] = [];
    world.datafold.on(datafoldPath, (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody)));
    });
    const busy = [await open(world, toPost(run)), await open(world, toPost(run))];
    await world.datafold.arrived(2);
    return {
      world,
      busy,
      finish: () => {
        for (const answer of answers) answer();
      },
    };
  }

  it('none of them is closed; probes are answered, and others told to come back', async () => {
    const { world, busy, finish } = await createBusyWorld();

    for (let time = 0; time < 3; time++) {
      for (const probe of [ready, health]) {
        const { first } = await openAndRequest(world, probe);
        expect(first).toMatch(ok);
        expect(first).toMatch(/^connection: close\r$/im);
      }
      const { first } = await openAndRequest(world, typename);
      expect(first).toMatch(/^HTTP\/1\.1 503 .*^connection: close\r$.*"code":"OVERLOADED"/ims);
      expect(first).toMatch(/^retry-after: [123]\r$/im);
    }
    finish();

    for (const { answer } of busy) expect(await answer()).toContain('"state":"OK"');
    expect((await openAndRequest(world, typename)).first).toMatch(ok);
  });

  it('silent clients block no probe', async () => {
    const { world } = await createBusyWorld();

    const silent = [];
    for (let time = 0; time < 5; time++) silent.push(await open(world));

    // As many as there may be stay: the last ones.
    for (const { rest } of silent.slice(0, 3)) expect(await rest).toBe('');
    expect(silent.slice(3).map(({ isClosed }) => isClosed())).toEqual([false, false]);
    expect((await openAndRequest(world, ready)).first).toMatch(ok);
    expect((await openAndRequest(world, health)).first).toMatch(ok);
  });
});
