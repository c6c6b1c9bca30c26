/**
 * Clients that hold a connection by being slow, or hold many (C-31, C-32): they lose it in time, and the others are served
 * meanwhile.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { olostepBody } from '../../support/bodies.ts';
import { createClient, percentile } from '../load.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

/** How many of each kind. */
const count = 300;
/** The time for a head and for a whole request, in milliseconds: less than by default, to shorten the suite. */
const headersTimeoutMs = 3_000;
const requestTimeoutMs = 5_000;
/** Connections are looked at every second, and the machine may be busy. */
const maxHeadMs = headersTimeoutMs + 2_000;
const maxRequestMs = requestTimeoutMs + 3_000;
const dripMs = 500;

const query = '{ datafoldRun(monitorId: "7", runId: "42") { state } }';
const head = 'POST /graphql HTTP/1.1\r\nHost: graph.localhost\r\nContent-Type: application/json\r\n';
const largeQuery = 'query { olostepRun(monitorId: "monitor_a", runId: "run_a") { snapshot } }';

/** A connection that was opened to be slow. */
interface Slow {
  readonly socket: Socket;
  /** How long it lived until the service closed it, in milliseconds. */
  readonly closed: Promise<number>;
}

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      const quiet = await serve(stage, () => setTimeout(2_000));
      const kinds: Record<string, { slow: Slow[]; maxMs: number }> = {
        'heads that drip': { slow: open(stage, 'POST /graphql HTTP/1.1\r\n', 'X-A: b\r\n'), maxMs: maxHeadMs },
        'heads that never come': { slow: open(stage, ''), maxMs: maxHeadMs },
      };
      const attacked = await serve(stage, async () => {
        for (const [name, { slow, maxMs }] of Object.entries(kinds)) await checkClosed(tally, name, slow, maxMs);
      });
      const bodies = await serve(stage, async () => {
        const drips = open(stage, `${head}Content-Length: 1000\r\n\r\n`, ' ');
        const chunks = open(stage, `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n');
        await Promise.all([
          checkClosed(tally, 'bodies that drip', drips, maxRequestMs),
          checkClosed(tally, 'chunks that drip', chunks, maxRequestMs),
        ]);
      });
      for (const [name, answers] of Object.entries({ heads: attacked, bodies })) {
        tally.check(`all others are served beside slow ${name}`, answers.failed === 0, answers.failed);
      }
      tally.measured(
        `p99 of the others ${attacked.p99.toFixed(0)} ms beside slow heads, quiet ${quiet.p99.toFixed(0)} ms`,
      );
      await readSlowly(tally, stage);
      await holdMany(tally, stage);
      tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
    },
    {
      HEADERS_TIMEOUT_MS: String(headersTimeoutMs),
      REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
      // Neither the bulkhead is on trial, nor who is refused when the loop is late: by what is read of the memory, by
      // answers of five megabytes, or by the machine. All are to be served, however late.
      MAX_QUEUED_OPERATIONS: '1000',
      QUEUE_TIMEOUT_MS: '5000',
      MAX_EVENT_LOOP_LAG_MS: '60000',
    },
    { isProbed: true },
  );
}

/** Opens connections that send these bytes, and then a drip again and again. */
function open({ service }: Stage, first: string, drip?: string): Slow[] {
  return Array.from({ length: count }, () => {
    const socket = connect(service.port, '127.0.0.1');
    const started = performance.now();
    socket.on('error', () => {}).resume();
    if (first !== '') socket.write(first);
    const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), dripMs);
    const closed = new Promise<number>((resolve) => {
      const end = () => {
        clearInterval(timer);
        socket.destroy();
        resolve(performance.now() - started);
      };
      socket.once('end', end).once('close', end);
    });
    return { socket, closed };
  });
}

async function checkClosed(tally: Tally, name: string, slow: readonly Slow[], maxMs: number): Promise<void> {
  const timeUp = setTimeout(maxMs, Number.POSITIVE_INFINITY, { ref: false });
  const lives = await Promise.all(slow.map(({ closed }) => Promise.race([closed, timeUp])));
  for (const { socket } of slow) socket.destroy();
  const late = lives.filter((ms) => ms > maxMs).length;
  for (const ms of lives)
    tally.check(`${name} are cut off`, ms <= maxMs, `${late} of ${lives.length} still there after ${maxMs} ms`);
  tally.measured(`${name} cut off after ${(Math.max(...lives) / 1_000).toFixed(1)} s at most`);
}

/** Good traffic, as long as something else goes on. */
async function serve({ service }: Stage, meanwhile: () => Promise<void>): Promise<{ p99: number; failed: number }> {
  const client = createClient(service.port, 8);
  const times: number[] = [];
  let failed = 0;
  let isOver = false;
  const execute = async () => {
    while (!isOver) {
      const { status, text, ms } = await client.execute(query);
      times.push(ms);
      if (status !== 200 || !text.includes('"OK"')) failed++;
      await setTimeout(20);
    }
  };
  const requesting = Promise.all(Array.from({ length: 8 }, execute));
  await meanwhile().finally(() => {
    isOver = true;
  });
  await requesting;
  await client.close();
  return { p99: percentile(times, 0.99), failed };
}

/** Clients that request five megabytes and don't read them: the memory for their responses is bounded. */
async function readSlowly(tally: Tally, stage: Stage): Promise<void> {
  const readers = 20;
  stage.olostep.onAny({
    body: { ...olostepBody, run_id: undefined, monitor_id: undefined, snapshot: 'x'.repeat(5_000_000) },
  });
  const body = JSON.stringify({ query: largeQuery });
  const request = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const before = await stage.service.probe('collect');
  const sockets = Array.from({ length: readers }, () => {
    const socket = connect(stage.service.port, '127.0.0.1')
      .on('error', () => {})
      .pause();
    socket.write(request);
    return socket;
  });
  await stage.olostep.arrived(1);
  const others = await serve(stage, () => setTimeout(3_000));
  const during = await stage.service.probe('collect');
  tally.check('all others are served beside slow readers', others.failed === 0, others.failed);
  const growth = (during.rss - before.rss) / 2 ** 20;
  tally.check('slow readers hold a bounded memory', growth < readers * 30, `${growth.toFixed(0)} MiB`);
  tally.measured(
    `${readers} readers of 5 MB that don't read: RSS +${growth.toFixed(0)} MiB, p99 of the others ${others.p99.toFixed(0)} ms`,
  );
  for (const socket of sockets) socket.destroy();
}

/** C-32: the connections beyond 1,000 are refused at once, and room is made again when the others leave. */
async function holdMany(tally: Tally, { service }: Stage): Promise<void> {
  const most = 1_000;
  const extra = 200;
  let refused = 0;
  const sockets: Socket[] = [];
  await new Promise<void>((resolve) => {
    // A busy machine takes its time; whether enough are refused is checked below.
    const timeUp = globalThis.setTimeout(resolve, 10_000);
    for (let n = 0; n < most + extra; n++) {
      const socket = connect(service.port, '127.0.0.1');
      sockets.push(socket.on('error', () => {}).resume());
      socket.once('close', () => {
        refused++;
        if (refused < extra) return;
        clearTimeout(timeUp);
        resolve();
      });
    }
  });
  // Those beyond are refused at once, so that one too many would be by now.
  await setTimeout(500);
  tally.check('connections beyond 1,000 are refused', refused >= extra, `${refused} refused of ${sockets.length}`);
  tally.check('the first 1,000 are held', refused <= extra + 5, `${refused} refused of ${sockets.length}`);
  for (const socket of sockets) socket.destroy();
  let status = 0;
  for (let n = 0; n < 50 && status !== 200; n++) {
    status = (await service.execute(query).catch(() => undefined))?.status ?? 0;
    if (status !== 200) await setTimeout(20);
  }
  tally.check('serves again when they have left', status === 200, status);
}
