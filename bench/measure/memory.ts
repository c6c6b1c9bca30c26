/** Resident memory of a process, in MB. */
import { readFileSync } from 'node:fs';

const everyMs = 100;

/** What it is now. */
export function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`No resident memory of process ${pid}`);
  return Number(kilobytes) / 1_024;
}

/** The most that it was while something went on. */
export async function mostResidentMb(pid: number, task: () => Promise<unknown>): Promise<number> {
  let most = residentMb(pid);
  const timer = setInterval(() => {
    most = Math.max(most, residentMb(pid));
  }, everyMs);
  try {
    await task();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, residentMb(pid));
}
