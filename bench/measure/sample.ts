/** One round of one contender. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { SendRequest } from '../workloads/requests.ts';
import type { Workload } from '../workloads/workloads.ts';
import type { Gateway } from './gateway.ts';
import { cpuMicrosOf } from './pinned.ts';
import { type Numbers, type Outcome, runWrk } from './wrk.ts';

/** Callers with one key each, in the rounds that have such. */
const callers = 128;

/** Requests are numbered over all rounds: a text that was sent once is never sent again. */
let firstNumber = 0;

/** What a round came to, all of it per request but the first. */
export interface Sample {
  readonly requestsPerSecond: number;
  /** User and system, of the contender's process alone. */
  readonly cpuMicros: number;
  /** Of the whole load, its first second included; so is the next. */
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly upstreamCalls: number;
  /** Whether every request was answered with 200, at the length of the right answer, and with as many upstream calls. */
  readonly isRight: boolean;
}

export interface Round {
  readonly contender: Contender;
  readonly gateway: Gateway;
  readonly workload: Workload;
  readonly execute: SendRequest;
  /** How long the right answer is, its head included. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * How many seconds of a load don't count, at its start. While the others had their turns this one had nothing to do: engines
 * throw away machine code then, and its connections to the upstream have ended.
 */
export const lead = 1;

/** Counting ends this much before the load does, which is one of whole seconds. */
const tailMs = 100;

/** Where a process was at a time. */
interface Mark {
  readonly ms: number;
  readonly calls: number;
  readonly cpuMicros: number;
}

/** Lets it work for so long, and counts nothing. */
export async function warmUp(round: Round, upstream: Upstream): Promise<void> {
  await runLoad(round, round.seconds);
  await calmDown(round.gateway.pid, upstream);
}

export async function takeSample(round: Round, upstream: Upstream): Promise<Sample> {
  const { gateway, workload, seconds } = round;
  const { calls: callsEach } = round.execute;
  const mark = async (): Promise<Mark> => {
    const calls = await upstream.count();
    return { calls, cpuMicros: cpuMicrosOf(gateway.pid), ms: performance.now() };
  };
  const start = await mark();
  const load = runLoad(round, lead + seconds);
  // Where the requests are counted, all of them are.
  const part = workload.requests === undefined ? await markPart(mark, seconds) : undefined;
  const outcome = await load;
  const end = await mark();
  await calmDown(gateway.pid, upstream);
  const [from, to] = part ?? [start, end];
  const requests = part === undefined ? outcome.requests : (to.calls - from.calls) / callsEach;
  // wrk leaves with a request of each client in flight; not all that the one before it left may have been over.
  const [fewest, most] = [outcome.requests * callsEach, (outcome.requests + 2 * workload.clients) * callsEach];
  const calls = end.calls - start.calls;
  return {
    requestsPerSecond: (requests / (to.ms - from.ms)) * 1e3,
    cpuMicros: (to.cpuMicros - from.cpuMicros) / requests,
    p50Micros: outcome.p50Micros,
    p99Micros: outcome.p99Micros,
    upstreamCalls: calls / outcome.requests,
    isRight: outcome.failures === 0 && isLength(outcome, round) && calls >= fewest && calls <= most,
  };
}

/** Chunks have different lengths, and times in heads may be a digit longer: an error is longer or shorter by far more. */
const lengthTolerance = 0.03;

/** Whether the answers were as long as the right one is. Those that were in flight at the end may be among the bytes. */
function isLength({ bytes, requests }: Outcome, { bytes: each, workload }: Round): boolean {
  const least = each * requests * (1 - lengthTolerance);
  return bytes >= least && bytes <= each * (requests + workload.clients) * (1 + lengthTolerance);
}

/** The part of a load that has just begun which counts. */
async function markPart(mark: () => Promise<Mark>, seconds: number): Promise<readonly [Mark, Mark]> {
  await sleep(lead * 1_000 - tailMs);
  const from = await mark();
  await sleep(seconds * 1_000);
  return [from, await mark()];
}

/** One load; where its requests are counted, the time is only there so that it ends at all. */
function runLoad({ contender, gateway, workload, execute }: Round, seconds: number): Promise<Outcome> {
  const { credentials = '' } = contender;
  const { clients, requests } = workload;
  const numbers = toNumbers(requests, credentials !== '');
  const load = {
    url: gateway.url + execute.path,
    body: execute.body,
    clients,
    credentials,
    ...(numbers && { numbers }),
  };
  return runWrk({ ...load, seconds: requests === undefined ? seconds : 300 });
}

/** Waits until it has done with what the load left in flight, so that it isn't counted as another's. */
export async function calmDown(pid: number, upstream: Upstream): Promise<void> {
  for (let wait = 0; wait < 40; wait++) {
    const [cpu, calls] = [cpuMicrosOf(pid), await upstream.count()];
    await sleep(50);
    if ((await upstream.count()) === calls && cpuMicrosOf(pid) - cpu < 2_500) return;
  }
}

function toNumbers(requests: number | undefined, hasCallers: boolean): Numbers | undefined {
  if (requests !== undefined) {
    const first = firstNumber;
    firstNumber += requests;
    return [first, first + requests - 1];
  }
  return hasCallers ? [0, 9_999_999, callers] : undefined;
}
