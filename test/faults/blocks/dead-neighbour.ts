/**
 * A provider is dead, and the other one is as fast as usual (U-42): the same load at the same pace for two services, one
 * beside a provider that is well and one beside one that is dead, at the same time, as then the machine is the same.
 */
import { setTimeout } from 'node:timers/promises';
import { range } from '../concurrency.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { report } from '../upstream/fake-upstreams.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { openLoad } from '../upstream/load.ts';
import { watchNoise } from '../upstream/patience.ts';
import { otherThan, type Subject, subjects } from '../upstream/subjects.ts';

/** A request to each provider of each service every so many milliseconds, whatever comes of those before. */
const everyMs = 20;
const count = 200;
/** The first ones make the processes warm. */
const warmUp = 50;

/** It compares how long requests take. */
export const isExclusive = true;

export async function run(tally: Tally): Promise<void> {
  for (const subject of subjects) await trySubject(tally, subject);
}

async function trySubject(tally: Tally, subject: Subject): Promise<void> {
  const other = otherThan(subject);
  const healthy = await startFaultServer(report(other));
  const dead = await startFaultServer((socket) => reply(socket, { status: 503 }));
  const well = await startFaultServer(report(subject));
  // A slow machine isn't to be taken for a slow provider.
  const patient = {
    MAX_EVENT_LOOP_LAG_MS: '60000',
    QUEUE_TIMEOUT_MS: '30000',
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '30000',
    OPERATION_TIMEOUT_MS: '60000',
  };
  const env = { ...patient, [other.variable]: healthy.baseUrl };
  const start = (baseUrl: string) => startService({ ...env, [subject.variable]: baseUrl });
  // A service each, as one whose breaker is open would go on sparing a provider that is well again.
  const services = [await start(well.baseUrl), await start(dead.baseUrl)];
  let measured = await compare(services, subject, other);
  // On a machine with other work, it is the one service or the other that waits; it isn't the same one each time.
  for (let tries = 1; tries < 3 && !isAsFast(measured); tries++) measured = await compare(services, subject, other);
  const { quiet, under, failures, noise } = measured;
  tally.check(`${other.provider} always answers`, failures.length === 0, failures);
  tally.check(`${other.provider} is as fast beside a dead provider`, isAsFast(measured), measured);
  tally.measured(
    `${other.provider} p99 ${quiet.toFixed(1)} ms, and ${under.toFixed(1)} ms beside a dead ${subject.provider} (noise ${noise.toFixed(1)} ms)`,
  );
  for (const service of services) await service.stop();
  for (const server of [healthy, dead, well]) server.close();
}

interface Comparison {
  /** The 99th percentile of the provider that is well, in milliseconds, beside one that is well. */
  readonly quiet: number;
  /** The same beside one that is dead. */
  readonly under: number;
  /** Its answers that weren't data. */
  readonly failures: readonly string[];
  /** For how long this process was held up at most. */
  readonly noise: number;
}

const isAsFast = ({ quiet, under, noise }: Comparison) => under <= 2 * quiet + noise;

/** @param services the first beside a provider that is well, the second beside one that is dead */
async function compare(services: readonly RunningService[], subject: Subject, other: Subject): Promise<Comparison> {
  const noise = watchNoise();
  const measures = services.map((service) => createMeasure(service, subject, other));
  for (const runNumber of range(0, warmUp + count)) {
    // In turns first, so that neither has the better start.
    for (const measure of runNumber % 2 ? measures : measures.toReversed()) measure.execute(runNumber);
    await setTimeout(everyMs);
  }
  const [quiet, under] = await Promise.all(measures.map((measure) => measure.end()));
  return {
    quiet: quiet?.p99 ?? Number.NaN,
    under: under?.p99 ?? Number.NaN,
    failures: [...(quiet?.failures ?? []), ...(under?.failures ?? [])],
    noise: noise(),
  };
}

/** Requests from the provider that may be dead, and measures the other one. */
function createMeasure(service: RunningService, subject: Subject, other: Subject) {
  const { execute, close } = openLoad(service);
  const times: number[] = [];
  const failures: string[] = [];
  const requested: Promise<unknown>[] = [];
  const time = async (runNumber: number) => {
    const started = performance.now();
    const outcome = await execute(other, runNumber);
    if (outcome !== 'data') failures.push(outcome);
    if (runNumber >= warmUp) times.push(performance.now() - started);
  };
  return {
    execute: (runNumber: number) => void requested.push(execute(subject, runNumber), time(runNumber)),
    async end() {
      await Promise.all(requested);
      close();
      return { p99: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN, failures };
    },
  };
}
