/** The service as a process that is stopped, ended and started again in the course of tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { vi } from 'vitest';

export interface RunningService {
  kill(signal: NodeJS.Signals): void;
  /** Ends it, and resolves once it is over. */
  end(): Promise<unknown>;
  /** Resolves once the list of monitors has been read again, from its beginning. */
  untilRefreshed(): Promise<void>;
}

/** @param env with the ports of the service and of its metrics */
export async function spawnService(env: Readonly<Record<string, string>>): Promise<RunningService> {
  const child = spawn(process.execPath, ['src/main.ts'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const readRefreshes = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${env.METRICS_PORT}/metrics`)).text();
    return Number(/^monitor_graph_monitors_refreshed_timestamp_seconds\{.*\} (\S+)$/m.exec(text)?.[1]);
  };
  const waiting = { timeout: 20_000, interval: 20 };
  const untilAfter = (time: number) =>
    vi.waitFor(async () => {
      const refreshedAt = await readRefreshes();
      if (!(refreshedAt > time)) throw new Error('The list of monitors has not been read.');
      return refreshedAt;
    }, waiting);
  const tooEarly = ended.then(([code]) => Promise.reject(new Error(`The service has ended with ${code}.`)));
  tooEarly.catch(() => {});
  await Promise.race([untilAfter(0), tooEarly]);
  return {
    kill: (signal) => void child.kill(signal),
    end() {
      child.kill('SIGKILL');
      return ended;
    },
    async untilRefreshed() {
      // The one that is in flight may have begun before.
      await untilAfter(await untilAfter(await readRefreshes()));
    },
  };
}
