/** How much later than its deadline an answer may come, on a machine that may be busy. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

/** In milliseconds: 100 that are promised, a second for slow machines, and more where this process is held up itself. */
export const patienceMs = (): number => 1_100 + (4 * delay.max) / 1_000_000;

/** Watches from now on for how long this process is held up at most, in milliseconds: what is measured is that inexact. */
export function watchNoise(): () => number {
  const noise = monitorEventLoopDelay({ resolution: 5 });
  noise.enable();
  return () => noise.max / 1_000_000;
}
