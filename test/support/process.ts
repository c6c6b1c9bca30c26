/** `npm start` as an operator meets it: a separate process, with its environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Service {
  /** The next line on standard output, as the JSON that it is. */
  nextLine(): Promise<Record<string, unknown>>;
  /** Sends the signal, and resolves once the process is over. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
  /** Resolves once the process is over. */
  readonly ended: Promise<Ended>;
}

/** How a process ended, and all it said. */
export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the service with these variables and flags, and no others but where compiled code is stored. */
export function startService(
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
  file = 'src/main.ts',
): Service {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, [file, ...flags], {
    cwd,
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]) => ({ code, stdout, stderr }),
  );
  return {
    ended,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The service has ended: ${(await ended).stderr}`);
      return JSON.parse(value);
    },
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
