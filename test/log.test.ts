/** The log as whoever collects it meets it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

it('may find nobody who reads it, and the service answers all the same', { timeout: 60_000 }, async () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const env = { PORT: '0', DATAFOLD_API_KEY: 'canary' };
  const child = spawn(process.execPath, ['src/main.ts'], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  child.stdout.pause();
  const { url } = JSON.parse(line);

  const statuses = new Set<number>();
  const ask = async () => {
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
  await Promise.all(Array.from({ length: 20 }, ask));

  expect([...statuses]).toEqual([200]);
});
