/** What a resolver can reach. */
import { createAllowance } from './allowance.ts';
import type { Limits } from './limits.ts';
import { createRunLoader, type LoaderOptions, type RunLoader } from './loaders.ts';
import type { FieldContext } from './providers/provider.ts';

export interface Context extends FieldContext {
  readonly runs: RunLoader;
}

export interface ContextOptions extends LoaderOptions {
  readonly limits: Limits;
}

/** Made anew for each request. */
export const createContext = (options: ContextOptions): Context => ({
  runs: createRunLoader(options),
  allowance: createAllowance(options.limits.maxResponseBytes),
  maxLevels: options.limits.maxLevels,
});
