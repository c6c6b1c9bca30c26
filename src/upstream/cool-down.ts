/** Credentials that a provider asked to be used less often, each until its own time and no other with it. */
export interface CoolDown {
  /** The milliseconds until the credential may be used again; 0 when that is now. */
  waitOf(credential: string): number;
  /** Nobody uses the credential for that many milliseconds, or for `maxMs`. */
  start(credential: string, ms: number): void;
}

/** Makes it for one provider. It remembers `most` credentials at the most, by their digests. */
export function createCoolDown(maxMs: number, most = 10_000): CoolDown {
  const until = new Map<string, number>();
  return {
    waitOf(credential) {
      const end = until.get(credential);
      if (end === undefined) return 0;
      const wait = end - performance.now();
      if (wait > 0) return wait;
      until.delete(credential);
      return 0;
    },
    start(credential, ms) {
      // The oldest goes first, as a Map keeps its order.
      const [oldest] = until.keys();
      if (until.size >= most && oldest !== undefined) until.delete(oldest);
      until.set(credential, performance.now() + Math.min(ms, maxMs));
    },
  };
}
