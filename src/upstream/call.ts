/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}
