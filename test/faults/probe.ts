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
  /** Bytes of objects; of live ones alone when garbage has been collected. */
  readonly heap: number;
  /** Timers that are running. */
  readonly timers: number;
}

const resolution = 1;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();

/** What is asked for: with `collect` the garbage is collected first, which takes its time. */
export type Question = 'read' | 'collect';

function read(question: Question): Reading {
  // Before it is asked for the memory, as collecting garbage blocks the loop as well.
  const blockedMs = Math.max(0, delay.max / 1e6 - resolution);
  if (question === 'collect') (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { blockedMs, rss, heap: heapUsed + external, timers };
}

/** A block becomes visible when the loop's clock ticks next. */
const tickMs = 3;

process.on('message', (question: Question) => {
  setTimeout(() => {
    const reading = read(question);
    setTimeout(() => {
      delay.reset();
      process.send?.(reading);
    }, tickMs);
  }, tickMs);
});
// Otherwise the service would never end by itself.
process.channel?.unref();
