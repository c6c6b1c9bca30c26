/** Whether memory stays what it is under a load that doesn't end. */
import type { Contender } from '../contenders.ts';
import { startGateway } from '../measure/gateway.ts';
import { mostResidentMb } from '../measure/memory.ts';
import { runWrk } from '../measure/wrk.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askOf } from '../workloads/ask.ts';
import { workloads } from '../workloads/workloads.ts';

/** The most resident memory in each minute, in MB: within one the garbage goes up and down. */
export type Soak = readonly number[];

const minutes = 10;

/** Ten minutes of one run after another, asked for by 128 clients. */
export async function soak(contender: Contender, upstream: Upstream): Promise<Soak> {
  const { asks, clients } = workloads['W1-c128'] ?? {};
  const ask = asks && askOf(asks, contender);
  if (ask === undefined || clients === undefined) throw new Error(`${contender.title} can't be asked for one run`);
  const gateway = await startGateway(contender, upstream.url, ask);
  const load = { url: gateway.url + ask.path, body: ask.body, clients, seconds: 60 };
  const most: number[] = [];
  try {
    while (most.length < minutes) most.push(await mostResidentMb(gateway.pid, () => runWrk(load)));
    return most;
  } finally {
    await gateway.stop();
  }
}
