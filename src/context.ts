/** What a resolver can reach. */
import { Allowance } from './allowance.ts';
import type { Limits } from './limits.ts';
import { type LoaderOptions, RunLoader } from './loaders.ts';
import type { FieldContext } from './providers/provider.ts';

export interface Context extends FieldContext {
  readonly runs: RunLoader;
  /** How many representations of entities one field takes. */
  readonly maxRepresentations: number;
}

export interface ContextOptions extends LoaderOptions {
  readonly limits: Limits;
}

/** Made anew for each request. */
export const createContext = (options: ContextOptions): Context => ({
  runs: new RunLoader(options),
  allowance: new Allowance(options.limits.maxResponseBytes, options.limits.maxRepresentations),
  maxLevels: options.limits.maxLevels,
  maxRepresentations: options.limits.maxRepresentations,
});
