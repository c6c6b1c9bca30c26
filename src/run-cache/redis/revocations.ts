/** What was refused, or is gone, and Redis may not know yet: nothing of it is read meanwhile. */
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { toOwner } from '../run-cache.ts';
import type { Epochs } from './epochs.ts';
import { toParts, toRedisKey } from './keys.ts';
import { createTombstones, type Sending } from './tombstones.ts';

/** The most refusals that are remembered until Redis knows of them, and the most names of copies that are gone. */
const maxUntold = 10_000;

export interface Refusals {
  /** Has none of the owner's copies count that are there now. */
  forget(digest: string): void;
  /** Has the copies of these names go. */
  drop(names: readonly string[]): void;
  /** Tells Redis what it has missed, or refused to hear. */
  catchUp(): void;
  /** Whether none of the owner's copies counts, though Redis may not know. */
  isForgotten(digest: string): boolean;
  /** Whether a copy of this name is none, though Redis may have it. */
  isGone(name: string): boolean;
  /** Before a new copy of this name is sent. */
  writing(name: string): Sending;
}

export function createRefusals(redis: Redis, epochs: Epochs): Refusals {
  /** The owners who were refused, and the how-manieth refusal it was, as long as Redis doesn't know. */
  const untold = new LRUCache<string, number>({ max: maxUntold });
  let count = 0;
  const tell = (digest: string, number: number) => {
    if (redis.status !== 'ready') return;
    epochs.end(digest).then(
      (isDone) => {
        if (isDone && untold.peek(digest) === number) untold.delete(digest);
      },
      () => {},
    );
  };
  const forget = (digest: string) => {
    epochs.doubt(digest);
    untold.set(digest, ++count);
    tell(digest, count);
  };

  // Those of a busy outage are more than are remembered, and none of them is to come back: all of its owner's go instead.
  const pendingTombstones = createTombstones({ most: maxUntold, onOverflow: (name) => forget(toOwner(name)) });
  const tellDropped = (names: readonly string[]) => {
    if (redis.status !== 'ready') return;
    const sending = pendingTombstones.sending(names);
    redis.del(names.map(toRedisKey)).then(
      (deleted) => {
        if (typeof deleted === 'number') sending.done();
      },
      () => {},
    );
  };
  const drop = (names: readonly string[]) => {
    pendingTombstones.add(names);
    tellDropped(names);
  };

  const catchUp = () => {
    for (const [digest, number] of untold.entries()) tell(digest, number);
    for (const names of toParts(pendingTombstones.all())) tellDropped(names);
  };

  return {
    forget,
    drop,
    catchUp,
    isForgotten: (digest) => untold.has(digest),
    isGone: pendingTombstones.has,
    writing: (name) => pendingTombstones.sending([name]),
  };
}
