/** A question to a provider. */

export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone, but for its query. */
  readonly path: string;
  /** Fields of the response that must have the requested values, where they are there. */
  readonly echoes: Readonly<Record<string, string>>;
  /** The member of the response that is a list of rows, all of which are read. */
  readonly rows?: string;
  /**
   * Whether it has a cursor or tags that a client chose and this service can't check: a failure of the provider at that (500) isn't
   * retried. @default false
   */
  readonly isClientControlled?: boolean;
  /** The monitor whose runs it lists, from the newest on. */
  readonly newestRunsOf?: string | undefined;
  /**
   * Whether it goes on in a list behind what has been read of it: as a page behind the first, or from a cursor. A response that is
   * older than that lacks the rows that have moved on to it since. @default false
   */
  readonly isContinuation?: boolean;
  /** Whether it is one of many that are read for a list of many monitors' runs: it has the lowest priority. @default false */
  readonly isReport?: boolean;
}
