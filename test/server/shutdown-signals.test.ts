/** A process that gets a signal before it has started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const hold = new URL('../support/hold-loading.ts', import.meta.url).href;

interface Held {
  /** Sends the signals, lets the process go on, and resolves with how it ends. */
  stop(...signals: NodeJS.Signals[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts the service, and resolves once it is about to load a module. */
async function startUntil(
  module: string,
  { flags = [] as string[], env = {}, file = 'src/main.ts' } = {},
): Promise<Held> {
  const child = spawn(process.execPath, ['--import', hold, file, ...flags], {
    cwd: project,
    env: { PORT: '0', DATAFOLD_API_KEY: 'canary', HOLD_AT: module, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = Promise.all([once(child, 'exit'), text(child.stdout as never), text(child.stderr as never)]);
  const word = child.stdio[3] as Duplex;
  word.on('error', () => {});
  await Promise.race([once(word, 'data'), ended]);
  return {
    async stop(...signals) {
      for (const signal of signals) child.kill(signal);
      word.write('go on');
      const [[code], stdout, stderr] = await ended;
      return { code, stdout, stderr };
    },
  };
}

const silently = { code: 0, stdout: '', stderr: '' };

describe('graceful shutdown: a process that gets a signal while it starts ends well, by', { timeout: 60_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s while its modules are loaded', async (signal) => {
    expect(await (await startUntil('/src/gateway/create-gateway.ts')).stop(signal)).toEqual(silently);
  });

  it('SIGTERM while the modules of the sandbox are loaded', async () => {
    expect(
      await (await startUntil('/src/gateway/create-gateway.ts', { flags: ['--sandbox'] })).stop('SIGTERM'),
    ).toEqual(silently);
  });

  it('SIGTERM while it looks for its Redis', async () => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, stdout, stderr } = await (await startUntil('/src/run-cache/redis/redis-cache.ts', { env })).stop(
      'SIGTERM',
    );

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('listening');
  });

  it('SIGTERM, and SIGINT at once', async () => {
    expect(await (await startUntil('/src/gateway/create-gateway.ts')).stop('SIGTERM', 'SIGINT')).toEqual(silently);
  });
});

// Again where the machine is so busy that the second one comes a second late.
it('graceful shutdown: A signal that npm passes on, and the terminal has sent already, is no second one', {
  timeout: 60_000,
  retry: 3,
}, async () => {
  const upstream = await startFakeUpstream();
  onTestFinished(() => upstream.close());
  let answer = () => {};
  upstream.on(datafoldPath, (_request, response) => {
    answer = () => void response.setHeader('content-type', 'application/json').end(JSON.stringify(datafoldBody));
  });
  const service = startService({
    PORT: '0',
    DATAFOLD_API_KEY: 'canary',
    DATAFOLD_BASE_URL: upstream.baseUrl,
    npm_lifecycle_event: 'start',
  });
  const { url } = await service.nextLine();
  const isReady = async () => (await fetch(new URL('/ready', String(url)))).status === 200;
  const requested = fetch(String(url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}',
  });
  await upstream.arrived(1);

  void service.stop('SIGINT');
  // The first one has been heard.
  while (await isReady());
  const ended = service.stop('SIGINT');
  while ((await service.nextLine()).msg !== 'shutting down');
  answer();

  expect(await (await requested).json()).toEqual({ data: { datafoldRun: { state: 'OK' } } });
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});
