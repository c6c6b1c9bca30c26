/** One round of one contender. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Ask } from '../workloads/ask.ts';
import type { Workload } from '../workloads/workloads.ts';
import type { Gateway } from './gateway.ts';
import { cpuMicrosOf } from './pinned.ts';
import { type Numbers, runWrk } from './wrk.ts';

/** Callers with keys of their own, in the rounds that have such. */
const callers = 128;

/** Requests are numbered over all rounds: a text that was sent once is never sent again. */
let firstNumber = 0;

/** What a round came to, all of it per request but the first. */
export interface Sample {
  readonly requestsPerSecond: number;
  /** User and system, of the contender's process alone. */
  readonly cpuMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly upstreamCalls: number;
  /** Whether every request was answered, in full and with as many upstream calls as it takes. */
  readonly isRight: boolean;
}

export interface Round {
  readonly contender: Contender;
  readonly gateway: Gateway;
  readonly workload: Workload;
  readonly ask: Ask;
  /** How long the right answer is. */
  readonly bytes: number;
  readonly seconds: number;
  /**
   * How many seconds of the same load come before, and don't count. While the others had their turns, this one had nothing to
   * do: engines throw away machine code then, and clients' connections are new.
   */
  readonly lead: number;
}

export async function takeSample(round: Round, upstream: Upstream) {
  const { contender, gateway, workload, ask, bytes, seconds, lead } = round;
  const { credentials = '' } = contender;
  const { clients, requests } = workload;
  const load = { url: gateway.url + ask.path, body: ask.body, clients, credentials };
  const run = (seconds: number) => runWrk({ ...load, seconds, ...toNumbers(requests, credentials !== '') });
  if (lead > 0) {
    await run(lead);
    await calmDown(gateway.pid, upstream);
  }
  const callsBefore = await upstream.count();
  const cpuBefore = cpuMicrosOf(gateway.pid);
  // Where the requests are counted, the time is only there so that it ends at all.
  const outcome = await run(requests === undefined ? seconds : 300);
  const cpu = cpuMicrosOf(gateway.pid) - cpuBefore;
  const calls = (await upstream.count()) - callsBefore;
  await calmDown(gateway.pid, upstream);
  // wrk leaves with a request of each client under way; not all that the one before it left may have been over.
  const [fewest, most] = [outcome.requests * ask.calls, (outcome.requests + 2 * clients) * ask.calls];
  return {
    requestsPerSecond: (outcome.requests / outcome.micros) * 1e6,
    cpuMicros: cpu / outcome.requests,
    p50Micros: outcome.p50Micros,
    p99Micros: outcome.p99Micros,
    upstreamCalls: calls / outcome.requests,
    isRight: outcome.failures === 0 && outcome.bytes >= bytes * outcome.requests && calls >= fewest && calls <= most,
  } satisfies Sample;
}

/** Waits until it has done with what the load left under way, lest that is counted as another's. */
async function calmDown(pid: number, upstream: Upstream): Promise<void> {
  for (let wait = 0; wait < 40; wait++) {
    const [cpu, calls] = [cpuMicrosOf(pid), await upstream.count()];
    await sleep(50);
    if ((await upstream.count()) === calls && cpuMicrosOf(pid) - cpu < 2_500) return;
  }
}

function toNumbers(requests: number | undefined, hasCallers: boolean): { readonly numbers?: Numbers } {
  if (requests !== undefined) {
    const first = firstNumber;
    firstNumber += requests;
    return { numbers: [first, first + requests - 1] };
  }
  return hasCallers ? { numbers: [0, 9_999_999, callers] } : {};
}
