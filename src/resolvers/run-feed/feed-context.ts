/** What the run feed needs of the request that it belongs to, and of the providers. */

import type { Limits } from '../../core/limits.ts';
import type { MonitorLoader } from '../../loaders/monitor-loader.ts';
import type { Fetches } from '../../loaders/request-fetcher.ts';
import type { RunLoader } from '../../loaders/run-loader.ts';
import type { CredentialOf } from '../../providers/credentials.ts';
import type { FieldContext, ProviderDefinition } from '../../providers/provider.ts';
import type { KeptRuns } from '../../run-cache/run-cache.ts';
import type { Price } from '../../upstream/call-report.ts';
import type { RunFeedBudget } from './call-budget.ts';

/** What of its request the feed can reach. */
export interface FeedContext extends FieldContext {
  readonly runs: RunLoader;
  readonly monitors: FieldContext['monitors'] & Pick<MonitorLoader, 'note'>;
  readonly fetches: Fetches;
  readonly feedBudget: RunFeedBudget;
  readonly credentialOf: CredentialOf;
  readonly price: Price;
  /** What outlives the request. @default nothing does */
  readonly kept?: KeptRuns | undefined;
  /** When the request came, in Unix milliseconds. */
  readonly now: number;
  readonly limits: Limits;
  /** How long the operation may still take, in milliseconds. */
  remainingMs(): number;
}

/** The part of a provider's definition that the feed needs. */
export interface FeedDefinition {
  readonly runs: Pick<ProviderDefinition['runs'], 'pages' | 'toListedRun' | 'endurance'>;
  readonly monitors: Pick<ProviderDefinition['monitors'], 'walk' | 'isKey' | 'lagMs'>;
}
