/** A guard of the service, how it is switched off, and who must notice. */
export interface Guard {
  /** What it guards against, in a few words. */
  readonly name: string;
  readonly file: string;
  /** The text of it, which the file must have exactly once. */
  readonly from: string;
  /** What replaces it while it is off. */
  readonly to: string;
  /** Files of tests, or names of blocks of the fault suite: at least one of them must be red then. */
  readonly tests: readonly string[];
}
