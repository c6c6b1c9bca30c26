/** The slow path, loaded at its first use: most requests take the fast path, and a process starts faster without Yoga. */

import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import type { createFullWay, FullWayOptions } from './yoga.ts';

export type SlowPath = ReturnType<typeof createFullWay>;

/** @returns a function that loads the slow path, and rejects where it cannot be loaded now */
export const createSlowPath = (options: FullWayOptions): (() => Promise<SlowPath>) =>
  lazy(async () => {
    const { createFullWay } = await importModule(() => import('./yoga.ts'));
    return createFullWay(options);
  });
