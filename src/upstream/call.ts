import type { Provider } from '../generated/types.ts';
import { Price } from '../price.ts';
import type { Line } from './bulkhead.ts';
import type { Ending } from './ending.ts';

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Comes when the client leaves. */
  readonly ending: Ending;
  readonly requestId: string;
  /** Where it stands at each provider that it has asked. */
  readonly lines: Partial<Record<Provider, Line>>;
  /** Whom its attempts are counted for. */
  readonly price: Price;
  /** Since when its time runs, by the monotonic clock. @default since it is asked for */
  readonly since?: number;
  /** Told before each attempt. What it throws ends the call, which is no failure. */
  send?(): void;
}

/** @param isExplained whether somebody wants to know why its calls are made */
export const createCall = (requestId: string, ending: Ending, isExplained = false): Call => ({
  ending,
  requestId,
  lines: {},
  price: new Price(isExplained),
});
