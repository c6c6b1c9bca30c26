/** Entries in the memory of the process. */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../core/limits.ts';
import { ageOf, type RunCache, type StoredEntry, toOwner } from './run-cache.ts';

/** What an entry takes beside its bytes and its name, roughly: objects, a separate buffer, and its place among its owner's. */
const overhead = 500;

/** How long it is cached: by the calendar, as its age is, and by the monotonic clock. */
interface MemoryEntry extends StoredEntry {
  readonly ttlMs: number;
  readonly expiresAt: number;
}

/**
 * Holds the entries that were used last, in so many bytes.
 * @param maxEntries how many at the most @default as many as the bytes allow
 */
export function createMemoryCache(
  { runCacheMaxBytes, runCacheMaxEntryBytes }: Pick<Limits, 'runCacheMaxBytes' | 'runCacheMaxEntryBytes'>,
  maxEntries?: number,
): RunCache {
  /** The names of each owner's entries, so that no other's are looked at when they are to be forgotten. */
  const namesOf = new Map<string, Set<string>>();
  const note = (name: string) => {
    const owner = toOwner(name);
    const names = namesOf.get(owner);
    if (names === undefined) namesOf.set(owner, new Set([name]));
    else names.add(name);
  };
  const unnote = (name: string) => {
    const owner = toOwner(name);
    const names = namesOf.get(owner);
    names?.delete(name);
    if (names?.size === 0) namesOf.delete(owner);
  };
  const entries = new LRUCache<string, MemoryEntry>({
    maxSize: runCacheMaxBytes,
    ...(maxEntries !== undefined && { max: maxEntries }),
    sizeCalculation: ({ bytes }, name) => bytes.length + name.length + overhead,
    onInsert: (_copy, name, reason) => {
      if (reason === 'add') note(name);
    },
    dispose: (_copy, name, reason) => {
      if (reason !== 'set') unnote(name);
    },
  });

  const find = (name: string): StoredEntry | undefined => {
    const stored = entries.get(name);
    if (stored === undefined) return undefined;
    if (ageOf(stored.readAt, Date.now()) < stored.ttlMs && performance.now() < stored.expiresAt) return stored;
    entries.delete(name);
    return undefined;
  };

  return {
    read: (names) => names.map(find),
    write(name, { bytes, readAt, freshUntil }, ttlMs) {
      if (bytes.length > runCacheMaxEntryBytes) entries.delete(name);
      else entries.set(name, { bytes: detach(bytes), readAt, freshUntil, ttlMs, expiresAt: performance.now() + ttlMs });
    },
    drop(names) {
      for (const name of names) entries.delete(name);
    },
    forget(digest) {
      for (const name of [...(namesOf.get(digest) ?? [])]) entries.delete(name);
    },
    async close() {
      entries.clear();
    },
  };
}

/** In separate memory, and no part of a larger piece that would be held by it. */
function detach(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
