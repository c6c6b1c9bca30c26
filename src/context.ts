/** What a resolver can reach. */
import { Allowance } from './allowance.ts';
import type { CredentialOf } from './credentials.ts';
import { Feeds } from './feed/feeds.ts';
import { Fetches, type FetchOptions } from './fetching/fetches.ts';
import type { KeptRuns } from './kept/kept-runs.ts';
import type { Limits } from './limits.ts';
import { Lists } from './loaders/lists.ts';
import { MonitorLoader } from './loaders/monitor-loader.ts';
import { RunLoader } from './loaders/run-loader.ts';
import type { Price } from './price.ts';
import type { FieldContext } from './providers/provider.ts';
import type { Ending } from './upstream/ending.ts';

export interface Context extends FieldContext {
  readonly runs: RunLoader;
  readonly monitors: MonitorLoader;
  readonly lists: Lists;
  readonly feeds: Feeds;
  readonly fetches: Fetches;
  readonly credentialOf: CredentialOf;
  readonly price: Price;
  /** When the request came, in Unix milliseconds: one time for all that goes by it, so that the same calls are one. */
  readonly now: number;
  readonly limits: Limits;
  /** How many representations of entities one field takes. */
  readonly maxRepresentations: number;
}

/** Who asks. */
export interface Asker {
  readonly requestId: string;
  /** The value of a header of the request, given its name in lower case. */
  header(name: string): string | null | undefined;
  /** Whether an answer that comes in parts is wanted so. @default false */
  readonly acceptsParts?: boolean;
  /** Comes when nobody waits for the answer any more. */
  readonly ending: Ending;
}

export interface ContextOptions extends FetchOptions {
  readonly limits: Limits;
  /** Copies of runs that outlive the request. @default none are kept */
  readonly kept?: KeptRuns | undefined;
}

/** Made anew for each request. */
export function createContext(options: ContextOptions): Context {
  const { limits, kept, credentialOf, call } = options;
  const { price } = call;
  const fetches = new Fetches(options);
  const runs = new RunLoader({ fetches, credentialOf, kept, price, limits });
  const monitors = new MonitorLoader({ fetches, price, limits });
  return {
    runs,
    monitors,
    lists: new Lists({ fetches, price, runs, monitors, limits }),
    feeds: new Feeds(limits),
    fetches,
    credentialOf,
    price,
    now: Date.now(),
    limits,
    allowance: new Allowance(limits),
    maxLevels: limits.maxLevels,
    maxRepresentations: limits.maxRepresentations,
  };
}
