/** How late the event loop is. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelay {
  /** The 99th percentile of the last whole second, in milliseconds. */
  ms(): number;
  close(): void;
}

/** The clock that is watched is Node.js's own and runs outside of JavaScript; only once a second it is read. */
export function createLoopDelay(): LoopDelay {
  const resolution = 50;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let ms = 0;
  const timer = setInterval(() => {
    // The histogram holds the time between two ticks, which is `resolution` when nothing is late.
    ms = Math.max(0, histogram.percentile(99) / 1e6 - resolution);
    histogram.reset();
  }, 1_000).unref();
  return {
    ms: () => ms,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
