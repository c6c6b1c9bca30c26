import type { Ending } from './ending.ts';

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Comes when the client leaves. */
  readonly ending: Ending;
  readonly requestId: string;
}
