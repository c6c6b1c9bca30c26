/**
 * The epochs of credentials in Redis: a random number each, which all entries carry that are written while it is there. Only these
 * count. When the provider refuses the credential another epoch begins, and no entry counts any more that there is, for any process
 * and whatever the clocks say. What Redis loses brings no entry back either: the next epoch is another number.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { epochBytes } from './codec.ts';
import { toEpochKey } from './keys.ts';

/** The most epochs that are remembered; those of others are requested. */
const maxKnown = 10_000;

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
