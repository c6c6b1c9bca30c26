import type { CancelToken } from './cancellation.ts';

/** Resolves after `ms`. Rejects with the ending's reason as soon as it comes; no timer is left behind then. */
export function sleep(ms: number, ending: CancelToken): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ending.reason !== undefined) return reject(ending.reason);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      ending.delete(listener);
      settle();
    };
    const listener = { handleEvent: () => end(() => reject(ending.reason)) };
    const timer = setTimeout(() => end(resolve), ms);
    ending.add(listener);
  });
}
