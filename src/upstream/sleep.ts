import type { CancelToken } from './cancellation.ts';

/** Resolves after `ms`. Rejects with the cancellation's reason at once, and leaves no timer. */
export function sleep(ms: number, cancellation: CancelToken): Promise<void> {
  return new Promise((resolve, reject) => {
    if (cancellation.reason !== undefined) return reject(cancellation.reason);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      cancellation.delete(listener);
      settle();
    };
    const listener = { handleEvent: () => end(() => reject(cancellation.reason)) };
    const timer = setTimeout(() => end(resolve), ms);
    cancellation.add(listener);
  });
}
