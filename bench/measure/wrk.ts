/** The load generator, wrk, on one thread. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { bench, built } from '../paths.ts';
import { loadCpu, spawnOn } from './pinned.ts';

export interface Load {
  readonly url: string;
  readonly body: string;
  /** How many clients send requests at a time, each the next one as soon as it has its response. */
  readonly clients: number;
  readonly seconds: number;
  /** A caller's own key, for both providers. */
  readonly credentials?: string;
  readonly numbers?: Numbers;
  /** Ends it before its time, and fails it. */
  readonly signal?: AbortSignal;
}

/** {@link numberMark} stands for the requests' numbers from first to last, after which it ends, or for so many in turn. */
export type Numbers = readonly [first: number, last: number, distinct?: number];

/** What came of it. */
export interface Outcome {
  readonly requests: number;
  readonly micros: number;
  readonly bytes: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Connections that failed or broke, answers that said so or that didn't come in time. */
  readonly failures: number;
}

/** In a body or in credentials: a number that is another in each request. */
export const numberMark = '@@@@@@@';

/** Lets clients send requests for a time. */
export async function runWrk({
  url,
  body,
  clients,
  seconds,
  credentials = '',
  numbers,
  signal,
}: Load): Promise<Outcome> {
  const bodyFile = built('request.json');
  writeFileSync(bodyFile, body);
  const amount = ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '20s'];
  const numbering = numbers === undefined ? [] : [numbers[0], numbers[1], numbers[2] ?? numbers[1] + 1].map(String);
  const script = ['-s', `${bench}measure/wrk.lua`, url, '--', bodyFile, credentials, ...numbering];
  const child = spawnOn(loadCpu, 'wrk', [...amount, ...script], { stdio: ['ignore', 'pipe', 'inherit'], signal });
  if (child.stdout === null) throw new Error('No pipe to wrk');
  // After the last request wrk would sleep for the rest of its time.
  child.stdout.on('data', (chunk) => String(chunk).includes('LAST\n') && child.kill('SIGINT'));
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const [, result] = /^RESULT (.*)$/m.exec(said) ?? [];
  if (result === undefined) throw new Error(`wrk failed: ${said}`);
  return JSON.parse(result);
}
