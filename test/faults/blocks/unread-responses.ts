/**
 * Clients that do not read their responses: pipelined operations of 13 MB each, many connections with one such response each, and
 * thousands of small requests behind an operation. The memory of the process stays below the documented ceiling; others are
 * served, and so is a client that reads slowly but steadily. `UNREAD_SECONDS` makes it longer.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { datafoldBody, olostepBody } from '../../support/bodies.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';
import { residentOf } from '../upstream/memory.ts';

const seconds = Number(process.env.UNREAD_SECONDS ?? 6);
/** The ceiling of SECURITY.md, in MiB. */
const maxResidentMiB = 512;
const snapshotBytes = 6_500_000;

const host = 'Host: graph.localhost\r\n';
const toPost = (query: string) => {
  const body = JSON.stringify({ query });
  return `POST /graphql HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
const large = (name: string) =>
  `{ olostepRun(monitorId: "monitor_a", runId: "run_a") { ${name}: snapshot ${name}2: snapshot } }`;
const small = '{ datafoldRun(monitorId: "7", runId: "42") { state } }';
const tiny = 'GET / HTTP/1.1\r\n\r\n';
const health = `GET /health HTTP/1.1\r\n${host}\r\n`;

/** What a client sends and does not read, and how many such clients there are. */
interface Attack {
  readonly connections: number;
  readonly bytes: string;
}

const attacks: Readonly<Record<string, Attack>> = {
  'pipelined operations': { connections: 1, bytes: toPost(large('a')).repeat(200) },
  'a response each': { connections: 60, bytes: toPost(large('b')) },
  'small requests behind an operation': { connections: 60, bytes: toPost(large('c')) + health.repeat(1_000) },
  // Some 3,640 in what the service reads at once.
  'tiny requests behind an operation': { connections: 200, bytes: toPost(large('c')) + tiny.repeat(4_000) },
};

/** It fills the processor and the memory, and asserts that others are served meanwhile. */
export const isExclusive = true;

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      // What the service needs comes first.
      setPriority(10);
      const body = JSON.stringify({
        ...{ ...olostepBody, run_id: undefined, monitor_id: undefined },
        snapshot: { page: 'x'.repeat(snapshotBytes) },
      });
      stage.olostep.onAny((_request, response) => {
        stage.olostep.requests.length = stage.olostep.paths.length = 0;
        response.setHeader('content-type', 'application/json').end(body);
      });
      stage.datafold.onAny((_request, response) => {
        stage.datafold.requests.length = stage.datafold.paths.length = 0;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...datafoldBody, run_id: undefined, monitor_id: undefined }));
      });
      await attack(tally, stage);
    },
    // The machine may be slow beside so many bytes, and is not on trial.
    {
      RUN_CACHE: 'true',
      COALESCE_CALLS: 'true',
      MAX_EVENT_LOOP_LAG_MS: '60000',
      QUEUE_TIMEOUT_MS: '10000',
      MAX_QUEUED_OPERATIONS: '1000',
    },
  );
  setPriority(0);
}

async function attack(tally: Tally, { service }: Stage): Promise<void> {
  const statuses = new Map<string, number>();
  const count = (name: string) => void statuses.set(name, (statuses.get(name) ?? 0) + 1);
  for (let n = 0; n < 5; n++) await service.execute(small);
  const before = residentOf(service.pid);
  let isOver = false;
  const slow = readSlowly(service.port, () => isOver);
  await setTimeout(500);
  const attackers = new Set<Socket>();
  const holdOpen = async (bytes: string) => {
    while (!isOver) {
      const socket = connect(service.port, '127.0.0.1').on('error', () => {});
      attackers.add(socket);
      socket.pause();
      socket.write(bytes);
      await once(socket, 'close').catch(() => {});
      attackers.delete(socket);
      await setTimeout(100);
    }
  };
  const attacking = Object.values(attacks).flatMap(({ connections, bytes }) =>
    Array.from({ length: connections }, () => holdOpen(bytes)),
  );

  let peak = before;
  const readings: number[] = [];
  const until = performance.now() + seconds * 1_000;
  const watch = (async () => {
    while (!isOver) {
      peak = Math.max(peak, residentOf(service.pid));
      readings.push(Math.round(residentOf(service.pid)));
      await setTimeout(100);
    }
  })();
  while (performance.now() < until) {
    const requested = await service.execute(small).catch(() => undefined);
    count(
      requested?.text.includes('"state":"OK"') === true
        ? 'small'
        : `small failed: ${requested?.status} ${requested?.text}`,
    );
    const probe = await fetch(new URL('/ready', service.url)).catch(() => undefined);
    count(probe?.status === 200 ? 'probes' : `probe failed: ${probe?.status}`);
    await setTimeout(20);
  }
  isOver = true;
  for (const socket of attackers) socket.destroy();
  await Promise.all([...attacking, watch]);

  const failed = [...statuses.keys()].filter((name) => name.includes('failed'));
  tally.check('others are served beside unread responses', failed.length === 0, failed.slice(0, 3));
  tally.check('memory stays below the ceiling', peak < maxResidentMiB, `${Math.round(peak)} MiB`);
  tally.check('a client that reads slowly is not cut off', await slow);
  tally.check('no unexpected error', !service.output().includes('unexpected error'));
  const every = Math.max(1, Math.floor(readings.length / 10));
  tally.measured(`RSS ${Math.round(before)} MiB before, at most ${Math.round(peak)} MiB`);
  tally.measured(`over time ${readings.filter((_, n) => n % every === 0).join(' ')}`);
  tally.measured(`${statuses.get('small')} small operations and ${statuses.get('probes')} probes in ${seconds} s`);
  // Everything is given back: large responses find room.
  let last = '';
  for (let n = 0; n < 50 && last.length < 2 * snapshotBytes; n++) {
    if (n > 0) await setTimeout(100);
    last = (await service.execute(large('e'))).text;
  }
  tally.check('large responses find room again', last.length > 2 * snapshotBytes, last.slice(0, 300));
}

/** Reads a large response a little at a time, and the next one then. Resolves with whether none of them was cut off. */
async function readSlowly(port: number, isOver: () => boolean): Promise<boolean> {
  while (!isOver()) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    let head = '';
    let read = 0;
    let isClosed = false;
    socket.on('data', (chunk) => {
      socket.pause();
      read += chunk.length;
      if (!head.includes('\r\n\r\n')) head += chunk.toString('latin1');
    });
    socket.once('close', () => {
      isClosed = true;
    });
    socket.write(toPost(large('d')));
    const isComplete = () => {
      const start = head.indexOf('\r\n\r\n');
      return start >= 0 && read >= start + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    };
    while (!isOver() && !isClosed && !isComplete()) {
      await setTimeout(200);
      socket.resume();
    }
    socket.destroy();
    if (isClosed && !isComplete() && !isOver()) return false;
  }
  return true;
}
