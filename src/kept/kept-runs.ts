/** Copies of runs that outlive a request. */
import type { MonitorRunKey } from '../generated/types.ts';
import type { Credential } from '../upstream/credential.ts';

/** What a provider said of a run, and how long it stands. All times are Unix milliseconds. */
export interface Copy {
  /** The JSON object, as UTF-8. It may be a part of something larger, so whoever keeps it for long copies it. */
  readonly bytes: Buffer;
  readonly readAt: number;
  /** Until when it stands for an answer; later it may stand in for one. */
  readonly freshUntil: number;
}

/** Where copies are kept. It never fails: what can't be read isn't there, and what can't be written is lost. */
export interface KeptRuns {
  /** The copies of these names, in their order; at once, or soon. */
  read(names: readonly string[]): Copies | Promise<Copies>;
  write(name: string, copy: Copy): void;
  /** Forgets copies of what is gone. */
  drop(names: readonly string[]): void;
  /** Forgets all copies of a credential, by its digest: its provider has refused it. What is read later is kept as ever. */
  forget(digest: string): void;
  /** Lets go of whatever holds the process. */
  close(): Promise<void>;
}

export type Copies = readonly (Copy | undefined)[];

/** `run`: the answer for the run itself. `row`: what a list says of it. */
export type CopyKind = 'run' | 'row';

/**
 * What a copy is kept by: whose it is, and of what. None of its parts can have a slash but the digest, which comes first and
 * always has the same length; so no two things share a name.
 */
export const toCopyName = (
  { digest }: Credential,
  { provider, monitorId, runId }: MonitorRunKey,
  kind: CopyKind,
): string => `${digest}/${provider}/${kind}/${monitorId}/${runId}`;

/** The digest of the credential that a copy of this name is kept for. */
export const toOwner = (name: string): string => name.slice(0, digestLength);

/** Of SHA-256 in base64. */
const digestLength = 44;
