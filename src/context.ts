/** What a resolver can reach. */
import { type Allowance, createAllowance } from './allowance.ts';
import { createRunLoader, type LoaderOptions, type RunLoader } from './loaders.ts';

export interface Context {
  readonly runs: RunLoader;
  /** What the fields of its runs may spend. */
  readonly allowance: Allowance;
}

export interface ContextOptions extends LoaderOptions {
  /** The allowance of the request, in bytes. */
  readonly maxResponseBytes: number;
}

/** Made anew for each request. */
export const createContext = (options: ContextOptions): Context => ({
  runs: createRunLoader(options),
  allowance: createAllowance(options.maxResponseBytes),
});
