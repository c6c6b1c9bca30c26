/** A question to a provider. */

export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone, but for its query. */
  readonly path: string;
  /** Fields of the answer that must say, where they are there, what was asked for. */
  readonly echoes: Readonly<Record<string, string>>;
  /**
   * Whether something is in it that a client chose and nobody here can check, as the cursor of a list: if the provider fails at
   * that (500), nobody else is to be kept from it. @default false
   */
  readonly isUnchecked?: boolean;
}
