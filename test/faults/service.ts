/** The service in a separate process, with canaries for keys; all its output is stored and searched for them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Question, Reading } from './probe.ts';

/** Keys that must never be seen again, but by their own provider. */
export const canaries = { DATAFOLD: 'cnryDF7Q2m9xT4kW', OLOSTEP: 'cnryOL3Z8p5vR1nB' } as const;

export interface RunningService {
  /** The URL of the graph. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that it has written to standard output and standard error so far. */
  output(): string;
  /** Resolves once the output has this text. */
  printed(text: string): Promise<void>;
  /** Posts an operation; the answer is searched for canaries when the block calls `leaks`. */
  execute(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<ServiceResponse>;
  /** The canaries, in any of their forms, that occur in the output or in an answer so far. */
  leaks(): string[];
  /** Sends a signal, and resolves with the exit code once it is over. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** What the probe in the process reads since the last call; see `startService`. */
  probe(question?: Question): Promise<Reading>;
}

export interface StartOptions {
  /** Whether the process holds the probe, which has a separate clock and can collect garbage. @default false */
  readonly isProbed?: boolean;
  /** Maximum number of its open file descriptors. @default the one of this process */
  readonly maxFiles?: number;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: blocks look into it freely
  readonly body: any;
  readonly ms: number;
}

/** What runs: with `FAULTS_BUILT=true`, what `npm run serve` does. */
const entry = process.env.FAULTS_BUILT === 'true' ? ['--max-semi-space-size=16', 'dist/main.mjs'] : ['src/main.ts'];

/** Those that run, so that none outlives a suite that ends early. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts the service on a port of the system's choice, with these variables beside the canary keys. */
export async function startService(
  env: Readonly<Record<string, string>>,
  { isProbed = false, maxFiles }: StartOptions = {},
): Promise<RunningService> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const probing = isProbed ? ['--expose-gc', '--import', new URL('probe.ts', import.meta.url).href] : [];
  const command = [process.execPath, ...probing, ...entry];
  const limited = maxFiles === undefined ? command : ['sh', '-c', `ulimit -n ${maxFiles}; exec "$@"`, 'sh', ...command];
  const [program = '', ...parameters] = limited;
  const child = spawn(program, parameters, {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: '0',
      LOG_LEVEL: 'debug',
      // So that each request reaches the fake upstream.
      RUN_CACHE: 'false',
      LIST_FETCH_THRESHOLD: '1000',
      COALESCE_CALLS: 'false',
      FRESH_MS: '0',
      DATAFOLD_API_KEY: canaries.DATAFOLD,
      OLOSTEP_API_KEY: canaries.OLOSTEP,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', ...(isProbed ? (['ipc'] as const) : [])],
  });
  if (child.stdout === null || child.stderr === null) throw new Error('No pipes to the service');
  children.add(child);
  child.once('exit', () => children.delete(child));
  const said: string[] = [];
  const answers: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => said.push(line));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const first = await Promise.race([once(lines, 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`The service did not start: ${said.join('\n')}`);
  const url: string = JSON.parse(first[0]).url;

  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    output: () => said.join('\n'),
    async printed(text) {
      while (!said.some((line) => line.includes(text))) await once(lines, 'line');
    },
    async execute(query, variables, headers) {
      const started = performance.now();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      answers.push(`${JSON.stringify([...response.headers])} ${text}`);
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: text.startsWith('{') ? JSON.parse(text) : undefined,
        ms: performance.now() - started,
      };
    },
    leaks: () => {
      const haystack = [...said, ...answers].join('\n');
      return Object.values(canaries)
        .flatMap(formsOf)
        .filter((form) => haystack.includes(form));
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return (await ended)[0];
    },
    async probe(question = 'read') {
      child.send(question);
      const [reading] = await Promise.race([once(child, 'message'), ended]);
      if (typeof reading !== 'object') throw new Error('The service ended while it was probed');
      return reading as Reading;
    },
  };
}

/** A secret as it might come out: raw, in a URL, in base64, or its first half. */
const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  secret.slice(0, 8),
];
