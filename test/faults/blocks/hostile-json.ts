/**
 * One provider answers with large JSON that is costly to read, of every shape: no response blocks the event loop for long, and the
 * other provider's runs are answered in between. `HOSTILE_SHAPES` says how many shapes are tried, and with `HOSTILE_VERBOSE` each
 * is printed.
 */
import { setTimeout } from 'node:timers/promises';
import { range } from '../concurrency.ts';
import { percentile } from '../load.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { report } from '../upstream/fake-upstreams.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { toJsonShape } from '../upstream/json-shapes.ts';
import { openLoad } from '../upstream/load.ts';
import { watchNoise } from '../upstream/patience.ts';
import { datafold, olostep, toRun } from '../upstream/subjects.ts';

const shapes = Number(process.env.HOSTILE_SHAPES ?? 18);
/** Somewhat less than is read. */
const bytes = 9.9 * 1024 * 1024;
/**
 * The goal is 100 ms. 70 ms was measured; 263 ms before large responses were read in steps, and 2,090 ms before values were bounded.
 */
const maxBlockedMs = 150;
/** A request to the other provider every so many milliseconds. */
const everyMs = 10;

const selection = `{
  id phase outcome startedAt finishedAt snapshot logGroup
  events(first: 1000) { totalCount nodes { id timestamp kind message event } }
  ticks: events(first: 10, kind: "tick") { totalCount edges { cursor } }
}`;

/** It measures how long the other provider takes to be answered. */
export const isExclusive = true;

export async function run(tally: Tally): Promise<void> {
  let body = Buffer.from('{}');
  const healthy = await startFaultServer(report(datafold));
  const hostile = await startFaultServer((socket, { path }) => {
    const isRun = !Number.isNaN(toRun(path));
    reply(socket, { body: isRun ? body : '{"data":[],"has_more":false}' });
  });
  const service = await startService(
    {
      [datafold.variable]: healthy.baseUrl,
      [olostep.variable]: hostile.baseUrl,
      // What each shape does is on trial, and not whom a busy machine refuses.
      MAX_EVENT_LOOP_LAG_MS: '60000',
      BREAKER_MIN_CALLS: '1000000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '10000',
      MAX_ATTEMPTS: '1',
    },
    { isProbed: true },
  );
  const execute = (number: number) => {
    const { monitorId, runId } = olostep.toKey(number);
    return service.execute(`{ run: olostepRun(monitorId: "${monitorId}", runId: "${runId}") ${selection} }`);
  };
  for (const number of range(0, 20)) await execute(number);
  // The service loads its slow path a second after it starts, which blocks the event loop too.
  await service.printed('prepared');
  const quiet: number[] = [];
  const under: number[] = [];
  let longest = 0;
  /** For how long this process was held up at most: what is measured is that inexact. */
  const noiseMs = watchNoise();
  for (const number of range(0, shapes)) {
    const { monitorId: monitor_id, runId: run_id } = olostep.toKey(number);
    const shape = toJsonShape(number, { monitor_id, run_id }, bytes);
    body = Buffer.from(shape.body);
    quiet.push(...(await timesBeside(service, () => setTimeout(200))));
    await service.probe();
    under.push(...(await timesBeside(service, () => execute(number))));
    const { blockedMs } = await service.probe();
    longest = Math.max(longest, blockedMs);
    tally.check(shape.name, blockedMs <= maxBlockedMs, `${blockedMs} ms`);
    if (process.env.HOSTILE_VERBOSE) console.log(`${blockedMs.toFixed(0)} ms ${shape.name}`);
  }
  const [quietMs, underMs] = [quiet, under].map((times) => percentile(times, 0.99)) as [number, number];
  // Each may wait for one block.
  tally.check('the other provider is answered in between', underMs <= 2 * quietMs + maxBlockedMs + noiseMs(), {
    quietMs,
    underMs,
  });
  tally.measured(
    `blocked for ${longest.toFixed(0)} ms at most; p99 of the other provider ${quietMs.toFixed(1)} ms, and ${underMs.toFixed(1)} ms beside`,
  );
  await service.stop();
  for (const server of [healthy, hostile]) server.close();
}

/** How long operations of the other provider take while the task is in flight, in milliseconds. */
async function timesBeside(service: RunningService, task: () => Promise<unknown>): Promise<readonly number[]> {
  const { execute, close } = openLoad(service);
  const times: number[] = [];
  const requested: Promise<unknown>[] = [];
  let isOver = false;
  const done = task().then(() => {
    isOver = true;
  });
  for (let runNumber = 0; !isOver; runNumber++) {
    const started = performance.now();
    requested.push(execute(datafold, runNumber).then(() => times.push(performance.now() - started)));
    await setTimeout(everyMs);
  }
  await Promise.all([done, ...requested]);
  close();
  return times;
}
