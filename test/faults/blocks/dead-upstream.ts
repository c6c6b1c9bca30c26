/**
 * A provider that is dead under thousands of requests: retries stay within their budget, the breaker spares it nearly all
 * calls, and the other provider gets its calls as usual.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { RunningService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { withNeighbour } from '../upstream/fake-upstreams.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { type Outcomes, openLoad, requestMany } from '../upstream/load.ts';
import { type Subject, subjects } from '../upstream/subjects.ts';

/** Of each provider, with and without the breaker each. */
const requests = 2_500;
const concurrency = 32;

/** What has no part in the matter is out of the way. */
const common = { LOG_LEVEL: 'info', MAX_EVENT_LOOP_LAG_MS: '60000', QUEUE_TIMEOUT_MS: '5000' };
const modes = [
  // A retry for each tenth call, and the ten that a full budget holds.
  {
    name: 'without the breaker',
    env: { ...common, BREAKER_MIN_CALLS: '1000000' },
    most: (count: number) => 1.1 * count + 10,
  },
  { name: 'with the breaker', env: common, most: (count: number) => count / 20 },
] as const;

export async function run(tally: Tally): Promise<void> {
  for (const subject of subjects) {
    for (const mode of modes) {
      await tryDead(tally, subject, mode);
      await tryRefusing(tally, subject, mode);
    }
    await tryHanging(tally, subject);
  }
}

type Mode = (typeof modes)[number];

/** Always 503. */
async function tryDead(tally: Tally, subject: Subject, { name, env, most }: Mode): Promise<void> {
  const far = await startFaultServer((socket) => reply(socket, { status: 503 }));
  await withNeighbour(subject, far.baseUrl, env, async (service, other) => {
    const title = `${subject.provider} always 503 ${name}`;
    await requestBoth(tally, title, service, subject, other, requests);
    const calls = far.requests.length;
    tally.check(`${title}: is spared`, calls > 0 && calls <= most(requests), calls);
    tally.measured(`${title}: ${(calls / requests).toFixed(3)} calls a request`);
  });
  far.close();
}

/** No server listens: the log says how many attempts there were. */
async function tryRefusing(tally: Tally, subject: Subject, { name, env, most }: Mode): Promise<void> {
  const unused = createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const { port } = unused.address() as AddressInfo;
  unused.close();
  const count = requests / 10;
  await withNeighbour(subject, `http://127.0.0.1:${port}`, env, async (service, other) => {
    const title = `${subject.provider} refuses connections ${name}`;
    await requestBoth(tally, title, service, subject, other, count);
    const counts = [...service.output().matchAll(/"attempts":(\d+)/g)].map(([, text]) => Number(text));
    const attempts = counts.reduce((sum, attempts) => sum + attempts, 0);
    // Those that set out together are all on their way before the first has failed.
    tally.check(`${title}: is spared`, attempts > 0 && attempts <= most(count) + concurrency, attempts);
    tally.measured(`${title}: ${(attempts / count).toFixed(3)} attempts a request`);
  });
}

/** The provider that fails, and at the same time the one that doesn't. */
async function requestBoth(
  tally: Tally,
  title: string,
  service: RunningService,
  subject: Subject,
  other: Subject,
  count: number,
): Promise<void> {
  const { execute, close } = openLoad(service);
  const [failures, answers] = await Promise.all([
    requestMany(execute, subject, count, concurrency),
    requestMany(execute, other, count / 10, 2),
  ]);
  close();
  tally.check(`${title}: every request has its code`, failures.UPSTREAM_UNAVAILABLE === count, failures);
  tally.check(`${title}: ${other.provider} always answers`, answers.data === count / 10, answers);
}

/** Calls that never end fill their own places alone. */
async function tryHanging(tally: Tally, subject: Subject): Promise<void> {
  const far = await startFaultServer(() => {});
  const env = {
    ...modes[0].env,
    QUEUE_TIMEOUT_MS: '250',
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '1000',
    OPERATION_TIMEOUT_MS: '1500',
  };
  await withNeighbour(subject, far.baseUrl, env, async (service, other) => {
    const { execute, close } = openLoad(service);
    const [failures, answers]: [Outcomes, Outcomes] = await Promise.all([
      requestMany(execute, subject, 150, 150),
      requestMany(execute, other, 200, 2),
    ]);
    close();
    const { UPSTREAM_TIMEOUT: timeouts = 0, OVERLOADED: overloads = 0 } = failures;
    const hasBoth = timeouts >= 32 && overloads > 0 && timeouts + overloads === 150;
    tally.check(`${subject.provider} hangs: every request has its code`, hasBoth, failures);
    tally.check(`${subject.provider} hangs: ${other.provider} always answers`, answers.data === 200, answers);
  });
  far.close();
}
