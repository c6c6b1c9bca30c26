/** What a resolver can reach. */
import { createRunLoader, type RunLoader, type Upstreams } from './loaders.ts';
import type { Call } from './upstream/upstream.ts';

export interface Context {
  readonly runs: RunLoader;
}

/** Made anew for each request. */
export const createContext = (upstreams: Upstreams, call: Call): Context => ({
  runs: createRunLoader(upstreams, call),
});
