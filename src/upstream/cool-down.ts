/** Credentials that a provider asked to be used less often, each until its own time and no other with it. */
export interface CoolDown {
  /** The milliseconds until the credential may be used again; 0 when that is now. */
  waitOf(credential: string): number;
  /** Nobody uses the credential for that many milliseconds, `maxMs` at the most; a longer wait under way stays. */
  start(credential: string, ms: number): void;
}

/** Makes it for one provider. It remembers `most` credentials at the most, by their digests. */
export function createCoolDown(maxMs: number, most = 10_000): CoolDown {
  const until = new Map<string, number>();
  const waitOf = (credential: string) => {
    const end = until.get(credential);
    // Most never had to wait.
    if (end === undefined) return 0;
    const wait = end - performance.now();
    if (wait > 0) return wait;
    until.delete(credential);
    return 0;
  };
  return {
    waitOf,
    start(credential, ms) {
      const wait = Math.min(ms, maxMs);
      if (wait <= waitOf(credential)) return;
      // To the end: a Map keeps its order, and the oldest goes first.
      until.delete(credential);
      const [oldest] = until.keys();
      if (until.size >= most && oldest !== undefined) until.delete(oldest);
      until.set(credential, performance.now() + wait);
    },
  };
}
