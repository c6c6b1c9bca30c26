/**
 * How much a provider may answer (U-11, U-16, U-30, U-32): 16 MiB, 100,000 events, 64 levels; what is beyond costs its
 * field or its run, little memory, and other callers nothing.
 */
import { olostepBody } from '../../support/bodies.ts';
import { range } from '../concurrency.ts';
import { type RunningService, type ServiceResponse, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { type FaultServer, reply, startFaultServer, toHead, type WireAnswer } from '../upstream/fault-server.ts';
import { forgetPeakOf, peakOf, residentOf } from '../upstream/memory.ts';
import { sizeFaults } from '../upstream/size-faults.ts';
import { olostep, type Subject, subjects, toRun } from '../upstream/subjects.ts';

const cap = 16 * 1024 * 1024;
const tooLarge = 'UPSTREAM_RESPONSE_TOO_LARGE';

/** An answer of Olostep's that is large, and what becomes of it. */
interface Case {
  readonly name: string;
  readonly body: () => string;
  /** What is selected of the run. */
  readonly selection: string;
  /** Where the errors are, in the run. */
  readonly errors: readonly string[];
  /** What else is to be seen of the run. */
  isWell(run: Readonly<Record<string, unknown>>, answer: ServiceResponse): boolean;
}

const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
const write = (field: string, json: string) =>
  JSON.stringify({ ...olostepBody, ids: 0, [field]: '@' }).replace('"@"', () => json);
const events = (count: number) => write('events', `[${'{"event":{"event":"tick"}},'.repeat(count - 1)}{}]`);
const event = (json: string) => write('events', `[{"id":"1","event":${json}}]`);

const counts = '{ id logGroup events(first: 1000) { totalCount nodes { kind } } }';
const hasAll = (count: number): Case['isWell'] => {
  return ({ events }) => (events as { readonly totalCount: number }).totalCount === count;
};

const cases: readonly Case[] = [
  ...[1, 10_000, 100_000].map((count) => ({
    name: `${count} events`,
    body: () => events(count),
    selection: counts,
    errors: [],
    isWell: hasAll(count),
  })),
  ...[100_001, 300_000].map((count) => ({
    name: `${count} events`,
    body: () => events(count),
    selection: counts,
    errors: ['events'],
    isWell: ({ logGroup }: Readonly<Record<string, unknown>>) => logGroup === olostepBody.log_group,
  })),
  {
    name: 'a snapshot of 5 MB',
    body: () => write('snapshot', JSON.stringify({ text: 'x'.repeat(5_000_000) })),
    selection: '{ snapshot logGroup }',
    errors: [],
    isWell: ({ snapshot }) => (snapshot as { readonly text: string }).text.length === 5_000_000,
  },
  ...[49_000, 200_000].map((count) => ({
    name: `a snapshot of ${count} fields`,
    body: () => write('snapshot', `{${range(0, count).map((index) => `"field-${index}":${index}`)}}`),
    selection: '{ snapshot logGroup }',
    errors: count > 50_000 ? ['snapshot'] : [],
    isWell: ({ snapshot, logGroup }: Readonly<Record<string, unknown>>) =>
      logGroup === olostepBody.log_group && Object.keys(snapshot ?? {}).length === (count > 50_000 ? 0 : count),
  })),
  ...[64, 65, 5_000, 100_000].flatMap((levels) => [
    {
      name: `a snapshot of ${levels} levels`,
      body: () => write('snapshot', nested(levels)),
      selection: '{ phase snapshot logGroup }',
      errors: levels > 64 ? ['snapshot'] : [],
      isWell: ({ logGroup }: Readonly<Record<string, unknown>>) => logGroup === olostepBody.log_group,
    },
    {
      name: `an event of ${levels} levels`,
      body: () => event(nested(levels)),
      selection: '{ phase events { nodes { id event } } }',
      errors: levels > 64 ? ['events.nodes.0.event'] : [],
      isWell: ({ events }: Readonly<Record<string, unknown>>) =>
        (events as { readonly nodes: readonly { readonly id: string }[] }).nodes[0]?.id === '1',
    },
  ]),
];

export async function run(tally: Tally): Promise<void> {
  await tryCap(tally);
  await tryCases(tally);
  await tryBombs(tally);
  await tryParallel(tally);
}

/** Starts a service with both providers behind this answer. */
async function open(answer: (subject: Subject) => WireAnswer, env: Readonly<Record<string, string>> = {}) {
  const servers = await Promise.all(subjects.map((subject) => startFaultServer(answer(subject))));
  const urls = subjects.map(({ variable }, index) => [variable, servers[index]?.baseUrl ?? '']);
  const service = await startService({ ...Object.fromEntries(urls), MAX_EVENT_LOOP_LAG_MS: '60000', ...env });
  return {
    service,
    async close() {
      await service.stop();
      for (const server of servers as FaultServer[]) server.close();
    },
  };
}

const toQuery = (subject: Subject, runNumber: number, selection: string) => {
  const { monitorId, runId } = subject.toKey(runNumber);
  const field = subject.provider.toLowerCase();
  return `{ run: ${field}Run(monitorId: "${monitorId}", runId: "${runId}") ${selection} }`;
};

const codeOf = ({ body }: ServiceResponse): string => body.errors?.[0]?.extensions.code ?? 'data';

/** Just as much as may be, and a byte more, with and without the length said before. */
async function tryCap(tally: Tally): Promise<void> {
  const { service, close } = await open((subject) => (socket, { path }) => {
    const body = JSON.stringify(subject.toBody(toRun(path)));
    const isOver = toRun(path) % 2 === 1;
    const whole = `${body.slice(0, -1)}${' '.repeat(cap - body.length + (isOver ? 1 : 0))}}`;
    if (toRun(path) < 12) return reply(socket, { body: whole });
    socket.write(toHead(200, 'OK', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }));
    const half = whole.length >> 1;
    for (const part of [whole.slice(0, half), whole.slice(half)])
      socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    socket.write('0\r\n\r\n');
  });
  for (const subject of subjects) {
    for (const [runNumber, name, expected] of [
      [10, '16 MiB', 'data'],
      [11, '16 MiB and a byte', tooLarge],
      [12, '16 MiB in chunks', 'data'],
      [13, '16 MiB and a byte in chunks', tooLarge],
    ] as const) {
      const answer = await service.execute(toQuery(subject, runNumber, '{ id phase }'));
      tally.check(`${subject.provider} ${name}`, codeOf(answer) === expected, answer.text);
    }
  }
  await close();
}

async function tryCases(tally: Tally): Promise<void> {
  const { service, close } = await open((subject) => (socket, { path }) => {
    const one = cases[toRun(path)];
    const body = one?.body() ?? JSON.stringify(subject.toBody(toRun(path)));
    reply(socket, { body: body.replace(/"(monitor|run)_id":"[^"]*",/g, '') });
  });
  for (const [index, one] of cases.entries()) {
    const answer = await service.execute(toQuery(olostep, index, one.selection));
    const errors: readonly { readonly path: readonly unknown[] }[] = answer.body?.errors ?? [];
    const places = errors.map(({ path }) => path.slice(1).join('.'));
    const isWell =
      answer.status === 200 &&
      places.join() === one.errors.join() &&
      (errors.length === 0 || codeOf(answer) === tooLarge) &&
      one.isWell(answer.body.data.run, answer);
    tally.check(one.name, isWell, answer.text.slice(0, 500));
    if (one.name === 'a snapshot of 5 MB') tally.measured(`${one.name} in ${Math.round(answer.ms)} ms`);
  }
  await close();
}

/** The maximum resident memory of a process, in MiB. */
const maxResident = 512;
const parallelCalls = 32;

/** As many calls as a provider may have, each with a log of 14 MB: all of them are answered, within the memory. */
async function tryParallel(tally: Tally): Promise<void> {
  const large = events(100_000).replaceAll('"tick"}', `"${'tick'.repeat(28)}"}`);
  const body = large.replace(/"(monitor|run)_id":"[^"]*",/g, '');
  const patient = { UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000', OPERATION_TIMEOUT_MS: '60000' };
  const { service, close } = await open(() => (socket) => reply(socket, { body }), patient);
  forgetPeakOf(service.pid);
  for (const round of range(0, 3)) {
    const requested = range(0, parallelCalls).map((call) =>
      service.execute(toQuery(olostep, 100 * round + call, '{ events(first: 1) { totalCount } }')),
    );
    const answers = await Promise.all(requested);
    tally.check(
      'parallel calls are answered',
      answers.every((answer) => codeOf(answer) === 'data'),
      answers.map(codeOf),
    );
  }
  const peak = peakOf(service.pid);
  tally.check('parallel calls: memory', peak <= maxResident, `${peak.toFixed(0)} MiB`);
  tally.measured(
    `${parallelCalls} parallel calls of ${(body.length / 1e6).toFixed(1)} MB: ${peak.toFixed(0)} MiB resident`,
  );
  await close();
}

/** The most that the memory may grow by, in MiB: a response of maximum size twice, and what is garbage by then. */
const maxGrowth = 45;
/** The most that is taken of a bomb, in MiB: somewhat more than the cap, and what Linux holds for both ends of a connection. */
const maxTaken = 18 + 10;

async function tryBombs(tally: Tally): Promise<void> {
  let taken = 0;
  const { service, close } = await open((subject) => (socket, { path, authorization }) => {
    const body = JSON.stringify(subject.toBody(toRun(path)));
    const fault = sizeFaults[toRun(path)];
    if (fault === undefined) return reply(socket, { body });
    fault.play({ socket, body, path, authorization, trapUrl: '' });
    if (fault.code !== tooLarge) return;
    socket.once('close', () => {
      taken = Math.max(taken, (socket.bytesWritten - socket.writableLength) / 1024 ** 2);
    });
  });
  const plain = () => service.execute(toQuery(olostep, sizeFaults.length, '{ id }'));
  for (const _round of range(0, 200)) await plain();
  for (const [index, fault] of sizeFaults.entries()) {
    for (const subject of subjects) await tryBomb(tally, service, subject, index, fault.code);
  }
  tally.check('no more is taken than the cap', taken <= maxTaken, `${taken.toFixed(1)} MiB`);
  tally.measured(`at most ${taken.toFixed(1)} MiB taken of a bomb`);
  tally.check('answers after all bombs', codeOf(await plain()) === 'data');
  await close();
}

async function tryBomb(tally: Tally, service: RunningService, subject: Subject, index: number, code: string) {
  const before = residentOf(service.pid);
  forgetPeakOf(service.pid);
  const answers: ServiceResponse[] = [];
  for (const _round of range(0, 2)) answers.push(await service.execute(toQuery(subject, index, '{ id }')));
  const growth = peakOf(service.pid) - before;
  const name = `${subject.provider} ${sizeFaults[index]?.name}`;
  tally.check(
    `${name}: its code`,
    answers.every((answer) => codeOf(answer) === code),
    answers.map(codeOf),
  );
  tally.check(`${name}: memory`, growth <= maxGrowth, `${growth.toFixed(1)} MiB more`);
  tally.measured(`${name}: ${growth.toFixed(1)} MiB`);
}
