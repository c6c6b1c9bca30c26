/** The run cache: responses of providers that outlive a request, for runs and for other data that is read with one credential. */
import type { MonitorRunKey, Provider } from '../generated/types.ts';
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
 * The key of an entry: whose it is, and of what. The digest stands for the key and for the base URL, comes first and always has
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
  { provider, monitorId, runId }: MonitorRunKey,
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
