/** A provider, as a feed reads it. */
import type { Context } from '../context.ts';
import { ProviderError } from '../errors.ts';
import type { Provider } from '../generated/types.ts';
import type { Get, ProviderDefinition } from '../providers/provider.ts';
import type { Budget } from './budget.ts';
import type { Gaps } from './gaps.ts';
import type { Question } from './question.ts';

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
  readonly context: Context;
}

/** Whether the provider can be asked; a gap when it can't, and the client might think so. */
export function isAskable(
  provider: Provider,
  { isNamed }: Question,
  { credentialOf }: Pick<Context, 'credentialOf'>,
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
