/** Lets a task in when there is room, in the order of asking; a task whose signal aborts while it waits never starts. */
export type Bulkhead = <Result>(signal: AbortSignal, task: () => Promise<Result>) => Promise<Result>;

/** Makes a bulkhead with room for `size` tasks at a time. One a provider, so that a slow one can't starve the other. */
export function createBulkhead(size: number): Bulkhead {
  let inside = 0;
  const waiting = new Set<() => void>();

  const wait = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(enter);
        reject(signal.reason);
      };
      waiting.add(enter);
      signal.addEventListener('abort', leave);
    });

  /** Hands the place to whoever has waited longest. */
  const release = () => {
    const [next] = waiting;
    if (next === undefined) {
      inside--;
      return;
    }
    waiting.delete(next);
    next();
  };

  return async (signal, task) => {
    if (inside < size) inside++;
    else await wait(signal);
    try {
      return await task();
    } finally {
      release();
    }
  };
}
