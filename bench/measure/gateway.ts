/** A contender's process, on a separate processor. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import type { SendRequest } from '../workloads/requests.ts';
import { gatewayCpu, spawnOn } from './pinned.ts';
import { numberMark } from './wrk.ts';

const pollMs = 2;
const patienceMs = 30_000;
/**
 * Each process has another, so that none is held back by what is left of the last one's connections. Between 10,081 and 32,767 is
 * none that `fetch` refuses, as it does 5,060, or that the system assigns.
 */
const [firstPort, lastPort] = [11_000, 11_999];
let port = lastPort;

export interface Gateway {
  readonly pid: number;
  readonly url: string;
  /** How long it took from its start to its first answer. */
  readonly startMs: number;
  /** Its answer, parsed, and how many bytes that was, head and all. */
  answer(execute: SendRequest): Promise<{ readonly value: unknown; readonly bytes: number }>;
  stop(): Promise<void>;
}

/** Starts it, and waits until it answers. Its log goes nowhere. */
export async function startGateway(contender: Contender, upstreamUrl: string, execute: SendRequest): Promise<Gateway> {
  const { program = process.execPath, parameters, env, credentials = '' } = contender;
  port = port < lastPort ? port + 1 : firstPort;
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawnOn(gatewayCpu, program, parameters(port, upstreamUrl), {
    env: { PATH: process.env.PATH, ...env(port, upstreamUrl) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');

  const post = async ({ path, body }: SendRequest) => {
    const key = credentials.replace(numberMark, '0000000');
    const keys: Record<string, string> = key === '' ? {} : { 'x-datafold-api-key': key, 'x-olostep-api-key': key };
    const headers = { 'content-type': 'application/json', ...keys };
    const response = await fetch(url + path, { method: 'POST', headers, body: body.replace(numberMark, '0000000') });
    const head = [...response.headers].reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
    const text = await response.text();
    return { status: response.status, text, bytes: 'HTTP/1.1 200 OK\r\n\r\n'.length + head + Buffer.byteLength(text) };
  };

  const isAnswering = () =>
    post(execute).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isAnswering())) {
    const isLate = performance.now() - started > patienceMs;
    if (isLate) child.kill('SIGKILL');
    if (isLate || child.exitCode !== null) throw new Error(`${contender.title} does not answer`);
    await sleep(pollMs);
  }

  return {
    pid: child.pid ?? 0,
    url,
    startMs: performance.now() - started,
    async answer(execute) {
      const { status, text, bytes } = await post(execute);
      if (status !== 200) throw new Error(`${contender.title} answered ${status}: ${text.slice(0, 500)}`);
      return { value: JSON.parse(text), bytes };
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
