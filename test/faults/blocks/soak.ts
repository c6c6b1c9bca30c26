/**
 * A hundred thousand requests: one document again and again, documents that never come again, and faults. Memory
 * stays flat, and sockets and timers are back to where they were. `SOAK_REQUESTS` makes it shorter.
 */
import { readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { datafoldBody, olostepBody } from '../../support/bodies.ts';
import { range, runConcurrently } from '../concurrency.ts';
import { type Client, createClient } from '../load.ts';
import type { Reading } from '../probe.ts';
import type { RunningService } from '../service.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

const requests = Number(process.env.SOAK_REQUESTS ?? 100_000);
const atATime = 24;
/** How often it is looked at memory, behind the warm-up. */
const looks = 5;
/**
 * What memory may grow by in a run: a part for each request, and one for what measuring is good for, in bytes. A leak of 100
 * bytes a request is ten megabytes in the whole run.
 */
const most = { heap: (count: number) => 3e6 + 20 * count, rss: (count: number) => 24e6 + 80 * count };

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      const { service } = stage;
      answerBoth(stage);
      const before = { reading: await service.probe('collect'), sockets: countSockets(service) };
      const client = createClient(service.port, atATime);
      const wrong: string[] = [];
      const started = performance.now();

      // Caches of documents fill up first.
      const warmUp = Math.max(5_000, Math.ceil(requests / 5));
      await execute(client, 0, warmUp, wrong);
      const readings = [await settle(service)];
      const share = Math.ceil(Math.max(1_000, requests - warmUp) / looks);
      for (let look = 0; look < looks; look++) {
        await execute(client, warmUp + look * share, share, wrong);
        readings.push(await settle(service));
      }
      const seconds = (performance.now() - started) / 1_000;
      await client.close();

      const counted = looks * share;
      const heap = growth(readings, 'heap');
      const rss = growth(readings, 'rss');
      tally.check(`all of ${requests} answers are right`, wrong.length === 0, wrong.slice(0, 5));
      tally.check('live objects stay as many', heap <= most.heap(counted), `+${mebibytes(heap)} MiB`);
      tally.check('memory stays flat', rss <= most.rss(counted), `+${mebibytes(rss)} MiB`);
      const per = 100_000 / counted;
      tally.measured(`${requests} requests, ${Math.round(requests / seconds)} a second`);
      tally.measured(`per 100,000: heap ${mebibytes(heap * per)} MiB, RSS ${mebibytes(rss * per)} MiB`);
      tally.measured(`RSS ${readings.map((reading) => (reading.rss / 2 ** 20).toFixed(0)).join(' ')} MiB`);

      // Connections to providers stay open for four seconds.
      const isBack = () => Math.abs(countSockets(service) - before.sockets) <= 5;
      for (let n = 0; n < 100 && !isBack(); n++) await setTimeout(100);
      tally.check('sockets are back to where they were', isBack(), `${before.sockets} -> ${countSockets(service)}`);
      const timers = (await service.probe()).timers - before.reading.timers;
      tally.check('timers are back to where they were', timers <= 5, timers);
      tally.check('no unexpected error', !service.output().includes('unexpected error'));
      tally.check('no canary', service.leaks().length === 0, service.leaks());
    },
    // Collecting all garbage makes the event loop late, and that is not on trial.
    { MAX_EVENT_LOOP_LAG_MS: '60000' },
    { isProbed: true },
  );
}

/** Sends `count` requests, beginning with request `first`; what isn't right goes to `wrong`. */
const execute = (client: Client, first: number, count: number, wrong: string[]) =>
  runConcurrently(atATime, range(0, count), async (place) => {
    const n = first + place;
    const { query, isRight } = toRequest(n);
    const { status, text } = await client.execute(query);
    if (status !== 200 || !isRight(text)) wrong.push(`${query}: ${status} ${text.slice(0, 300)}`);
  });

interface Expected {
  readonly query: string;
  isRight(text: string): boolean;
}

/** The faults come in turn, with good answers between them. */
const faults = ['ok', 'missing', 'ok', 'status', 'ok', 'html', 'ok', 'cut', 'ok', 'types', 'ok', 'empty'];

function toRequest(n: number): Expected {
  const kind = n % 3;
  if (kind === 0) {
    return {
      query: '{ datafoldRun(monitorId: "7", runId: "42") { diffId state warnings } }',
      isRight: (text) => text.includes('"diffId":"42"'),
    };
  }
  if (kind === 1) {
    return {
      query: `query Q${n} { r${n}: datafoldRun(monitorId: "7", runId: "${n}") { diffId state } }`,
      isRight: (text) => text.includes(`"r${n}":{"diffId":"${n}"`),
    };
  }
  const fault = faults[Math.floor(n / 3) % faults.length];
  return {
    query: `{ olostepRun(monitorId: "monitor_a", runId: "run_${fault}_${n}") { logGroup events { nodes { kind } } } datafoldRun(monitorId: "7", runId: "${n}") { diffId } }`,
    // Whatever becomes of the one, the other is there.
    isRight: (text) => text.includes(`"diffId":"${n}"`) && !text.includes('INTERNAL') && !isForeign(text, `${n}`),
  };
}

/** Whether the log group is another run's. */
const isForeign = (text: string, n: string) => (/"logGroup":"(\d+)"/.exec(text)?.[1] ?? n) !== n;

/** Both providers repeat what was requested in their responses, so that none is mistaken for another. */
function answerBoth({ datafold, olostep }: Stage): void {
  // They remember every request, and the suite needs its memory for more.
  const forget = () => {
    for (const { paths, requests } of [datafold, olostep]) paths.length = requests.length = 0;
  };
  datafold.onAny((request, response) => {
    forget();
    const id = Number(lastPart(request));
    send(response, { ...datafoldBody, run_id: id, diff_id: id });
  });
  olostep.onAny((request, response) => {
    const runId = lastPart(request);
    const [, fault, n] = runId.split('_');
    const body = { ...olostepBody, monitor_id: 'monitor_a', run_id: runId, log_group: n };
    if (fault === 'missing') response.writeHead(404).end();
    else if (fault === 'status') response.writeHead(500).end('x'.repeat(2_000));
    else if (fault === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    else if (fault === 'types') send(response, { ...body, log_group: 7, events: [7, {}, null] });
    else if (fault === 'empty') response.writeHead(200, { 'content-type': 'application/json' }).end();
    else if (fault === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 }).write('{"run_id":');
      response.destroy();
    } else send(response, body);
  });
}

const lastPart = ({ url = '' }: IncomingMessage) => url.slice(url.lastIndexOf('/') + 1);

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Reads the memory when nothing is in flight, and garbage has been collected more than once, as finalizers make more. */
async function settle(service: RunningService): Promise<Reading> {
  await service.probe('collect');
  await service.probe('collect');
  return service.probe('collect');
}

/** By how much it grew from the first reading to the last, by the line through all of them. */
function growth(readings: readonly Reading[], name: 'heap' | 'rss'): number {
  const last = readings.length - 1;
  const mean = readings.reduce((sum, reading) => sum + reading[name], 0) / readings.length;
  const products = readings.map((reading, n) => (n - last / 2) * (reading[name] - mean));
  const squares = readings.map((_, n) => (n - last / 2) ** 2);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return (last * sum(products)) / sum(squares);
}

const countSockets = ({ pid }: RunningService) => readdirSync(`/proc/${pid}/fd`).length;
