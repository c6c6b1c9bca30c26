/**
 * A provider fails at every other call for a while, and then is well (U-41): as half of the calls are answered the circuit
 * breaker stays closed, retries stay within their budget, and all is answered from the first moment on.
 */
import { setTimeout } from 'node:timers/promises';
import type { RunningService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { report, withNeighbour } from '../upstream/fake-upstreams.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { type Outcomes, openLoad, requestMany } from '../upstream/load.ts';
import { type Subject, subjects } from '../upstream/subjects.ts';

const flappingMs = 2_000;
/** A request every so many milliseconds, whatever comes of those before. */
const everyMs = 10;
/** How many are looked at when it should be over. */
const count = 200;

const env = { BREAKER_WINDOW_MS: '500', MAX_EVENT_LOOP_LAG_MS: '60000', QUEUE_TIMEOUT_MS: '5000' };

export async function run(tally: Tally): Promise<void> {
  for (const subject of subjects) await tryFlapping(tally, subject);
}

async function tryFlapping(tally: Tally, subject: Subject): Promise<void> {
  let isFlapping = true;
  const fails = failOneOfTwo();
  const well = report(subject);
  const far = await startFaultServer((socket, request) => {
    if (isFlapping && fails()) reply(socket, { status: 503 });
    else well(socket, request);
  });
  await withNeighbour(subject, far.baseUrl, env, async (service) => {
    const title = `${subject.provider} flaps`;
    const steady = requestSteadily(service, subject);
    await setTimeout(flappingMs);
    isFlapping = false;
    const during = await steady.end();
    const before = far.requests.length;
    const { execute, close } = openLoad(service);
    const after = await requestMany(execute, subject, count, 8);
    close();

    const requested = sum(during);
    const share = (after.data ?? 0) / count;
    tally.check(`${title}: is called again at once`, share === 1, after);
    // A retry for each tenth call, and the ten that a full budget holds.
    tally.check(
      `${title}: is called hardly more often`,
      before <= 1.1 * requested + 10,
      `${before} calls for ${requested}`,
    );
    tally.check(`${title}: every request has its code`, hasCodes(during), during);
    tally.check(`${title}: the circuit breaker stays closed`, !service.output().includes('circuit breaker changed'));
    tally.measured(
      `${title}: ${(100 * share).toFixed(1)} % at once, ${(before / requested).toFixed(2)} calls a request`,
    );
  });
  far.close();
}

/**
 * Says of each call whether it fails: one of every two, at random.
 */
function failOneOfTwo(): () => boolean {
  let next: boolean | undefined;
  return () => {
    const fails = next ?? Math.random() < 0.5;
    next = next === undefined ? !fails : undefined;
    return fails;
  };
}

/** Sends requests at a steady pace until the signal; resolves with what came of all. */
function requestSteadily(service: RunningService, subject: Subject) {
  const { execute, close } = openLoad(service);
  const requested: Promise<string>[] = [];
  const timer = setInterval(() => requested.push(execute(subject, requested.length)), everyMs);
  return {
    async end() {
      clearInterval(timer);
      const outcomes = await tallyUp(requested);
      close();
      return outcomes;
    },
  };
}

async function tallyUp(requested: readonly Promise<string>[]): Promise<Outcomes> {
  const outcomes: Record<string, number> = {};
  for (const outcome of await Promise.all(requested)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return outcomes;
}

const sum = (outcomes: Outcomes) => Object.values(outcomes).reduce((total, times) => total + times, 0);

const hasCodes = ({ data = 0, UPSTREAM_UNAVAILABLE = 0, ...others }: Outcomes) =>
  data + UPSTREAM_UNAVAILABLE > 0 && Object.keys(others).length === 0;
