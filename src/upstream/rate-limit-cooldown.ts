/** Credentials that a provider told to wait, each until its own time, without effect on others. */
import type { UpstreamFailure } from './failure.ts';

/** What is left of a cool-down. */
export interface Wait {
  /** In milliseconds. */
  readonly waitMs: number;
  /** The provider's reason: it is called too often, or isn't available. */
  readonly code: UpstreamFailure['code'];
}

export interface CoolDown {
  /** How long the credential may not be used; `undefined` when it may be. */
  waitOf(credential: string): Wait | undefined;
  /** No call uses the credential for that many milliseconds, `maxMs` at the most; a longer wait under way stays. */
  start(credential: string, ms: number, code: Wait['code']): void;
}

/** Makes it for one provider. It remembers `most` credentials at the most, by their digests. */
/** The most credentials that are remembered; the oldest are dropped. */
const maxCredentials = 10_000;

export function createCoolDown(maxMs: number): CoolDown {
  const rests = new Map<string, { readonly until: number; readonly code: Wait['code'] }>();
  const waitOf = (credential: string) => {
    const rest = rests.get(credential);
    // Most never had to wait.
    if (rest === undefined) return undefined;
    const waitMs = rest.until - performance.now();
    if (waitMs > 0) return { waitMs, code: rest.code };
    rests.delete(credential);
    return undefined;
  };
  return {
    waitOf,
    start(credential, ms, code) {
      const wait = Math.min(ms, maxMs);
      if (wait <= (waitOf(credential)?.waitMs ?? 0)) return;
      // To the end: a Map is ordered, and the oldest goes first.
      rests.delete(credential);
      const [oldest] = rests.keys();
      if (rests.size >= maxCredentials && oldest !== undefined) rests.delete(oldest);
      rests.set(credential, { until: performance.now() + wait, code });
    },
  };
}
