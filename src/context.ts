/** What a resolver can reach. */
import { createRunLoader, type LoaderOptions, type RunLoader } from './loaders.ts';

export interface Context {
  readonly runs: RunLoader;
}

/** Made anew for each request. */
export const createContext = (options: LoaderOptions): Context => ({ runs: createRunLoader(options) });
