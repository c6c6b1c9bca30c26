/** Resident memory of a process, in MB. */
import { readFileSync } from 'node:fs';

const everyMs = 100;

/** What it is now. */
export function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`No resident memory of process ${pid}`);
  return Number(kilobytes) / 1_024;
}

/** The most and the least that it was, in MB. */
export interface Span {
  readonly most: number;
  readonly least: number;
}

/** What it was while something went on. @throws {Error} when the process has ended */
export async function watchResidentMb(pid: number, task: () => Promise<unknown>): Promise<Span> {
  const first = residentMb(pid);
  let [most, least] = [first, first];
  const look = () => {
    const now = residentMb(pid);
    most = Math.max(most, now);
    least = Math.min(least, now);
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // It has ended, which the last look tells.
    }
  }, everyMs);
  try {
    await task();
  } finally {
    clearInterval(timer);
  }
  look();
  return { most, least };
}
