/** Names of entries that are gone, though the store outside the process may still have them. */
import { LRUCache } from 'lru-cache';

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
