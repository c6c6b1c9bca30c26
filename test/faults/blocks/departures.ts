/** A thousand clients that leave in the middle (C-40), while the providers hang: what was in flight for them ends with them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { range, runConcurrently } from '../concurrency.ts';
import { percentile } from '../load.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

const clients = 1_000;
const atATime = 50;
/**
 * How long an upstream call may outlive its client, in milliseconds: it has to be noticed, told and closed. Held against half
 * of them, as those that a busy machine stalls say nothing of the service: that each of them ends is what has to be.
 */
const maxMs = 200;
/** Longer than every deadline of the service, so that only the disconnect ends the calls, in milliseconds. */
const neverMs = 600_000;
/** How long a call is waited for that has not ended, in milliseconds. */
const patienceMs = 60_000;

const head = 'POST /graphql HTTP/1.1\r\nHost: graph.localhost\r\nContent-Type: application/json\r\n';

/** At both providers, and not at the same runs as any other client. */
const toRequest = (n: number) => {
  const body = JSON.stringify({
    query: `{ datafoldRun(monitorId: "7", runId: "${n}") { state } olostepRun(monitorId: "monitor_a", runId: "run_${n}") { phase } }`,
  });
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
};

/** It measures how long calls outlive their clients. */
export const isExclusive = true;

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      const { service, datafold, olostep } = stage;
      const open = hang(stage);
      const before = await service.probe('collect');

      const outlived: number[] = [];
      await runConcurrently(atATime, range(0, clients), async (n) => {
        const socket = await execute(service.port, n);
        // Some leave before a call was made for them, most while it is in flight, some when half of them has been.
        if (n % 10 !== 0) await within(patienceMs, open.has(n));
        socket.resetAndDestroy();
        const left = performance.now();
        await within(patienceMs, open.ended(n));
        outlived.push(performance.now() - left);
        tally.check(`the calls of client ${n} end with it`, open.of(n) === 0, open.of(n));
      });
      const [half, most] = [percentile(outlived, 0.5), percentile(outlived, 1)];
      tally.check(`half of the calls end within ${maxMs} ms`, half <= maxMs, `${Math.round(half)} ms`);
      tally.measured(
        `upstream calls ended ${Math.round(half)} ms behind their clients, ${Math.round(most)} ms at most`,
      );
      tally.measured(`${stage.calls()} calls for ${clients} clients that left`);
      for (let n = 0; n < 50 && open.count() > 0; n++) await setTimeout(20);
      tally.check('no call is left', open.count() === 0, open.count());

      const after = await service.probe('collect');
      const timers = after.timers - before.timers;
      tally.check('no timer is left', timers <= 5, timers);

      datafold.onAny({ body: { state: 'ok' } });
      olostep.onAny({ body: {} });
      for (let n = 0; n < 20; n++) {
        const { text } = await service.execute(
          `{ datafoldRun(monitorId: "7", runId: "${clients + n}") { state } olostepRun(monitorId: "monitor_a", runId: "run_${clients + n}") { id } }`,
        );
        const isRight = text.includes('"state":"OK"') && text.includes(`OLOSTEP:monitor_a:run_${clients + n}`);
        tally.check('serves those that stay', isRight, text);
      }
      tally.check('no unexpected error', !service.output().includes('unexpected error'));
      tally.check('no failure is laid to a provider', !service.output().includes('circuit breaker changed'));
      tally.check('no canary', service.leaks().length === 0, service.leaks());
    },
    // Neither the bulkhead is on trial, nor whom a busy machine refuses.
    {
      ...{ MAX_QUEUED_OPERATIONS: '1000', QUEUE_TIMEOUT_MS: `${neverMs}`, MAX_EVENT_LOOP_LAG_MS: '60000' },
      ...{ UPSTREAM_ATTEMPT_TIMEOUT_MS: `${neverMs}`, OPERATION_TIMEOUT_MS: `${neverMs}` },
    },
    { isProbed: true },
  );
}

/** Waits for it, or until the time is up. */
const within = (ms: number, event: Promise<void>) => {
  const over = new AbortController();
  const late = setTimeout(ms, undefined, { signal: over.signal }).catch(() => {});
  return Promise.race([event, late]).finally(() => over.abort());
};

async function execute(port: number, n: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write(toRequest(n));
  return socket;
}

/** Lets both providers hang, and tells which calls are in flight there, by the client that they are made for. */
function hang({ datafold, olostep }: Stage) {
  const counts = new Map<number, number>();
  const listeners = new Map<number, () => void>();
  let count = 0;
  const add = (n: number, change: 1 | -1) => {
    count += change;
    counts.set(n, (counts.get(n) ?? 0) + change);
    listeners.get(n)?.();
  };
  for (const upstream of [datafold, olostep]) {
    upstream.onAny((request, response) => {
      const n = Number(/\d+$/.exec(request.url ?? '')?.[0]);
      add(n, 1);
      response.once('close', () => add(n, -1));
    });
  }
  const until = (n: number, isSo: (open: number) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo(counts.get(n) ?? 0)) return;
        listeners.delete(n);
        resolve();
      };
      listeners.set(n, look);
      look();
    });
  return {
    count: () => count,
    of: (n: number) => counts.get(n) ?? 0,
    has: (n: number) => until(n, (open) => open > 0),
    ended: (n: number) => until(n, (open) => open === 0),
  };
}
