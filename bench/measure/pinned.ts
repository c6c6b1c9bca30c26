/** Which process runs on which processor: what is measured has one for itself. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { binary } from '../paths.ts';

/** The processor of the gateway. */
export const gatewayCpu = 0;
/** The processor of the load, of the upstream, and of this process. */
export const loadCpu = 1;

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
// A signal to this process is for all of them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a process on one processor. `taskset` becomes the program: the id of the process is the program's. */
export function spawnOn(
  cpu: number,
  program: string,
  parameters: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const child = spawn('taskset', ['-c', `${cpu}`, program, ...parameters], options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Takes this process out of the gateway's way. */
export function stepAside(): void {
  execFileSync('taskset', ['-a', '-c', '-p', `${loadCpu}`, `${process.pid}`], { stdio: 'ignore' });
}

/** The CPU time of a process so far, in microseconds: user and system, all its threads. */
export const cpuMicrosOf = (pid: number): number => Number(execFileSync(binary('cputime'), [`${pid}`])) / 1_000;
