/** How late the event loop is. */

export interface EventLoopLag {
  /** The longest delay of the last second or two, in milliseconds. */
  ms(): number;
  close(): void;
}

/**
 * A timer that knows when it is due. `monitorEventLoopDelay` of Node.js wakes the process as often, and was seen to miss
 * what holds the loop up around the moment at which its histogram is read and emptied.
 */
export function createEventLoopLag(): EventLoopLag {
  const tickMs = 50;
  let due = performance.now() + tickMs;
  let since = due;
  let before = 0;
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + tickMs;
    if (now - since < 1_000) return;
    [since, before, worst] = [now, worst, 0];
  }, tickMs).unref();
  return {
    ms: () => Math.max(before, worst),
    close: () => clearInterval(timer),
  };
}
