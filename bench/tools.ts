/** What the machine must have, and what of it is reported beside the figures. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { root } from './paths.ts';

/** Each by the Debian package that brings it. */
const tools = { wrk: 'wrk', gcc: 'gcc libc6-dev', taskset: 'util-linux' };

/** @throws {Error} that says what is missing, and how to get it */
export function checkTools(): void {
  const missing = Object.entries(tools).filter(([tool]) => spawnSync('which', [tool]).status !== 0);
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(' ');
    throw new Error(`The benchmark needs ${missing.map(([tool]) => tool).join(', ')}: apt-get install ${packages}`);
  }
  if (process.platform !== 'linux') throw new Error('The benchmark needs Linux: it reads /proc and pins processes.');
  if (availableParallelism() < 2) throw new Error('The benchmark needs two processors: one is the gateway’s alone.');
  if (Number.parseInt(process.versions.node, 10) < 24) throw new Error('The benchmark needs Node 24: `npm run bench`.');
}

/** The machine's size. */
export function describeMachine() {
  const [, system = 'Linux'] = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${system}, Linux ${execFileSync('uname', ['-r']).toString().split('-')[0]?.trim()}`,
    node: process.version,
  };
}

export type Machine = ReturnType<typeof describeMachine>;

/** The commit that is measured, where that is known. */
export function describeRevision(): { readonly revision?: string } {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? { revision: stdout.trim() } : {};
}
