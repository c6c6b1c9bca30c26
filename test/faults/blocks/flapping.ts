/**
 * A provider that fails every other call for a while, and then is well (U-41): the service comes back to it soon, and asks
 * it hardly more often than it is asked itself. A fifth of the times that are the default: what counts is their ratio.
 */
import { setTimeout } from 'node:timers/promises';
import type { RunningService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { tell, withNeighbour } from '../upstream/far-ends.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { askMany, type Outcomes, openLoad } from '../upstream/load.ts';
import { type Subject, subjects } from '../upstream/subjects.ts';

const flappingMs = 2_000;
const restMs = 1_000;
/** The longest rest that a breaker takes: a fifth more, by its dice. And three good probes are to follow. */
const recoveryMs = (rest: number) => 1.2 * rest + 250;
/** A request every so many milliseconds, whatever comes of those before. */
const everyMs = 10;
/** How many are looked at when it should be over. */
const count = 200;

const common = {
  BREAKER_WINDOW_MS: '2000',
  BREAKER_REST_MS: String(restMs),
  MAX_LOOP_DELAY_MS: '60000',
  MAX_WAIT_MS: '5000',
};
const modes = [
  { name: 'whose rest stays as it is', mostRestMs: restMs },
  // In the time for which it flaps the rest is doubled once at the most, as the second one outlasts that.
  { name: 'whose rest is doubled', mostRestMs: 2 * restMs },
] as const;

export async function run(tally: Tally): Promise<void> {
  for (const subject of subjects) for (const mode of modes) await tryFlapping(tally, subject, mode);
}

async function tryFlapping(tally: Tally, subject: Subject, mode: (typeof modes)[number]): Promise<void> {
  let isFlapping = true;
  const fails = failOneOfTwo();
  const well = tell(subject);
  const far = await startFaultServer((socket, request) => {
    if (isFlapping && fails()) reply(socket, { status: 503 });
    else well(socket, request);
  });
  const env = { ...common, MAX_BREAKER_REST_MS: String(mode.mostRestMs) };
  await withNeighbour(subject, far.baseUrl, env, async (service) => {
    const title = `${subject.provider} flaps, ${mode.name}`;
    const during = askSteadily(service, subject);
    await setTimeout(flappingMs);
    isFlapping = false;
    const early = await during.end();
    // Asked on, as clients do: without them nobody would find out that it is well.
    const recovery = askSteadily(service, subject);
    await setTimeout(recoveryMs(mode.mostRestMs));
    const middle = await recovery.end();
    const before = far.requests.length;
    const { ask, close } = openLoad(service);
    const after = await askMany(ask, subject, count, 8);
    close();

    const asked = sum(early) + sum(middle);
    const share = (after.data ?? 0) / count;
    tally.check(`${title}: is asked again soon`, share >= 0.99, after);
    // A retry for each tenth call, and the ten that a full budget holds.
    tally.check(`${title}: is asked hardly more often`, before <= 1.1 * asked + 10, `${before} calls for ${asked}`);
    tally.check(`${title}: every request has its code`, hasCodes(early) && hasCodes(middle), [early, middle]);
    tally.check(`${title}: the breaker had opened`, service.output().includes('"open"'));
    tally.measured(
      `${title}: ${(100 * share).toFixed(1)} % within ${Math.round(recoveryMs(mode.mostRestMs))} ms, ${(before / asked).toFixed(2)} calls a request`,
    );
  });
  far.close();
}

/**
 * Says of each call whether it fails: one of every two, at random. Dice alone would stay on the good side of a half for as
 * long as it flaps, once in ten times, and no breaker opens for that.
 */
function failOneOfTwo(): () => boolean {
  let next: boolean | undefined;
  return () => {
    const fails = next ?? Math.random() < 0.5;
    next = next === undefined ? !fails : undefined;
    return fails;
  };
}

/** Asks at a steady pace until it is told to end; resolves with what came of all. */
function askSteadily(service: RunningService, subject: Subject) {
  const { ask, close } = openLoad(service);
  const asked: Promise<string>[] = [];
  const timer = setInterval(() => asked.push(ask(subject, asked.length)), everyMs);
  return {
    async end() {
      clearInterval(timer);
      const outcomes = await tallyUp(asked);
      close();
      return outcomes;
    },
  };
}

async function tallyUp(asked: readonly Promise<string>[]): Promise<Outcomes> {
  const outcomes: Record<string, number> = {};
  for (const outcome of await Promise.all(asked)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return outcomes;
}

const sum = (outcomes: Outcomes) => Object.values(outcomes).reduce((total, times) => total + times, 0);

const hasCodes = ({ data = 0, UPSTREAM_UNAVAILABLE = 0, ...others }: Outcomes) =>
  data + UPSTREAM_UNAVAILABLE > 0 && Object.keys(others).length === 0;
