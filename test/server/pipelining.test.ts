/** HTTP pipelining: a connection has one operation in flight, its responses come in order, and it is read no further. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyDatafoldRun } from '../support/bodies.ts';
import { holdClock, until } from '../support/clock.ts';
import { createWorld, type World } from '../support/world.ts';

const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'];
const toPost = (query: string, ...headers: string[]) => {
  const body = JSON.stringify({ query });
  return [...head, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');
};
const toRun = (runId: number, ...headers: string[]) =>
  toPost(`{ datafoldRun(monitorId: 7, runId: ${runId}) { id } }`, ...headers);
const runs = (count: number, first = 1) => Array.from({ length: count }, (_, n) => toRun(first + n)).join('');

interface Client {
  readonly socket: Socket;
  /** The service's end. */
  readonly served: Socket;
  send(bytes: string): void;
  received(): string;
}

async function open(world: World): Promise<Client> {
  const { hostname, port } = new URL(world.url);
  const accepted = once(world.server, 'connection') as Promise<[Socket]>;
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  const [served] = await accepted;
  return { socket, served, send: (bytes) => void socket.write(bytes), received: () => received };
}

/** A world whose provider answers when the test says so. */
async function createHeldWorld(limits = {}) {
  const world = await createWorld({ limits });
  const answers: (() => void)[] = [];
  world.datafold.onAny((request, response) => {
    const { body } = anyDatafoldRun(Number(request.url?.split('/').at(-1)));
    answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
  });
  /** Answers the calls up to this one as they come. */
  const answer = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await until(() => answers.length > 0);
      answers.shift()?.();
    }
  };
  const answerAll = () => {
    for (const send of answers.splice(0)) send();
  };
  return { world, answer, answerAll };
}

const idsIn = (text: string) => (text.match(/DATAFOLD:7:\d+/g) ?? []).map((id) => Number(id.split(':')[2]));
const oneTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe('pipelining: pipelined requests', () => {
  it('are executed one after another, and answered in order', async () => {
    const { world, answer } = await createHeldWorld();
    const client = await open(world);

    client.send(runs(5));
    await world.datafold.arrived(1);
    // A request of another connection, which came later, shows that nothing else was to come.
    const other = await open(world);
    other.send(toRun(99));
    await world.datafold.arrived(2);
    expect(world.datafold.paths).toEqual(['/api/v1/monitors/7/runs/1', '/api/v1/monitors/7/runs/99']);
    await answer(6);

    await until(() => idsIn(client.received()).length === 5);
    expect(idsIn(client.received())).toEqual(oneTo(5));
    expect(world.datafold.maxAtOnce()).toBe(2);
  });

  it('may be of all kinds: each gets the response that it gets alone', async () => {
    const { world, answer } = await createHeldWorld();
    const client = await open(world);
    const get = (line: string) => `${line} HTTP/1.1\r\nHost: graph.test\r\n\r\n`;

    client.send(
      [
        toRun(1),
        get('HEAD /schema.graphql'),
        get('OPTIONS /graphql'),
        get('GET /health'),
        toPost('{'),
        get('GET /nowhere'),
        toRun(2),
        get('HEAD /health'),
        toPost('{ __typename }', 'Accept: application/graphql-response+json'),
        toRun(3, 'Connection: close'),
      ].join(''),
    );
    await answer(3);
    await once(client.socket, 'close');

    expect(client.received().match(/(?<=HTTP\/1\.1 )\d+|DATAFOLD:7:\d+/g)).toEqual([
      ...['200', 'DATAFOLD:7:1', '200', '405', '200', '200', '404', '200', 'DATAFOLD:7:2', '200', '200', '200'],
      'DATAFOLD:7:3',
    ]);
  });

  it('are answered though there are more than are read ahead', async () => {
    const { world, answer } = await createHeldWorld({ maxPipelinedRequests: 2 });
    const client = await open(world);

    client.send(runs(500));
    await answer(500);

    await until(() => idsIn(client.received()).length === 500);
    expect(idsIn(client.received())).toEqual(oneTo(500));
  });

  it('with bodies in pieces are answered, though there are more than are read ahead', async () => {
    const { world, answer } = await createHeldWorld({ maxPipelinedRequests: 1 });
    const client = await open(world);

    const bytes = runs(20);
    const answered = answer(20);
    for (let start = 0; start < bytes.length; start += 97) {
      client.send(bytes.slice(start, start + 97));
      await setImmediate();
    }
    await answered;

    await until(() => idsIn(client.received()).length === 20);
    expect(idsIn(client.received())).toEqual(oneTo(20));
  });

  it('are read no further while more than a few of them wait', async () => {
    const { world, answer } = await createHeldWorld({ maxPipelinedRequests: 16 });
    const client = await open(world);
    client.send(runs(20));
    await world.datafold.arrived(1);
    const { bytesRead } = client.served;

    // More than one read takes, and less than the buffers of the system do.
    client.send(runs(100, 21));
    await until(() => client.socket.writableLength === 0);
    // What arrived before this was answered would have been read.
    for (let time = 0; time < 3; time++) await world.execute('{ __typename }');

    expect(client.served.bytesRead).toBe(bytesRead);
    await answer(120);
    await until(() => idsIn(client.received()).length === 120);
    expect(idsIn(client.received())).toEqual(oneTo(120));
  });

  it('of a client that disconnects are not executed any more', async () => {
    const { world } = await createHeldWorld();
    const client = await open(world);
    client.send(runs(5));
    await world.datafold.arrived(1);

    client.socket.resetAndDestroy();
    await world.datafold.deserted(1);
    await until(() => world.lines.length === 5);

    expect(world.lines.map(({ status }) => status)).toEqual([499, 499, 499, 499, 499]);
    expect(world.datafold.paths).toHaveLength(1);
  });

  it('are bounded on all connections together: one that queues many beyond that is closed', async () => {
    const { world, answerAll } = await createHeldWorld({ maxPipelinedRequests: 2, maxQueuedRequests: 10 });
    for (let time = 0; time < 3; time++) {
      const first = await open(world);
      first.send(runs(11, 100 * time + 11));
      await until(() => world.datafold.paths.some((path) => path.endsWith(`/${100 * time + 11}`)));
      // Ten wait. So do a few of a client that sends a few, but none of one that sends many.
      const flood = await open(world);
      flood.send(runs(1_000, 1_000));
      await until(() => flood.socket.closed);
      const few = await open(world);
      few.send(runs(3));

      first.socket.destroy();
      await until(() => {
        answerAll();
        return idsIn(few.received()).length === 3;
      });
      expect(idsIn(few.received())).toEqual([1, 2, 3]);
      expect(idsIn(flood.received())).toEqual([]);
    }
    // Nothing is made of the hundreds of requests that have been read with the one too many.
    expect(world.lines.length).toBeLessThan(3 * (11 + 20 + 3));
  });

  it('beyond the last that a connection may have are not answered, and it closes behind that one', async () => {
    const { world, answer } = await createHeldWorld({ maxRequestsPerConnection: 5 });
    let made = 0;
    world.server.on('dropRequest', () => made++);
    const client = await open(world);

    client.send(runs(100));
    await answer(5);
    await until(() => client.socket.closed);

    expect(idsIn(client.received())).toEqual(oneTo(5));
    // One more response says why.
    expect(client.received().match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '200', '200', '200', '200', '503']);
    expect(client.received()).toMatch(/^connection: close\r$.*DATAFOLD:7:5/ims);
    expect(made).toBe(1);
  });

  it('leave other connections alone: probes and operations are answered at once', async () => {
    const { world } = await createHeldWorld();
    const client = await open(world);
    client.send(runs(300));
    await world.datafold.arrived(1);

    for (const path of ['/health', '/ready', '/schema.graphql'])
      expect((await fetch(new URL(path, world.url))).status).toBe(200);
    expect(await world.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });

  it('before what is no HTTP are answered, and that is then, though a half one is between them', async () => {
    const { world, answer } = await createHeldWorld();
    const client = await open(world);
    const half = 'POST /nowhere HTTP/1.1\r\nHost: graph.test\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n';

    client.send(`${runs(2)}${half}`);
    await answer(2);
    await once(client.socket, 'close');

    expect(client.received().match(/(?<=HTTP\/1\.1 )\d+|DATAFOLD:7:\d+/g)).toEqual([
      ...['200', 'DATAFOLD:7:1', '200', 'DATAFOLD:7:2', '400'],
    ]);
  });
});

describe('pipelining: a request that is late because the service does not read', () => {
  const limits = {
    maxPipelinedRequests: 1,
    headersTimeoutMs: 1_000,
    requestTimeoutMs: 2_000,
    operationTimeoutMs: 60_000,
  };
  const late = () => Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

  it('is answered once it has been read', async () => {
    const { world, answer } = await createHeldWorld(limits);
    const client = await open(world);
    const last = toRun(4);
    client.send(`${runs(3)}${last.slice(0, 50)}`);
    await world.datafold.arrived(1);

    // As Node.js has it, which reads the clock of the system.
    world.server.emit('clientError', late(), client.served);
    client.send(last.slice(50));
    await answer(4);

    await until(() => idsIn(client.received()).length === 4);
    expect(idsIn(client.received())).toEqual(oneTo(4));
  });

  it.each([
    ['head', 50],
    ['body', -10],
  ])('and whose %s does not come then either, is refused', async (_name, end) => {
    const clock = holdClock();
    const { world, answer } = await createHeldWorld(limits);
    const client = await open(world);
    client.send(`${runs(3)}${toRun(4).slice(0, end)}`);
    await world.datafold.arrived(1);
    world.server.emit('clientError', late(), client.served);
    await answer(3);
    await until(() => idsIn(client.received()).length === 3);
    await clock.waitOf(2_000);

    await clock.pass(2_000);
    await once(client.socket, 'close');

    expect(client.received()).toMatch(/HTTP\/1\.1 408 .*Expected the request to arrive sooner\./s);
  });
});

it('pipelining: An incremental operation behind another comes whole, and the one behind it after its last part', async () => {
  const { world, answer } = await createHeldWorld();
  const client = await open(world);
  const inParts = '{ __typename ... @defer { datafoldRun(monitorId: 7, runId: 2) { id } } }';

  client.send(`${toRun(1)}${toPost(inParts, 'Accept: multipart/mixed')}${toRun(3)}`);
  await answer(3);

  await until(() => idsIn(client.received()).length === 3);
  expect(idsIn(client.received())).toEqual([1, 2, 3]);
});
