/**
 * More bytes on a connection than the answer has (S-14): the next request, which would get them if the connection were used
 * again, never does.
 */
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { range } from '../concurrency.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { reply, startFaultServer, toHead } from '../upstream/fault-server.ts';
import { type Subject, subjects, toRun } from '../upstream/subjects.ts';

const rounds = 20;
const foreign = 'sent-to-another-caller';

/** Writes an answer and a surplus: a whole answer to the question that comes next. */
type Surplus = (socket: Socket, answer: string, surplus: string) => void;

const json = { 'content-type': 'application/json' };
const whole = (body: string) => toHead(200, 'OK', { ...json, 'content-length': String(body.length) }) + body;
const chunked = (body: string) =>
  `${toHead(200, 'OK', { ...json, 'transfer-encoding': 'chunked' })}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

const late = 'a response, and one without a request';

const surpluses: Readonly<Record<string, Surplus>> = {
  'two answers': (socket, answer, surplus) => socket.write(whole(answer) + whole(surplus)),
  'two answers in chunks': (socket, answer, surplus) => socket.write(chunked(answer) + chunked(surplus)),
  [late]: (socket, answer, surplus) => {
    socket.write(whole(answer));
    globalThis.setTimeout(() => socket.write(whole(surplus)), 5);
  },
  'the body of another behind its own': (socket, answer, surplus) => socket.write(whole(answer) + surplus),
  'half an answer behind its own': (socket, answer, surplus) =>
    socket.write(whole(answer) + whole(surplus).slice(0, -20)),
  'an answer behind a length that is said twice': (socket, answer, surplus) => {
    const length = String(answer.length);
    socket.write(toHead(200, 'OK', { ...json, 'content-length': [length, length] }) + answer + whole(surplus));
  },
  'an answer within 304': (socket, _answer, surplus) =>
    socket.write(toHead(304, 'Not Modified', { 'content-length': String(whole(surplus).length) }) + whole(surplus)),
  'an answer within 204': (socket, _answer, surplus) => socket.write(toHead(204, 'No Content', json) + whole(surplus)),
};

export async function run(tally: Tally): Promise<void> {
  for (const subject of subjects) await trySubject(tally, subject);
}

async function trySubject(tally: Tally, subject: Subject): Promise<void> {
  const kinds = Object.entries(surpluses);
  const toText = (runNumber: number, tag: string) => {
    const body = { ...subject.toBody(runNumber), error: tag, log_group: tag };
    return JSON.stringify(body);
  };
  // The run's number says which kind it is, and odd ones are answered well, on whatever connection is left.
  const server = await startFaultServer((socket, { path }) => {
    const runNumber = toRun(path);
    const [, write] = kinds[Math.floor(runNumber / 1_000)] ?? [];
    if (write === undefined || runNumber % 2 === 1) reply(socket, { body: toText(runNumber, 'own') });
    else write(socket, toText(runNumber, 'own'), toText(runNumber + 1, foreign));
  });
  // One connection, so that it would be used again.
  const service = await startService({
    [subject.variable]: server.baseUrl,
    MAX_CONCURRENT_CALLS: '1',
    BREAKER_MIN_CALLS: '100000',
  });
  for (const [kind, [name]] of kinds.entries()) {
    for (const round of range(0, rounds)) {
      const first = await execute(service, subject, kind * 1_000 + 2 * round);
      // Half of them at once, half when the surplus has arrived. One that arrives after the next request can't be distinguished from
      // its response, by any server.
      if (round % 2 === 1 || name === late) await setTimeout(50);
      const second = await execute(service, subject, kind * 1_000 + 2 * round + 1);
      const isOwn = second.includes('"tag":"own"') && !`${first}${second}`.includes(foreign);
      tally.check(`${subject.provider} sends ${name}`, isOwn, [first, second]);
    }
  }
  await service.stop();
  server.close();
}

async function execute(service: RunningService, subject: Subject, runNumber: number): Promise<string> {
  const query = `query ($key: MonitorRunKey!) {
    monitorRun(key: $key) { ... on DatafoldRun { tag: error } ... on OlostepRun { tag: logGroup } }
  }`;
  return (await service.execute(query, { key: subject.toKey(runNumber) })).text;
}
