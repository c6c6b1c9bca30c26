/** A provider, as a feed reads it. */
import type { CredentialOf } from '../credentials.ts';
import { ProviderError } from '../errors.ts';
import type { Fetches } from '../fetching/fetches.ts';
import type { Provider } from '../generated/types.ts';
import type { Limits } from '../limits.ts';
import type { MonitorLoader } from '../loaders/monitor-loader.ts';
import type { RunLoader } from '../loaders/run-loader.ts';
import type { Price } from '../price.ts';
import type { FieldContext, Get, ProviderDefinition } from '../providers/provider.ts';
import type { Budget } from './budget.ts';
import type { Feeds } from './feeds.ts';
import type { Gaps } from './gaps.ts';
import type { Question } from './question.ts';

/** What of its request a feed can reach. */
export interface FeedContext extends FieldContext {
  readonly runs: RunLoader;
  readonly monitors: FieldContext['monitors'] & Pick<MonitorLoader, 'note'>;
  readonly fetches: Fetches;
  readonly feeds: Feeds;
  readonly credentialOf: CredentialOf;
  readonly price: Price;
  /** When the request came, in Unix milliseconds. */
  readonly now: number;
  readonly limits: Limits;
}

/** The part of a provider's definition that a feed needs. */
export interface FeedDefinition {
  readonly runs: Pick<ProviderDefinition['runs'], 'readPage' | 'toListedRun'>;
  readonly monitors: Pick<ProviderDefinition['monitors'], 'walk' | 'mostPages' | 'isKey' | 'lagMs'>;
}

export interface FeedSource extends FeedDefinition {
  readonly provider: Provider;
  /** Asks it, within the budget. */
  readonly get: Get;
  readonly budget: Budget;
  readonly gaps: Gaps;
  readonly question: Question;
  readonly context: FeedContext;
}

/** Whether the provider can be asked; a gap when it can't, and the client might think so. */
export function isAskable(
  provider: Provider,
  { isNamed }: Question,
  { credentialOf }: Pick<FeedContext, 'credentialOf'>,
  gaps: Gaps,
): boolean {
  try {
    credentialOf(provider);
    return true;
  } catch (error) {
    const isOff = error instanceof ProviderError && error.extensions.code === 'PROVIDER_NOT_CONFIGURED';
    if (isNamed || !isOff) gaps.add(provider, null, error);
    return false;
  }
}
