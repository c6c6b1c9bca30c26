import type { Provider } from '../generated/types.ts';
import type { Line } from './bulkhead.ts';
import type { Ending } from './ending.ts';

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Comes when the client leaves. */
  readonly ending: Ending;
  readonly requestId: string;
  /** Where it stands at each provider that it has asked. */
  readonly lines: Partial<Record<Provider, Line>>;
}

export const createCall = (requestId: string, ending: Ending): Call => ({ ending, requestId, lines: {} });
