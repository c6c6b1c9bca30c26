/** A Prometheus for the test: the real program on loopback, with the rules of examples/monitoring at a faster pace. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { findFreePort } from './free-port.ts';

/** Whether this machine has it, with its `promtool`. */
export const hasPrometheus = (() => {
  try {
    for (const program of ['prometheus', 'promtool']) execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  /** The alerts that are firing. */
  firing(): Promise<readonly Alert[]>;
  close(): void;
}

/** In milliseconds. */
const paceMs = 250;

/** The rules, with seconds in place of minutes. */
const toFastRules = (rules: string): string =>
  rules
    .replaceAll(/\bfor: \d+m/g, 'for: 0s')
    .replaceAll('[5m]', '[3s]')
    .replaceAll('offset 5m', 'offset 3s')
    // The list of monitors is stale after two seconds.
    .replace('> 600', '> 2');

/** @param target the host and port of the metrics */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const read = (name: string) => readFileSync(`examples/monitoring/${name}`, 'utf8');
  writeFileSync(join(folder, 'alerts.yml'), toFastRules(read('alerts.yml')));
  writeFileSync(
    join(folder, 'prometheus.yml'),
    read('prometheus.yml').replaceAll('15s', `${paceMs}ms`).replace('localhost:9464', target),
  );
  const port = await findFreePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expectOk(await fetch(`${url}/-/ready`)), { timeout: 20_000, interval: 100 });
  return {
    async firing() {
      const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: Alert[] } };
      return data.alerts.filter(({ state }) => state === 'firing');
    },
    close() {
      child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      child.kill('SIGKILL');
    },
  };
}

function expectOk({ ok, status }: Response): void {
  if (!ok) throw new Error(`status ${status}`);
}
