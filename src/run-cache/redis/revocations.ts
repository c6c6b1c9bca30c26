/** What was refused, or is gone, and Redis may not know yet: nothing of it is read meanwhile. */
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { toOwner } from '../run-cache.ts';
import type { Epochs } from './epochs.ts';
import { toParts, toRedisKey } from './keys.ts';
import { createTombstones, type Sending } from './tombstones.ts';

/** The most refusals that are remembered until Redis knows of them, and the most names of entries that are gone. */
const maxUntold = 10_000;

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
