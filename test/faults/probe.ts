/**
 * The probe: loaded into the service's process before the service (`node --import`), it tells the suite, over the channel
 * between both, for how long the event loop was blocked and how much is held.
 */

/** What was read. */
export interface Reading {
  /**
   * The longest time for which the event loop was blocked since the last reading, in milliseconds of the processor: what
   * other processes took meanwhile is not the service's doing.
   */
  readonly blockedMs: number;
  /** Bytes of the process in memory. */
  readonly rss: number;
  /** Bytes of objects; of live ones alone when garbage has been collected. */
  readonly heap: number;
  /** Timers that are running. */
  readonly timers: number;
}

/** What is requested: with `collect` the garbage is collected first, which takes its time. */
export type Question = 'read' | 'collect';

/** The time that this thread has had of the processor, in milliseconds. */
const now = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

const tickMs = 1;
let lastTick = now();
let blockedMs = 0;

setInterval(() => {
  const tick = now();
  blockedMs = Math.max(blockedMs, tick - lastTick);
  lastTick = tick;
}, tickMs).unref();

function read(question: Question): Reading {
  if (question === 'collect') (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { blockedMs, rss, heap: heapUsed + external, timers };
}

process.on('message', (question: Question) => {
  // A block becomes visible with the next tick, that of reading too.
  setTimeout(() => {
    const reading = read(question);
    setTimeout(() => {
      blockedMs = 0;
      process.send?.(reading);
    }, 3 * tickMs);
  }, 3 * tickMs);
});
// Otherwise the service would never end.
process.channel?.unref();
