/** What the run feed needs of the request that it belongs to, and of the providers. */

import type { Limits } from '../../core/limits.ts';
import type { MonitorLoader } from '../../loaders/monitor-loader.ts';
import type { RequestFetcher } from '../../loaders/request-fetcher.ts';
import type { RunLoader } from '../../loaders/run-loader.ts';
import type { CredentialOf } from '../../providers/credentials.ts';
import type { FieldContext, ProviderDefinition } from '../../providers/provider.ts';
import type { RunCache } from '../../run-cache/run-cache.ts';
import type { CallReport } from '../../upstream/call-report.ts';
import type { RunFeedBudget } from './call-budget.ts';

/** What of its request the feed can reach. */
export interface FeedContext extends FieldContext {
  readonly runs: RunLoader;
  readonly monitors: FieldContext['monitors'] & Pick<MonitorLoader, 'note'>;
  readonly fetches: RequestFetcher;
  readonly feedBudget: RunFeedBudget;
  readonly credentialOf: CredentialOf;
  readonly callReport: CallReport;
  /** What outlives the request. @default nothing does */
  readonly runCache?: RunCache | undefined;
  /** When the request came, in Unix milliseconds. */
  readonly now: number;
  /** How old an answer may be for this client, in milliseconds, whatever the limits allow. */
  readonly maxAgeMs: number;
  readonly limits: Limits;
  /** How long the operation may still take, in milliseconds. */
  remainingMs(): number;
}

/** The part of a provider's definition that the feed needs. */
export interface FeedDefinition {
  readonly runs: Pick<ProviderDefinition['runs'], 'pages' | 'toListedRun' | 'cacheability'>;
  readonly monitors: Pick<ProviderDefinition['monitors'], 'walk' | 'isKey' | 'lagMs'>;
}
