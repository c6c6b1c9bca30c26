/** The log as a collector reads it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from '../../src/observability/logger.ts';
import { startService } from '../support/process.ts';

it('logger: may have no reader: the service still answers, and ends on its signal', {
  timeout: 60_000,
}, async () => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  // It waits for a reader until its time is over.
  const env = { PORT: '0', DATAFOLD_API_KEY: 'canary', SHUTDOWN_TIMEOUT_MS: '1000' };
  const child = spawn(process.execPath, ['src/main.ts'], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  child.stdout.pause();
  const { url } = JSON.parse(line);

  const statuses = new Set<number>();
  const execute = async () => {
    for (let n = 0; n < 100; n++) {
      const response = await fetch(url, {
        method: 'POST',
        // Two thousand lines of three hundred bytes are far more than what a pipe holds.
        headers: { 'content-type': 'application/json', 'x-request-id': 'x'.repeat(128) },
        body: '{"query":"{ __typename }"}',
      });
      statuses.add(response.status);
      await response.text();
    }
  };
  await Promise.all(Array.from({ length: 20 }, execute));

  expect([...statuses]).toEqual([200]);

  child.kill('SIGTERM');
  await once(child, 'exit');
});

it('logger: has every line of a service that ends, in order', { timeout: 60_000 }, async () => {
  const service = startService({ PORT: '0', DATAFOLD_API_KEY: 'canary' });
  const { url } = await service.nextLine();
  for (let n = 0; n < 500; n++) {
    await fetch(String(url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': `n${n}` },
      body: '{"query":"{ __typename }"}',
    });
  }

  const { code, stdout } = await service.stop('SIGTERM');

  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(code).toBe(0);
  expect(lines.filter(({ msg }) => msg === 'request').map(({ requestId }) => requestId)).toEqual(
    Array.from({ length: 500 }, (_, n) => `n${n}`),
  );
  expect(lines.at(-1)).toMatchObject({ msg: 'shutting down', signal: 'SIGTERM' });
});

it('logger: is for people with LOG_FORMAT=pretty', { timeout: 60_000 }, async () => {
  const service = startService({ PORT: '0', DATAFOLD_API_KEY: 'canary', LOG_FORMAT: 'pretty' });
  await expect(service.nextLine()).rejects.toThrow(SyntaxError);

  const { stdout } = await service.stop('SIGTERM');

  expect(stdout).toMatch(
    /^\[[\d:.]+\] INFO: listening \{"url":"http:\/\/localhost:\d+\/graphql","providers":\["DATAFOLD"\]\}$/m,
  );
  expect(stdout).toMatch(/INFO: shutting down \{"signal":"SIGTERM"\}/);
});

it('logger: says when, to the millisecond', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });

  const times = [
    '2026-11-29T12:00:00.007Z',
    '2026-11-29T12:00:00.070Z',
    '2026-11-29T12:00:59.999Z',
    '2027-01-01T00:00:00.000Z',
  ];
  for (const time of times) {
    vi.setSystemTime(time);
    log.info({}, 'request');
  }

  expect(lines.map((line) => JSON.parse(line).time)).toEqual(times);
});
