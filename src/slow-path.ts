/** The slow path, loaded at its first use: most requests take the fast path, and a process starts faster without Yoga. */
import type { createFullWay, FullWayOptions } from './full-way.ts';
import { importModule } from './import-module.ts';
import { lazy } from './lazy.ts';

export type SlowPath = ReturnType<typeof createFullWay>;

/** @returns a function that loads the slow path, and rejects where it cannot be loaded now */
export const createSlowPath = (options: FullWayOptions): (() => Promise<SlowPath>) =>
  lazy(async () => {
    const { createFullWay } = await importModule(() => import('./full-way.ts'));
    return createFullWay(options);
  });
