/** Whether memory stays what it is under a load that doesn't end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import { startGateway } from '../measure/gateway.ts';
import { type Span, watchResidentMb } from '../measure/memory.ts';
import { calmDown } from '../measure/sample.ts';
import { verify } from '../measure/verify.ts';
import { runWrk } from '../measure/wrk.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { requestOf } from '../workloads/requests.ts';
import { workloads } from '../workloads/workloads.ts';

/** The resident memory of each minute: garbage goes up and down, within one and from one to the next. */
export type Soak = readonly Span[];

const minutes = 10;

/**
 * Ten minutes of one run after another, requested by 128 clients.
 * @throws {Error} when an answer is wrong, before or behind, or a request isn't answered
 */
export async function soak(contender: Contender, upstream: Upstream): Promise<Soak> {
  const { variants, clients } = workloads['W1-c128'] ?? {};
  const execute = variants && requestOf(variants, contender);
  if (execute === undefined || clients === undefined) throw new Error(`${contender.title} can't serve one run`);
  const gateway = await startGateway(contender, upstream.url, execute);
  const seconds = minutes * 60;
  const controller = new AbortController();
  const spans: Span[] = [];
  try {
    await verify(contender.title, gateway, execute, upstream);
    // In one piece: between two V8 would give memory back that the next one takes again, and no minute could tell what the least is.
    const load = runWrk({
      url: gateway.url + execute.path,
      body: execute.body,
      clients,
      seconds,
      signal: controller.signal,
    });
    const aMinute = () => Promise.race([sleep(60_000), load]);
    while (spans.length < minutes) spans.push(await watchResidentMb(gateway.pid, aMinute));
    const { failures, micros } = await load;
    if (failures > 0) throw new Error(`${contender.title} failed ${failures} requests`);
    if (micros < 0.99e6 * seconds) throw new Error(`The load ended after ${micros / 1e6} s`);
    await calmDown(gateway.pid, upstream);
    await verify(contender.title, gateway, execute, upstream);
    return spans;
  } finally {
    controller.abort();
    await gateway.stop();
  }
}
