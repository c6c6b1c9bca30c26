/** What was refused, or is gone, and Redis may not know yet: nothing of it is read meanwhile. */
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { toOwner } from './kept-runs.ts';
import { toParts, toRedisKey, toSinceKey } from './redis-keys.ts';
import { createUndropped } from './undropped.ts';

/** How far apart the clocks of two processes may be, in milliseconds. */
export const clockMs = 1_000;

/** The most refusals that are remembered until Redis knows of them, and the most names of copies that are gone. */
const mostUntold = 10_000;

export interface Refusals {
  /** Has none of the owner's copies count that were read until now. */
  forget(digest: string): void;
  /** Has the copies of these names go. */
  drop(names: readonly string[]): void;
  /** Tells Redis what it has missed, or refused to hear. */
  catchUp(): void;
  /** Since when the owner's copies count, as far as Redis may not know, in Unix milliseconds; 0 where it does. */
  sinceOf(digest: string): number;
  /** Whether a copy of this name is none, though Redis may have it. */
  isGone(name: string): boolean;
  /** Before a new copy of this name is sent; what it gives is for once Redis has it. */
  writing(name: string): () => void;
}

export function createRefusals(redis: Redis, keepStaleMs: number): Refusals {
  /** The owners who were refused, and until when what was read of them doesn't count, as long as Redis doesn't know. */
  const untold = new LRUCache<string, number>({ max: mostUntold });
  const tell = (digest: string, since: number) => {
    if (redis.status !== 'ready') return;
    // Of one who has no copies there is nothing to be known.
    redis.set(toSinceKey(digest), since, 'PX', 2 * keepStaleMs, 'XX').then(
      () => {
        if (untold.peek(digest) === since) untold.delete(digest);
      },
      () => {},
    );
  };
  const forget = (digest: string) => {
    const since = Date.now() + clockMs;
    untold.set(digest, since);
    tell(digest, since);
  };

  // Those of a busy outage are more than are remembered, and none of them is to come back: all of its owner's go instead.
  const undropped = createUndropped({ most: mostUntold, onOverflow: (name) => forget(toOwner(name)) });
  const tellDropped = (names: readonly string[]) => {
    if (redis.status === 'ready') redis.del(names.map(toRedisKey)).then(undropped.sending(names), () => {});
  };
  const drop = (names: readonly string[]) => {
    undropped.add(names);
    tellDropped(names);
  };

  const catchUp = () => {
    for (const [digest, since] of untold.entries()) tell(digest, since);
    for (const names of toParts(undropped.all())) tellDropped(names);
  };

  return {
    forget,
    drop,
    catchUp,
    sinceOf: (digest) => untold.get(digest) ?? 0,
    isGone: undropped.has,
    writing: (name) => undropped.sending([name]),
  };
}
