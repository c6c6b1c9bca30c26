/** The stores that outlive a request, for tests of what all of them promise. */
import { onTestFinished } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createRedisCache } from '../../src/run-cache/redis/redis-cache.ts';
import { createMemoryCache, type RunCache } from '../../src/run-cache/run-cache.ts';
import { hasRedisServer, startRedisServer } from './redis-server.ts';

export interface TestedStore {
  readonly name: string;
  /** Makes one for the test that calls it; each of what it gives is another process on the same store. */
  create(): Promise<() => Promise<RunCache>>;
}

const memory: TestedStore = {
  name: 'memory',
  async create() {
    const store = createMemoryCache(defaultLimits);
    return async () => store;
  },
};

const redis: TestedStore = {
  name: 'Redis',
  async create() {
    const { url } = await startRedisServer();
    return async () => {
      // The machines of tests are slow and shared.
      const store = await createRedisCache({
        url,
        log: silentLog,
        limits: { ...defaultLimits, redisTimeoutMs: 5_000 },
      });
      onTestFinished(() => store.close());
      return store;
    };
  },
};

// On a laptop a missing Redis skips its tests, as those of Redis itself say; in CI it fails them.
export const stores: readonly TestedStore[] = hasRedisServer || process.env.CI ? [memory, redis] : [memory];

/** Resolves with what `read` finds, once it finds anything: a store outside the process may take a moment to have it. */
export async function found<Found>(read: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
  }
}
