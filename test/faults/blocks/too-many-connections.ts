/**
 * Clients that take all connections (C-32): idle ones after a request each, silent ones, ones with half a request, and ones that
 * don't read. Each new client gets its answer all the same, and so does a request of `/ready`; no operation in flight is cut off.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { datafoldBody } from '../../support/bodies.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

const maxConnections = 1_000;
/** Far less than any time after which a connection is closed for itself, and enough for a busy machine. */
const maxMs = 3_000;
const newClients = 50;

const operation = '{ datafoldRun(monitorId: "7", runId: "42") { state } }';
const host = 'Host: graph.localhost\r\n';
const type = 'Content-Type: application/json\r\n';
const health = `GET /health HTTP/1.1\r\n${host}\r\n`;
const toPost = (query: string) => {
  const body = JSON.stringify({ query });
  return `POST /graphql HTTP/1.1\r\n${host}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
};

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      await fill(tally, stage, 'idle connections after a GET each', health, true);
      await fill(tally, stage, 'silent connections', '');
      await fill(tally, stage, 'half heads', 'POST /graphql HTTP/1.1\r\nHost: gr');
      await fill(tally, stage, 'half bodies', `POST /graphql HTTP/1.1\r\n${host}${type}Content-Length: 100\r\n\r\n{`);
      await fill(tally, stage, 'connections with a refused request', toPost('{'), true);
      await occupy(tally, stage);
      tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
    },
    {
      MAX_EVENT_LOOP_LAG_MS: '60000',
      OPERATION_TIMEOUT_MS: '60000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000',
      QUEUE_TIMEOUT_MS: '60000',
      MAX_QUEUED_OPERATIONS: '1000',
    },
  );
  await fillWithOperations(tally);
}

/** Opens a connection that sends these bytes, and resolves once it has, and has been answered where it is to be. */
async function open(port: number, bytes: string, isAnswered = false): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  socket.write(bytes);
  if (isAnswered) await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
  socket.resume();
  return socket;
}

async function openAll(port: number, count: number, bytes: string, isAnswered = false): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(50, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => open(port, bytes, isAnswered)))));
  }
  return sockets;
}

interface Tried {
  readonly status: number;
  readonly ms: number;
}

/** A new client: a new connection, and one request. */
async function tryOnce(port: number, bytes: string): Promise<Tried> {
  const started = performance.now();
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
    if (answer.includes('\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => {});
  socket.write(bytes);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([closed, setTimeout(maxMs + 1_000, undefined, { ref: false })]);
  socket.destroy();
  return { status: Number(answer.split(' ', 2)[1] ?? 0), ms: performance.now() - started };
}

const ready = `GET /ready HTTP/1.1\r\n${host}\r\n`;

/** All connections are open to clients that send nothing; then others connect. */
async function fill(tally: Tally, { service }: Stage, name: string, bytes: string, isAnswered = false): Promise<void> {
  const { port } = service;
  const held = await openAll(port, maxConnections, bytes, isAnswered);
  // The oldest are closed first: the newest of them see nothing of it.
  const slowest: number[] = [];
  for (let n = 0; n < newClients; n++) {
    const [requested, probed] = [await tryOnce(port, toPost(operation)), await tryOnce(port, ready)];
    tally.check(`${name}: a new client is answered`, requested.status === 200 && requested.ms < maxMs, requested);
    tally.check(`${name}: /ready is answered`, probed.status === 200 && probed.ms < maxMs, probed);
    slowest.push(requested.ms, probed.ms);
  }
  // Closed by the other end, which is read to know: those that were open longest.
  await setTimeout(100);
  const isClosed = held.map((socket) => socket.closed || socket.readableEnded);
  const closed = isClosed.filter(Boolean).length;
  tally.check(`${name}: no more are closed than there is room needed for`, closed <= 2 * newClients, closed);
  tally.check(`${name}: the newest are left alone`, !isClosed.slice(-maxConnections / 2).some(Boolean));
  tally.measured(`${name}: new clients answered within ${Math.round(Math.max(...slowest))} ms`);
  for (const socket of held) socket.destroy();
  await setTimeout(200);
}

/** Operations in flight are never cut off for it, however long they take. */
async function occupy(tally: Tally, { service, datafold }: Stage): Promise<void> {
  const answers: (() => void)[] = [];
  datafold.onAny((_request, response) => {
    answers.push(() => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...datafoldBody, run_id: undefined, monitor_id: undefined }));
    });
  });
  const under = 30;
  const before = datafold.requests.length;
  const requested = Array.from({ length: under }, (_, n) =>
    service.execute(`{ datafoldRun(monitorId: "7", runId: "${n + 1}") { state } }`),
  );
  await datafold.arrived(before + under);
  const held = await openAll(service.port, 2 * maxConnections, health, true);
  for (const answer of answers) answer();
  const states = (await Promise.all(requested)).map(({ text }) => text);
  tally.check(
    'operations in flight are answered',
    states.every((text) => text.includes('"OK"')),
    states[0],
  );
  for (const socket of held) socket.destroy();
}

/** Where each connection has an operation in flight none makes room, and what looks after the health is answered all the same. */
async function fillWithOperations(tally: Tally): Promise<void> {
  const most = 20;
  await withStage(
    async ({ service, datafold }) => {
      datafold.onAny(() => {});
      const before = datafold.requests.length;
      const held = await Promise.all(
        Array.from({ length: most }, (_, n) =>
          open(service.port, toPost(`{ datafoldRun(monitorId: "7", runId: "${n + 1}") { state } }`)),
        ),
      );
      await datafold.arrived(before + most);
      for (let n = 0; n < 10; n++) {
        const silent = await openAll(service.port, 30, '');
        for (const bytes of [ready, health]) {
          const { status, ms } = await tryOnce(service.port, bytes);
          tally.check('busy connections: probes are answered', status === 200 && ms < maxMs, { status, ms });
        }
        const { status, ms } = await tryOnce(service.port, toPost(operation));
        tally.check('busy connections: others get OVERLOADED', status === 503 && ms < maxMs, { status, ms });
        for (const socket of silent) socket.destroy();
      }
      tally.check('busy connections: none is cut off', !held.some(({ closed }) => closed));
      for (const socket of held) socket.destroy();
    },
    {
      MAX_CONNECTIONS: String(most),
      MAX_PROBE_CONNECTIONS: '2',
      OPERATION_TIMEOUT_MS: '60000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000',
      MAX_EVENT_LOOP_LAG_MS: '60000',
    },
  );
}
