/** A day of each contender, with and without a rate limit: one after another, so that each process has one processor. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicrosOf, gatewayCpu, spawnOn } from '../measure/pinned.ts';
import { type DayContender, dayContenders } from './contenders.ts';
import { Judge, type Verdict } from './judge.ts';
import { spendDay } from './people.ts';
import { startDayUpstream } from './upstream.ts';
import { createDayWorld } from './world.ts';

export interface DayResult extends Verdict {
  readonly contender: string;
  readonly callsPerSecond: number | undefined;
  /** Upstream calls, those that were answered 429 included. */
  readonly calls: number;
  /** How many were answered 429. */
  readonly refused: number;
  /** CPU seconds of the process, if it is one. */
  readonly cpuSeconds: number | undefined;
}

export interface DayOptions {
  readonly minutes: number;
  readonly only: readonly string[];
  /** Calls of a key in any second, each a day; `undefined`: as many as they like. */
  readonly rates: readonly (number | undefined)[];
}

const seed = 20_261_201;
const latencyMs = 150;
const patienceMs = 30_000;
let port = 12_000;

export async function measureDays({ minutes, only, rates }: DayOptions): Promise<DayResult[]> {
  const results: DayResult[] = [];
  for (const callsPerSecond of rates) {
    for (const name of only) {
      const contender = dayContenders[name];
      if (contender === undefined) continue;
      const limit = callsPerSecond === undefined ? 'no limit' : `${callsPerSecond} calls a second`;
      console.error(`${new Date().toISOString().slice(11, 19)} ${contender.title}, ${limit}`);
      results.push(await measureDay(name, contender, minutes, callsPerSecond));
    }
  }
  return results;
}

async function measureDay(
  name: string,
  contender: DayContender,
  minutes: number,
  callsPerSecond: number | undefined,
): Promise<DayResult> {
  const world = createDayWorld(seed, minutes * 60_000);
  const upstream = await startDayUpstream({ world, latencyMs, callsPerSecond });
  const gateway = await startProcess(contender, upstream.url);
  try {
    const screens = contender.createScreens(gateway?.url ?? upstream.url);
    const judge = new Judge(world);
    const cpuBefore = gateway && cpuMicrosOf(gateway.pid);
    await spendDay({ world, screens, judge, now: upstream.now }, seed);
    const cpuAfter = gateway && cpuMicrosOf(gateway.pid);
    const { calls, refused } = upstream;
    return {
      ...judge.verdict,
      contender: name,
      callsPerSecond,
      calls: calls.DATAFOLD + calls.OLOSTEP,
      refused: refused(),
      cpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / 1e6,
    };
  } finally {
    await gateway?.stop();
    upstream.stop();
  }
}

/** Starts the process of a contender that is one, and waits until it listens. */
async function startProcess({ title, gateway }: DayContender, upstreamUrl: string) {
  if (gateway === undefined) return undefined;
  const url = `http://127.0.0.1:${++port}`;
  const child = spawnOn(gatewayCpu, process.execPath, gateway.parameters(port, upstreamUrl), {
    env: { PATH: process.env.PATH, ...gateway.env(port, upstreamUrl) },
    stdio: ['ignore', process.env.DAY_LOG ? 'inherit' : 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const started = performance.now();
  const isListening = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  while (!(await isListening())) {
    if (child.exitCode !== null || performance.now() - started > patienceMs)
      throw new Error(`${title} does not listen`);
    await sleep(20);
  }
  return {
    pid: child.pid ?? 0,
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
