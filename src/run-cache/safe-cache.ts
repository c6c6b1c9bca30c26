/**
 * Any store of entries, held to what is promised of one: it never fails, whatever it does, no request waits for it for long, and what it
 * gives are entries.
 */
import type { Log } from '../observability/logger.ts';
import type { RunCache, StoredEntries, StoredEntry } from './run-cache.ts';

/** How long after a failure another one is logged at the earliest, in milliseconds, if the store has worked in between. */
const restMs = 1_000;

const nothing: StoredEntries = [];

/** @param maxReadMs what takes longer to read isn't there */
export function createSafeCache(store: RunCache, log: Log, maxReadMs: number): RunCache {
  const health = createAvailability({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'run cache store failing'),
    onFound: () => log.info({}, 'run cache store recovered'),
  });
  const fail = (error: unknown) => {
    // Its words may be of what is cached.
    health.markDown(error instanceof Error ? error.name : 'unknown');
    return nothing;
  };
  const toEntries = (found: unknown): StoredEntries => {
    if (!Array.isArray(found)) return fail(new TypeError());
    if (health.isDown) health.find();
    return found.map((stored: unknown) => (isStoredEntry(stored) ? stored : undefined));
  };
  const inTime = (found: PromiseLike<unknown>) =>
    new Promise<StoredEntries>((resolve) => {
      let isOver = false;
      const end = (toResult: () => StoredEntries) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        resolve(toResult());
      };
      const late = () => end(() => fail(new LateStore()));
      // When it was this process that was late, what was read is there, and comes before what is immediate.
      const timer = setTimeout(() => setImmediate(late), maxReadMs);
      found.then(
        (entries) => end(() => toEntries(entries)),
        (error: unknown) => end(() => fail(error)),
      );
    });
  /** Whether it is done at once or later, no request waits for it. */
  const attempt = (act: () => unknown) => {
    try {
      const done = act();
      if (isPromise(done)) done.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  };

  return {
    read(names) {
      try {
        const found: unknown = store.read(names);
        return isPromise(found) ? inTime(found) : toEntries(found);
      } catch (error) {
        return fail(error);
      }
    },
    write: (name, stored, ttlMs) => attempt(() => store.write(name, stored, ttlMs)),
    drop: (names) => attempt(() => store.drop(names)),
    forget: (digest) => attempt(() => store.forget(digest)),
    close: () => store.close(),
  };
}

class LateStore extends Error {
  override readonly name = 'late';
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';

function isStoredEntry(value: unknown): value is StoredEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, readAt, freshUntil } = value as Partial<StoredEntry>;
  return Buffer.isBuffer(bytes) && typeof readAt === 'number' && typeof freshUntil === 'number';
}

/** Whether something outside the process is there: told once when it goes, and once when it is back. */
export interface Availability {
  readonly isDown: boolean;
  /** Whether a request may be sent: always while Redis is available; otherwise one now and then, as a probe. */
  allowProbe(): boolean;
  /** A request has failed. @param reason a word for the log */
  markDown(reason: string): void;
  /** A request has succeeded. */
  find(): void;
}

export interface AvailabilityOptions {
  /** How long it is left alone after each failure, in milliseconds. */
  readonly restMs: number;
  readonly onLost: (reason: string) => void;
  readonly onFound: () => void;
}

/** Makes one of what is taken to be there. Its clock is monotonic. */
export function createAvailability({ restMs, onLost, onFound }: AvailabilityOptions): Availability {
  let isDown = false;
  let restsUntil = 0;
  const rest = () => {
    restsUntil = performance.now() + restMs;
  };
  return {
    get isDown() {
      return isDown;
    },
    allowProbe() {
      if (!isDown) return true;
      if (performance.now() < restsUntil) return false;
      // For the others it goes on resting, until this one knows.
      rest();
      return true;
    },
    markDown(reason) {
      rest();
      if (isDown) return;
      isDown = true;
      onLost(reason);
    },
    find() {
      if (!isDown) return;
      isDown = false;
      onFound();
    },
  };
}
