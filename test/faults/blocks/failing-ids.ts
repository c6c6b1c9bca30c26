/**
 * A client makes up ids at which the provider fails, or never answers: many calls at once, then one every 100 ms. It blocks
 * no other caller, whether each caller has another key or all share one. And a provider that is really down gets a few
 * calls a second at most all the same, and is found to be back.
 */
import { setTimeout } from 'node:timers/promises';
import { range, runConcurrently } from '../concurrency.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { type FaultServer, reply, startFaultServer } from '../upstream/fault-server.ts';
import { forwarding } from '../upstream/forwarding.ts';
import { otherThan, type Subject, subjects, toRun } from '../upstream/subjects.ts';

const common = {
  MAX_ATTEMPTS: '1',
  UPSTREAM_ATTEMPT_TIMEOUT_MS: '1000',
  QUEUE_TIMEOUT_MS: '5000',
  MAX_EVENT_LOOP_LAG_MS: '60000',
};
/** Of an outage, a tenth of the defaults: what counts is their ratio. */
const windowMs = 1_000;
const brief = { BREAKER_WINDOW_MS: String(windowMs), BREAKER_OPEN_MS: '500', BREAKER_MAX_OPEN_MS: '1000' };
/** Runs from here on are made up. */
const firstBad = 1_000_000;
const badEveryMs = 100;
const goodEveryMs = 100;
const seconds = 5;

export async function run(tally: Tally): Promise<void> {
  // CI has minutes for the whole suite: one provider, and each way and each kind of credential once. Each scene has its own service and
  // provider and sends few requests, so that two of them run at a time.
  const isShort = process.env.CI !== undefined;
  const tenants = [1, 2, 3, 4, 5].map((n) => `tenant-key-${n}`);
  const scenes: (() => Promise<void>)[] = [];
  for (const subject of isShort ? subjects.slice(0, 1) : subjects) {
    for (const way of ['fails at', 'is silent at'] as const) {
      const keys = ['attacker-key', 'victim-key'];
      if (!isShort || way === 'fails at')
        scenes.push(() => tryAttack(tally, subject, way, 'with one key each', forwarding, keys));
      if (!isShort || way === 'is silent at')
        scenes.push(() => tryAttack(tally, subject, way, 'with one key', {}, ['', '']));
    }
    scenes.push(() => tryOutage(tally, subject, 'with one key each', forwarding, tenants));
    scenes.push(() => tryOutage(tally, subject, 'with one key', {}, ['']));
  }
  await runConcurrently(2, scenes, (scene) => scene());
}

/** What a provider does at runs that are made up. */
type Way = 'fails at' | 'is silent at';

/** A provider that fails at runs that are made up, or at all. */
async function startProvider({ toBody }: Subject, way: Way = 'fails at') {
  const state = { isDown: false };
  const far = await startFaultServer((socket, { path }) => {
    const run = toRun(path);
    if (way === 'is silent at' && run >= firstBad) return;
    if (state.isDown || run >= firstBad) reply(socket, { status: 500 });
    else reply(socket, { body: JSON.stringify(toBody(run)) });
  });
  return { far, state };
}

async function withService(
  subject: Subject,
  far: FaultServer,
  env: Readonly<Record<string, string>>,
  scene: (service: RunningService) => Promise<void>,
): Promise<void> {
  const service = await startService({
    ...common,
    ...env,
    [subject.variable]: far.baseUrl,
    [otherThan(subject).variable]: far.baseUrl,
  });
  await scene(service);
  await service.stop();
  far.close();
}

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';

/** Whether there was data. */
async function execute(service: RunningService, subject: Subject, run: number, apiKey: string): Promise<boolean> {
  const headers = apiKey === '' ? {} : { [subject.header]: apiKey };
  const { body } = await service.execute(query, { key: subject.toKey(run) }, headers);
  return typeof body?.data?.monitorRun?.id === 'string';
}

/** Sends requests at a steady pace for this time; resolves with the share that had data. */
async function requestSteadily(
  forMs: number,
  everyMs: number,
  requestNext: (n: number) => Promise<boolean>,
): Promise<number> {
  const requested: Promise<boolean>[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; await setTimeout(everyMs))
    requested.push(requestNext(requested.length));
  const outcomes = await Promise.all(requested);
  return outcomes.filter((hasData) => hasData).length / outcomes.length;
}

async function tryAttack(
  tally: Tally,
  subject: Subject,
  way: Way,
  mode: string,
  keys: Readonly<Record<string, string>>,
  [attacker = '', victim = '']: readonly string[],
): Promise<void> {
  const { far } = await startProvider(subject, way);
  await withService(subject, far, keys, async (service) => {
    await execute(service, subject, 0, victim);
    // Silence holds permits of the bulkhead, so there are fewer calls at once than it has.
    await Promise.all(
      range(0, way === 'fails at' ? 40 : 24).map((n) => execute(service, subject, firstBad + n, attacker)),
    );
    const [share] = await Promise.all([
      // Each time another run, so that no path has succeeded before.
      requestSteadily(1_000 * seconds, goodEveryMs, (n) => execute(service, subject, n + 1, victim)),
      requestSteadily(1_000 * seconds, badEveryMs, (n) => execute(service, subject, firstBad + 100 + n, attacker)),
    ]);
    const title = `${subject.provider} ${way} made-up ids, ${mode}`;
    tally.check(`${title}: others get their answers`, share >= 0.99, share);
    tally.measured(`${title}: ${(100 * share).toFixed(1)} % for others`);
  });
}

async function tryOutage(
  tally: Tally,
  subject: Subject,
  mode: string,
  keys: Readonly<Record<string, string>>,
  tenants: readonly string[],
): Promise<void> {
  const { far, state } = await startProvider(subject);
  await withService(subject, far, { ...brief, ...keys }, async (service) => {
    const requestAny = (n: number) => execute(service, subject, n % 50, tenants[n % tenants.length] ?? '');
    await requestSteadily(1_000, 10, requestAny);
    state.isDown = true;
    // No answer for the length of the window, and then as many failures as it takes.
    await requestSteadily(2 * windowMs, 10, requestAny);
    const before = far.requests.length;
    await requestSteadily(3_000, 10, requestAny);
    const callsPerSecond = (far.requests.length - before) / 3;
    state.isDown = false;
    await requestSteadily(3_000, 10, requestAny);
    const share = await requestSteadily(1_000, 10, requestAny);
    const title = `${subject.provider} is down, ${mode}`;
    tally.check(`${title}: gets a few calls a second`, callsPerSecond > 0 && callsPerSecond <= 5, callsPerSecond);
    tally.check(`${title}: is found to be back`, share >= 0.99, share);
    tally.measured(`${title}: ${callsPerSecond.toFixed(1)} calls a second, then ${(100 * share).toFixed(1)} %`);
  });
}
