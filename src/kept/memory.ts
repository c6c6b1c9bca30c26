/** Copies of runs in the memory of the process. */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import type { Copy, KeptRuns } from './kept-runs.ts';

/** What a copy takes beside its bytes and its name, roughly: objects, and a buffer of its own. */
const overhead = 400;

/** Keeps those that were asked for last, in so many bytes. */
export function createMemoryRuns(limits: Pick<Limits, 'maxKeptRunBytes' | 'maxKeptRunSize' | 'keepStaleMs'>): KeptRuns {
  const { maxKeptRunBytes, maxKeptRunSize, keepStaleMs } = limits;
  const copies = new LRUCache<string, Copy>({
    maxSize: maxKeptRunBytes,
    sizeCalculation: ({ bytes }, name) => bytes.length + name.length + overhead,
  });

  const find = (name: string): Copy | undefined => {
    const copy = copies.get(name);
    if (copy === undefined || copy.readAt + keepStaleMs > Date.now()) return copy;
    copies.delete(name);
    return undefined;
  };

  return {
    read: (names) => names.map(find),
    write(name, { bytes, ...times }) {
      if (bytes.length > maxKeptRunSize) copies.delete(name);
      else copies.set(name, { bytes: detach(bytes), ...times });
    },
    drop(names) {
      for (const name of names) copies.delete(name);
    },
    async close() {
      copies.clear();
    },
  };
}

/** In memory of its own, and no part of a larger piece that would be held by it. */
function detach(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
