/** A Redis for the test: the real server on loopback, which stores nothing on disk. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { findFreePort } from './free-port.ts';

const program = 'redis-server';

/** Whether this machine has it. */
export const hasRedisServer = (() => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Sends the process a signal: it stands still at SIGSTOP, goes on at SIGCONT, is gone at SIGKILL. */
  send(signal: NodeJS.Signals): void;
  /** Resolves once it is gone. */
  readonly ended: Promise<unknown>;
}

export interface RedisServerOptions {
  /** @default one that is free */
  readonly port?: number;
  readonly password?: string;
}

/** Starts it, and ends it with the test. */
export async function startRedisServer({ port, password }: RedisServerOptions = {}): Promise<RedisServer> {
  const ownPort = port ?? (await findFreePort());
  const child: ChildProcess = spawn(
    program,
    [
      ...['--port', `${ownPort}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'],
      ...(password === undefined ? [] : ['--requirepass', password]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('No pipe to Redis');
  const lines = createInterface(child.stdout);
  for await (const line of lines) if (line.includes('Ready to accept connections')) break;
  child.stdout.resume();
  return {
    port: ownPort,
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${ownPort}`,
    send: (signal) => void child.kill(signal),
    ended,
  };
}
