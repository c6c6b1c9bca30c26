/**
 * The probe: loaded into the service's process before the service (`node --import`), it tells the suite, over the channel
 * between both, how late the event loop was and how much is held.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What was read. */
export interface Reading {
  /** The longest time for which the event loop was blocked since the last reading, in milliseconds. */
  readonly blockedMs: number;
  /** Bytes of the process in memory. */
  readonly rss: number;
  /** Bytes of live objects: garbage has been collected. */
  readonly heap: number;
  /** Timers that are running. */
  readonly timers: number;
}

const resolution = 1;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();

const read = (): Reading => {
  const blockedMs = Math.max(0, delay.max / 1e6 - resolution);
  // Before it is asked for the memory, as collecting garbage blocks the loop as well.
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { blockedMs, rss, heap: heapUsed + external, timers };
};

process.on('message', () => {
  // A block becomes visible when the loop's clock ticks next.
  setTimeout(() => {
    const reading = read();
    setTimeout(() => {
      delay.reset();
      process.send?.(reading);
    }, 10);
  }, 10);
});
// Otherwise the service would never end by itself.
process.channel?.unref();
