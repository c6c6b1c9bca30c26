/**
 * What Redis may still have, and no reader gets any more: entries of a credential that was refused, by its epoch, and entries that are
 * gone, by their names.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { toOwner } from '../run-cache.ts';
import { epochBytes, toEpochKey, toParts, toRedisKey } from './codec.ts';

/** The most refusals that are remembered until Redis knows of them, and the most names of entries that are gone. */
const maxUntold = 10_000;

/** What was refused, or is gone, and Redis may not know yet: nothing of it is read meanwhile. */
export interface Revocations {
  /** Has none of the owner's entries count that are there now. */
  forget(digest: string): void;
  /** Has the entries of these names go. */
  drop(names: readonly string[]): void;
  /** Tells Redis what it has missed, or refused to hear. */
  flush(): void;
  /** Whether none of the owner's entries counts, though Redis may not know. */
  isRevoked(digest: string): boolean;
  /** Whether an entry of this name is none, though Redis may have it. */
  isTombstoned(name: string): boolean;
  /** Before a new copy of this name is sent. */
  writing(name: string): Sending;
}

export function createRevocations(redis: Redis, epochs: Epochs): Revocations {
  /** The owners who were refused, and the how-manieth refusal it was, as long as Redis doesn't know. */
  const pendingRevocations = new LRUCache<string, number>({ max: maxUntold });
  let count = 0;
  const tell = (digest: string, number: number) => {
    if (redis.status !== 'ready') return;
    epochs.end(digest).then(
      (isDone) => {
        if (isDone && pendingRevocations.peek(digest) === number) pendingRevocations.delete(digest);
      },
      () => {},
    );
  };
  const forget = (digest: string) => {
    epochs.doubt(digest);
    pendingRevocations.set(digest, ++count);
    tell(digest, count);
  };

  // Those of a busy outage are more than are remembered, and none of them is to come back: all of its owner's go instead.
  const tombstones = createTombstones({ most: maxUntold, onOverflow: (name) => forget(toOwner(name)) });
  const tellDropped = (names: readonly string[]) => {
    if (redis.status !== 'ready') return;
    const sending = tombstones.sending(names);
    redis.del(names.map(toRedisKey)).then(
      (deleted) => {
        if (typeof deleted === 'number') sending.done();
      },
      () => {},
    );
  };
  const drop = (names: readonly string[]) => {
    tombstones.add(names);
    tellDropped(names);
  };

  const flush = () => {
    for (const [digest, number] of pendingRevocations.entries()) tell(digest, number);
    for (const names of toParts(tombstones.all())) tellDropped(names);
  };

  return {
    forget,
    drop,
    flush,
    isRevoked: (digest) => pendingRevocations.has(digest),
    isTombstoned: tombstones.has,
    writing: (name) => tombstones.sending([name]),
  };
}

/** Names of entries that are gone, though the store outside the process may still have them. */
export interface Tombstones {
  /** Whether an entry of this name counts as none, whatever the store has. */
  has(name: string): boolean;
  add(names: readonly string[]): void;
  all(): readonly string[];
  /** Call before sending a command that removes or overwrites the entries of these names. */
  sending(names: readonly string[]): Sending;
}

/** A command that removes or overwrites the entries of its names. */
export interface Sending {
  /** Whether a name has been added since, so that what is sent would be an old entry itself. */
  isLate(): boolean;
  /** The store has done it. A name that was added since stays, as the store may have done it before it hears of that. */
  done(): void;
}

export interface TombstonesOptions {
  /** How many are remembered: those that were added last. */
  readonly most: number;
  /** There is no room for this one any more: something else is to see to it. */
  readonly onOverflow: (name: string) => void;
}

export function createTombstones({ most, onOverflow }: TombstonesOptions): Tombstones {
  let count = 0;
  /** By name, which addition was its last. */
  const added = new LRUCache<string, number>({
    max: most,
    dispose: (_number, name, reason) => {
      if (reason === 'evict') onOverflow(name);
    },
  });
  return {
    has: (name) => added.has(name),
    add(names) {
      count++;
      for (const name of names) added.set(name, count);
    },
    all: () => [...added.keys()],
    sending(names) {
      const upTo = count;
      return {
        isLate: () => names.some((name) => (added.peek(name) ?? 0) > upTo),
        done() {
          for (const name of names) if ((added.peek(name) ?? Infinity) <= upTo) added.delete(name);
        },
      };
    },
  };
}

/** The most epochs that are remembered; those of others are requested. */
const maxKnown = 10_000;

/**
 * The epochs of credentials in Redis: a random number each, which all entries carry that are written while it is there. Only these
 * count. When the provider refuses the credential another epoch begins, and no entry counts any more that there is, for any process
 * and whatever the clocks say. What Redis loses brings no entry back either: the next epoch is another number.
 */
export interface Epochs {
  /** What Redis has just said of it; the epoch, if it is one. */
  learn(digest: string, value: Buffer | null | undefined): Buffer | undefined;
  /** The epoch to write entries in, which begins now if there is none; `undefined` when it can't be had. */
  find(digest: string): Buffer | Promise<Buffer | undefined>;
  /** Begins the next one, if there is one, so that no entry counts any more. Resolves once Redis has done it; `false` when it hasn't. */
  end(digest: string): Promise<boolean>;
  /** What is known of it, or is being requested, may have ended. @param digest whose; that of all without */
  doubt(digest?: string): void;
}

/** @param ttlMs how long an epoch lasts: longer than any entry is of use */
export function createEpochs(redis: Redis, ttlMs: number): Epochs {
  const known = new LRUCache<string, Buffer>({ max: maxKnown });
  /** Those that are being requested. */
  const requested = new Map<string, Promise<Buffer | undefined>>();

  const learn = (digest: string, value: Buffer | null | undefined) => {
    const epoch = value?.length === epochBytes ? Buffer.from(value) : undefined;
    if (epoch === undefined) known.delete(digest);
    else known.set(digest, epoch);
    return epoch;
  };
  /** Begins one unless there is one by now. Its end is never put off, as that could undo a refusal. */
  const fetchEpoch = async (digest: string) => {
    const key = toEpochKey(digest);
    const [, value] = await Promise.all([
      redis.set(key, randomBytes(epochBytes), 'PX', ttlMs, 'NX'),
      redis.getBuffer(key),
    ]);
    return Buffer.isBuffer(value) ? value : undefined;
  };

  return {
    learn,
    find(digest) {
      const epoch = known.get(digest) ?? requested.get(digest);
      if (epoch !== undefined) return epoch;
      const pending: Promise<Buffer | undefined> = fetchEpoch(digest).then(
        (value) => {
          // The credential has been refused since.
          if (requested.get(digest) !== pending) return undefined;
          requested.delete(digest);
          return learn(digest, value);
        },
        (error: unknown) => {
          if (requested.get(digest) === pending) requested.delete(digest);
          throw error;
        },
      );
      requested.set(digest, pending);
      return pending;
    },
    async end(digest) {
      // Of one who has no entries there is nothing to be ended.
      const reply: unknown = await redis.set(toEpochKey(digest), randomBytes(epochBytes), 'PX', ttlMs, 'XX');
      return reply === 'OK' || reply === null;
    },
    doubt(digest) {
      if (digest === undefined) {
        known.clear();
        requested.clear();
      } else {
        known.delete(digest);
        requested.delete(digest);
      }
    },
  };
}
