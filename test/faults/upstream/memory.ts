/** The memory of another process, from Linux. */
import { readFileSync, writeFileSync } from 'node:fs';

const megabytes = (pid: number, line: string): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
};

/** What it holds now, in MiB. */
export const residentOf = (pid: number): number => megabytes(pid, 'VmRSS');

/** The most that it held since {@link forgetPeakOf}, in MiB. */
export const peakOf = (pid: number): number => megabytes(pid, 'VmHWM');

export const forgetPeakOf = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');
