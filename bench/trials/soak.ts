/** Whether memory stays what it is under a load that doesn't end. */
import type { Contender } from '../contenders.ts';
import { startGateway } from '../measure/gateway.ts';
import { residentMb } from '../measure/memory.ts';
import { runWrk } from '../measure/wrk.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askOf } from '../workloads/ask.ts';
import { workloads } from '../workloads/workloads.ts';

/** Resident memory, in MB. */
export interface Soak {
  readonly afterAMinute: number;
  readonly afterTenMinutes: number;
}

/** Ten minutes of one run after another, asked for by 128 clients. */
export async function soak(contender: Contender, upstream: Upstream): Promise<Soak> {
  const { asks, clients } = workloads['W1-c128'] ?? {};
  const ask = asks && askOf(asks, contender);
  if (ask === undefined || clients === undefined) throw new Error(`${contender.title} can't be asked for one run`);
  const gateway = await startGateway(contender, upstream.url, ask);
  const loadFor = (seconds: number) => runWrk({ url: gateway.url + ask.path, body: ask.body, clients, seconds });
  try {
    await loadFor(60);
    const afterAMinute = residentMb(gateway.pid);
    await loadFor(540);
    return { afterAMinute, afterTenMinutes: residentMb(gateway.pid) };
  } finally {
    await gateway.stop();
  }
}
