/**
 * Every fault of a provider, always and at the first attempt alone, at both providers: the code that the policy names, as
 * many attempts as it allows, in time, with the other provider's run intact, and nothing of it seen outside.
 */

import { setTimeout } from 'node:timers/promises';
import { runConcurrently } from '../concurrency.ts';
import { canaries, type RunningService, type ServiceResponse, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';
import type { InjectedFault } from '../upstream/fault.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { faults } from '../upstream/faults.ts';
import { patienceMs } from '../upstream/patience.ts';
import { sizeFaults } from '../upstream/size-faults.ts';
import { otherThan, type Subject, subjects, toRun } from '../upstream/subjects.ts';

/** Faults that are tried together, in a service with these settings. */
interface Round {
  readonly faults: readonly InjectedFault[];
  /** How many are in flight at a time. */
  readonly concurrency: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Less than by default, so that the block is shorter. */
const operationMs = 5_000;

const rounds: readonly Round[] = [
  // An attempt is shorter than by default, so that the block is; `upstream-deadlines` shows the defaults.
  { faults, concurrency: 16, env: { UPSTREAM_ATTEMPT_TIMEOUT_MS: '1500' } },
  { faults: sizeFaults, concurrency: 2, env: {} },
];

/** Each case has other keys, so that no cool-down is another's; breaker and budget are out of the way. */
const environment = {
  CREDENTIALS: 'forwarded',
  DATAFOLD_API_KEY: '',
  OLOSTEP_API_KEY: '',
  BREAKER_MIN_CALLS: '1000000',
  RETRY_BUDGET: '1000000',
  OPERATION_TIMEOUT_MS: String(operationMs),
  MAX_EVENT_LOOP_LAG_MS: '60000',
  // Where some servers tell more of an error.
  NODE_ENV: 'development',
};

/** A fault at a provider, by the number of the run that is requested. */
interface Case {
  readonly run: number;
  readonly subject: Subject;
  readonly fault: InjectedFault;
  readonly isOnce: boolean;
}

const toCases = ({ faults }: Round): readonly Case[] =>
  faults
    .flatMap((fault) => subjects.flatMap((subject) => [false, true].map((isOnce) => ({ fault, subject, isOnce }))))
    .map((one, index) => ({ ...one, run: 1_000 + index }));

const query = `query ($faulty: MonitorRunKey!, $sibling: MonitorRunKey!) {
  faulty: monitorRun(key: $faulty) { ...fields }
  sibling: monitorRun(key: $sibling) { ...fields }
}
fragment fields on MonitorRun {
  id
  phase
  startedAt
  # An Olostep run's outcome takes another call.
  ... on DatafoldRun { outcome state rawState diffId error warnings }
  ... on OlostepRun { finishedAt snapshot logGroup events { totalCount } }
}`;

export async function run(tally: Tally): Promise<void> {
  for (const round of rounds) await tryRound(tally, round);
}

async function tryRound(tally: Tally, round: Round): Promise<void> {
  const cases = toCases(round);
  const trap = await startFaultServer((socket) => reply(socket, { body: '{}' }));
  const far = await startUpstreams(cases, trap.baseUrl);
  const service = await startService({ ...environment, ...round.env, ...far.variables });
  const world: World = { tally, service, far, again: [] };
  const whole = await toWholeAnswers(service);

  await runConcurrently(round.concurrency, cases, (one) => tryCase(world, one, whole));
  for (const task of world.again) await task();
  if (world.again.length > 0) tally.measured(`${world.again.length} of ${cases.length} tried twice`);

  tally.check('no redirect is followed', trap.connections() === 0 && far.of('/second-hop').length === 0);
  tally.check('nothing that a provider wrote is seen', service.leaks().length === 0, service.leaks());
  await tryPlain(tally, service);
  // Idle ones end after some seconds; those that a fault was cut off on have ended before.
  const end = await Promise.race([far.deserted(), setTimeout(10_000, 'never', { ref: false })]);
  tally.check('every connection to a provider ends', end !== 'never');
  await service.stop();
  far.close();
  trap.close();
}

/** A fake upstream for each provider, which responds as the run's number says. */
async function startUpstreams(cases: readonly Case[], trapUrl: string) {
  const byRun = new Map(cases.map((one) => [one.run, one]));
  const servers = await Promise.all(
    subjects.map((subject) =>
      startFaultServer((socket, { path, authorization, nth }) => {
        const one = byRun.get(toRun(path) % again);
        const body = JSON.stringify(subject.toBody(toRun(path)));
        const isFaulty = one?.subject === subject && !(one.isOnce && nth > 1);
        if (isFaulty) one.fault.play({ socket, body, path, authorization, trapUrl });
        else reply(socket, { body });
      }),
    ),
  );
  return {
    variables: Object.fromEntries(subjects.map(({ variable }, index) => [variable, servers[index]?.baseUrl ?? ''])),
    of: (path: string) => servers.flatMap((server) => server.of(path)),
    deserted: async () => void (await Promise.all(servers.map((server) => server.deserted()))),
    close() {
      for (const server of servers) server.close();
    },
  };
}

type Upstreams = Awaited<ReturnType<typeof startUpstreams>>;

interface World {
  readonly tally: Tally;
  readonly service: RunningService;
  readonly far: Upstreams;
  /** What is to be tried again, when all else is done. */
  readonly again: (() => Promise<void>)[];
}

const execute = (service: RunningService, subject: Subject, run: number) => {
  const sibling = otherThan(subject);
  const keys = subjects.map(({ provider, header }) => [header, `${canaries[provider]}-${run}`]);
  return service.execute(query, { faulty: subject.toKey(run), sibling: sibling.toKey(run) }, Object.fromEntries(keys));
};

/** What a run says when nothing is wrong, without its id. */
async function toWholeAnswers(service: RunningService): Promise<Map<Subject, string>> {
  const answers = new Map<Subject, string>();
  for (const subject of subjects)
    answers.set(subject, withoutId((await execute(service, subject, 1)).body.data.faulty));
  return answers;
}

const withoutId = (run: object | null): string => JSON.stringify({ ...run, id: undefined });

/** Added to a run's number when its case is tried again: as many runs as there are, and the same faults. */
const again = 100_000;

/**
 * A case that goes wrong is tried once more, on its own: on a machine that stops for seconds, deadlines pass where no fault
 * is. What the service gets wrong, it gets wrong twice.
 */
async function tryCase(world: World, one: Case, whole: ReadonlyMap<Subject, string>): Promise<void> {
  const { tally, again: repeated } = world;
  const name = `${one.subject.provider} ${one.fault.name}${one.isOnce ? ', once' : ''}`;
  const first = await toProblems(world, one, one.run, whole);
  if (first.length === 0) return tally.check(name, true);
  repeated.push(async () => {
    const second = await toProblems(world, one, one.run + again, whole);
    tally.check(name, second.length === 0, second);
  });
}

async function toProblems({ service, far }: World, one: Case, run: number, whole: ReadonlyMap<Subject, string>) {
  const answer = await execute(service, one.subject, run);
  const requests = far.of(one.subject.toPath(run));
  const problems = [...problemsOf(answer, one, whole), ...problemsOfRequests(requests, one)];
  return problems.length > 0 ? [...problems, answer.text.slice(0, 300)] : [];
}

function problemsOf(
  answer: ServiceResponse,
  { fault, isOnce, subject }: Case,
  whole: ReadonlyMap<Subject, string>,
): string[] {
  const { status, body, ms } = answer;
  const problems: string[] = [];
  const expected = isOnce && fault.attempts !== 1 ? 'data' : fault.code;
  if (status !== 200) return [`HTTP ${status}`];
  if (ms > operationMs + patienceMs()) problems.push(`${Math.round(ms)} ms`);
  if (withoutId(body.data.sibling) !== whole.get(otherThan(subject))) problems.push('the sibling is touched');
  if (expected === 'data' && withoutId(body.data.faulty) !== whole.get(subject)) problems.push('the run is not whole');
  if (expected !== 'data' && body.data.faulty !== null) problems.push('the run is there');
  const errors = body.errors ?? [];
  if (errors.length !== (expected === 'data' || expected === 'absent' ? 0 : 1))
    problems.push(`${errors.length} errors`);
  for (const { path, extensions } of errors) {
    if (path.join() !== 'faulty') problems.push(`an error at ${path}`);
    if (extensions.code !== expected) problems.push(`${extensions.code}, not ${expected}`);
    if (extensions.provider !== subject.provider) problems.push(`provider ${extensions.provider}`);
    // The last of many attempts wasn't sent any more.
    const isUnsent = fault.attempts === 'until-deadline' && extensions.upstreamStatus === undefined;
    if (extensions.upstreamStatus !== fault.status && !isUnsent)
      problems.push(`upstreamStatus ${extensions.upstreamStatus}`);
  }
  return [...problems, ...extensionsBeyondList(body)];
}

/** How often it was called, and that it wasn't called before the time that it named. */
function problemsOfRequests(requests: readonly { at: number }[], { fault, isOnce }: Case): string[] {
  const problems: string[] = [];
  const { attempts } = fault;
  const isUntilDeadline = attempts === 'until-deadline';
  const fewest = isUntilDeadline ? 2 : attempts;
  const expected = isOnce ? Math.min(2, fewest) : fewest;
  if (isUntilDeadline && !isOnce ? requests.length < expected : requests.length !== expected)
    problems.push(`${requests.length} attempts, not ${expected}`);
  const [first, second] = requests;
  const wait = first && second ? second.at - first.at : Number.POSITIVE_INFINITY;
  if (wait < (fault.waitMs ?? 0)) problems.push(`called again after ${Math.round(wait)} ms`);
  return problems;
}

async function tryPlain(tally: Tally, service: RunningService): Promise<void> {
  for (const subject of subjects) {
    const { body } = await execute(service, subject, 2);
    tally.check(`answers about ${subject.provider} after all of it`, body.errors === undefined, body);
  }
}
