/** The slow path, loaded at its first use: most requests take the fast path, and a process starts faster without Yoga. */

import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import type { createSlowPathServer, SlowPathOptions } from './yoga.ts';

export type SlowPath = ReturnType<typeof createSlowPathServer>;

/** @returns a function that loads the slow path, and rejects where it cannot be loaded now */
export const createSlowPath = (options: SlowPathOptions): (() => Promise<SlowPath>) =>
  lazy(async () => {
    const { createSlowPathServer } = await importModule(() => import('./yoga.ts'));
    return createSlowPathServer(options);
  });
