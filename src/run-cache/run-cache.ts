/**
 * The run cache: responses of providers that outlive a request, for runs and for other data that is read with one credential. Here is
 * what every store of it does, and the store in the memory of the process.
 */
import { LRUCache } from 'lru-cache';
import type { RunKey } from '../core/accounts.ts';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import type { Credential } from '../upstream/credential.ts';

/** A cached response, and how long it is valid. All times are Unix milliseconds. */
export interface StoredEntry {
  /** The JSON object, as UTF-8. It may be a part of something larger, so a cache that stores it for long copies it. */
  readonly bytes: Buffer;
  readonly readAt: number;
  /** Until when its writer considers it fresh. The reader has another limit, and the earlier one counts. */
  readonly freshUntil: number;
}

/**
 * The store of the run cache. It never fails: what can't be read isn't there, and what can't be written is lost. Names are of
 * {@link toCacheKey}.
 */
export interface RunCache {
  /** The entries of these names, in their order; at once, or soon. */
  read(names: readonly string[]): StoredEntries | Promise<StoredEntries>;
  /** Stores it for at most so many milliseconds. */
  write(name: string, stored: StoredEntry, ttlMs: number): void;
  /** Forgets entries of what is gone. */
  drop(names: readonly string[]): void;
  /** Forgets all entries of a credential, by its digest: its provider has refused it. What is read later is cached as usual. */
  forget(digest: string): void;
  /** Lets go of whatever holds the process. */
  close(): Promise<void>;
}

export type StoredEntries = readonly (StoredEntry | undefined)[];

/** `run`: the answer for the run itself. `row`: what a list says of it. */
export type EntryKind = 'run' | 'row';

/**
 * The form of names, of what is stored under them, and of what a store notes beside them. A change of any of it takes another
 * number: processes of two releases that share a store never read each other's entries.
 */
export const formatVersion = 2;

/**
 * The key of an entry: whose it is, and of what. The digest stands for the key, the account and the base URL, comes first and always has
 * the same length; the kind has no slash: so no two objects share a name.
 */
export const toCacheKey = (
  { digest }: Pick<Credential, 'digest'>,
  provider: Provider,
  kind: string,
  key: string,
): string => `${digest}/${formatVersion}/${provider}/${kind}/${key}`;

/** The name of an entry of a run. */
export const toRunName = (
  credential: Pick<Credential, 'digest'>,
  { provider, monitorId, runId }: RunKey,
  kind: EntryKind,
): string => toCacheKey(credential, provider, kind, `${monitorId}/${runId}`);

/** The digest of the credential that an entry of this name belongs to. */
export const toOwner = (name: string): string => name.slice(0, digestLength);

/** Of SHA-256 in base64. */
const digestLength = 44;

/** How far apart the clocks of two processes may be, in milliseconds. */
const maxClockSkewMs = 1_000;

/**
 * How long ago that was, in milliseconds. What was read in the future, as a clock has been set back since, is older than anything
 * may be: its age is unknown.
 */
export const ageOf = (readAt: number, now: number): number =>
  readAt > now + maxClockSkewMs ? Number.POSITIVE_INFINITY : Math.max(0, now - readAt);

/** What an entry takes in memory beside its bytes and its name, roughly: objects, a separate buffer, and its place among its owner's. */
const overhead = 500;

/** How long it is cached: by the calendar, as its age is, and by the monotonic clock. */
interface MemoryEntry extends StoredEntry {
  readonly ttlMs: number;
  readonly expiresAt: number;
}

/**
 * Holds the entries that were used last in the memory of the process, in so many bytes.
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
