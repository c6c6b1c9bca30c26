/** Small records of one kind, each stored for one credential: in the same store as the run cache; and how large ones are packed. */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Provider } from '../generated/types.ts';
import type { Credential } from '../upstream/credential.ts';
import { ageOf, type RunCache, type StoredEntries, toCacheKey } from './run-cache.ts';

/** Whose a record is, and of which provider. */
export interface CacheOwner {
  readonly credential: Pick<Credential, 'digest'>;
  readonly provider: Provider;
}

/** Times are Unix milliseconds. */
export interface CacheEntry {
  /** It may be a part of something larger. A store may be outside the process: the reader checks what it gets. */
  readonly bytes: Buffer;
  readonly fetchedAt: number;
}

export type CacheEntries = readonly (CacheEntry | undefined)[];

/** Never fails: what can't be read isn't there, and what can't be written is lost. All of it goes with its credential (401). */
export interface CredentialCache {
  /** The owner's records under these keys that are younger than `maxAgeMs`, in their order; at once, or soon. */
  getMany(owner: CacheOwner, keys: readonly string[], maxAgeMs: number): CacheEntries | Promise<CacheEntries>;
  /** Stores a record for `ttlMs` at most, for all readers. */
  set(owner: CacheOwner, key: string, entry: CacheEntry, ttlMs: number): void;
  delete(owner: CacheOwner, keys: readonly string[]): void;
}

/** @param kind what the records are, another word for each use of a store; keys of two kinds never meet */
export function createCredentialCache(store: RunCache, kind: string): CredentialCache {
  const nameOf = ({ credential, provider }: CacheOwner, key: string) => toCacheKey(credential, provider, kind, key);
  return {
    getMany(owner, keys, maxAgeMs) {
      const toEntries = (entries: StoredEntries): CacheEntries => {
        const now = Date.now();
        return keys.map((_key, place) => {
          const stored = entries[place];
          const isFresh = stored !== undefined && ageOf(stored.readAt, now) < maxAgeMs && now < stored.freshUntil;
          return isFresh ? { bytes: stored.bytes, fetchedAt: stored.readAt } : undefined;
        });
      };
      const entries = store.read(keys.map((key) => nameOf(owner, key)));
      return entries instanceof Promise ? entries.then(toEntries) : toEntries(entries);
    },
    set(owner, key, { bytes, fetchedAt }, ttlMs) {
      store.write(nameOf(owner, key), { bytes, readAt: fetchedAt, freshUntil: fetchedAt + ttlMs }, ttlMs);
    },
    delete(owner, keys) {
      store.drop(keys.map((key) => nameOf(owner, key)));
    },
  };
}

/** Entries from so many bytes on are compressed, as a store outside the process takes no large ones. */
const compressFromBytes = 16 * 1024;

/** An entry is never larger than this when it is unpacked, whatever a provider sends and a store gives. */
export const maxUnpackedBytes = 8 * 1024 * 1024;

const plain = Buffer.of(0);
const packed = Buffer.of(1);

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/**
 * The bytes with a mark that says whether they are compressed.
 * @throws {RangeError} when they are too many
 */
export async function pack(bytes: Buffer): Promise<Buffer> {
  if (bytes.length < compressFromBytes) return Buffer.concat([plain, bytes]);
  if (bytes.length > maxUnpackedBytes) throw new RangeError('an entry that is too large');
  return Buffer.concat([packed, await deflate(bytes, { level: 1 })]);
}

/** What {@link pack} was given; `undefined` when it is anything else. */
export async function unpack(bytes: Buffer): Promise<Buffer | undefined> {
  try {
    if (bytes[0] === plain[0]) return bytes.subarray(1);
    if (bytes[0] === packed[0]) return await inflate(bytes.subarray(1), { maxOutputLength: maxUnpackedBytes });
  } catch {
    // Another writer of the store may have spoilt it.
  }
  return undefined;
}
