/**
 * A provider that closes its idle connections whenever it likes (U-40): a request that is just then on its way on one of them
 * is lost, and no client ever hears of it.
 */
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { range, runConcurrently } from '../concurrency.ts';
import { startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { reply, startFaultServer, type WireAnswer } from '../upstream/fault-server.ts';
import { openLoad } from '../upstream/load.ts';
import { datafold, olostep, subjects, toRun } from '../upstream/subjects.ts';

const requests = 10_000;
const concurrency = 16;
/** How often a connection is closed behind an answer, and after how many milliseconds at the most. */
const share = 0.05;
const maxIdleMs = 10;
/** How long a client pauses at the most, in milliseconds. */
const maxPauseMs = 8;

export async function run(tally: Tally): Promise<void> {
  const closings = createClosings();
  const [first, second] = await Promise.all(subjects.map(({ toBody }) => startFaultServer(closings.answer(toBody))));
  const service = await startService({
    DATAFOLD_BASE_URL: first?.baseUrl ?? '',
    OLOSTEP_BASE_URL: second?.baseUrl ?? '',
    LOG_LEVEL: 'info',
    MAX_EVENT_LOOP_LAG_MS: '60000',
    QUEUE_TIMEOUT_MS: '5000',
  });
  const { execute, close } = openLoad(service);
  const failures: string[] = [];
  await runConcurrently(concurrency, range(0, requests), async (n) => {
    await setTimeout(Math.random() * maxPauseMs);
    const outcome = await execute(n % 2 === 0 ? datafold : olostep, n);
    if (outcome !== 'data') failures.push(outcome);
  });
  close();
  tally.check(`all of ${requests} requests are answered`, failures.length === 0, [
    ...failures.slice(0, 5),
    ...(service.output().match(/.*upstream call failed.*/g) ?? []),
  ]);
  tally.check('no breaker takes it for a failure', !service.output().includes('circuit breaker changed'));
  // Or it would have shown nothing.
  tally.check('requests were lost on their way', closings.lost() >= 3, closings.lost());
  tally.measured(`${requests} requests on ${closings.closed()} connections, ${closings.lost()} lost on their way`);
  await service.stop();
  for (const server of [first, second]) server?.close();
}

/** Answers well, and closes each connection when it has been idle for a while, by the dice. */
function createClosings() {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  const isClosed = new WeakSet<Socket>();
  let closed = 0;
  let lost = 0;
  const closeLater = (socket: Socket) => {
    const closeNow = () => {
      isClosed.add(socket);
      closed++;
      socket.end();
    };
    timers.set(socket, globalThis.setTimeout(closeNow, Math.random() * maxIdleMs));
  };
  return {
    closed: () => closed,
    lost: () => lost,
    answer:
      (toBody: (run: number) => object): WireAnswer =>
      (socket, { path }) => {
        // It came behind the end: a peer that has closed a connection reads no more of it.
        if (isClosed.has(socket)) {
          lost++;
          socket.resetAndDestroy();
          return;
        }
        clearTimeout(timers.get(socket));
        reply(socket, { body: JSON.stringify(toBody(toRun(path))) });
        if (Math.random() < share) closeLater(socket);
      },
  };
}
