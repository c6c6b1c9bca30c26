/** Whether memory stays what it is under a load that doesn't end. */
import type { Contender } from '../contenders.ts';
import { startGateway } from '../measure/gateway.ts';
import { type Span, watchResidentMb } from '../measure/memory.ts';
import { calmDown } from '../measure/sample.ts';
import { verify } from '../measure/verify.ts';
import { runWrk } from '../measure/wrk.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askOf } from '../workloads/ask.ts';
import { workloads } from '../workloads/workloads.ts';

/** The resident memory of each minute: garbage goes up and down, within one and from one to the next. */
export type Soak = readonly Span[];

const minutes = 10;

/**
 * Ten minutes of one run after another, asked for by 128 clients.
 * @throws {Error} when an answer is wrong, before or behind, or a request isn't answered
 */
export async function soak(contender: Contender, upstream: Upstream): Promise<Soak> {
  const { asks, clients } = workloads['W1-c128'] ?? {};
  const ask = asks && askOf(asks, contender);
  if (ask === undefined || clients === undefined) throw new Error(`${contender.title} can't be asked for one run`);
  const gateway = await startGateway(contender, upstream.url, ask);
  const load = { url: gateway.url + ask.path, body: ask.body, clients, seconds: 60 };
  const spans: Span[] = [];
  const loadIt = async () => {
    const { failures } = await runWrk(load);
    if (failures > 0) throw new Error(`${contender.title} failed ${failures} requests`);
  };
  try {
    await verify(contender.title, gateway, ask, upstream);
    while (spans.length < minutes) spans.push(await watchResidentMb(gateway.pid, loadIt));
    await calmDown(gateway.pid, upstream);
    await verify(contender.title, gateway, ask, upstream);
    return spans;
  } finally {
    await gateway.stop();
  }
}
