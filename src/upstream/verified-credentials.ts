/**
 * The credentials that have had a 200 from this base URL. Only for those a 404 means absence: a wrong base URL may answer an
 * unknown path with a 404 in JSON, too.
 */
export class VerifiedCredentials {
  readonly #max: number;
  readonly #digests = new Set<string>();
  /** The credentials whose list of monitors answered 404, and until when they aren't tried again, by the monotonic clock. */
  readonly #refutedUntil = new Map<string, number>();
  /** The last one that was added: usually the next one, too. */
  #latest: string | undefined;

  /** @param max the most credentials of either kind; the least recently used ones are dropped */
  constructor(max: number) {
    this.#max = max;
  }

  has(digest: string): boolean {
    return digest === this.#latest || this.#digests.has(digest);
  }

  add(digest: string): void {
    if (digest === this.#latest) return;
    this.#latest = digest;
    // A Set has the order of insertion.
    this.#digests.delete(digest);
    this.#digests.add(digest);
    dropOldest(this.#digests, this.#max);
    this.#refutedUntil.delete(digest);
  }

  delete(digest: string): void {
    if (digest === this.#latest) this.#latest = undefined;
    this.#digests.delete(digest);
  }

  /** Remembers for 5 s that the list of monitors isn't there, so that not every 404 costs a call of it. */
  refute(digest: string): void {
    this.#refutedUntil.delete(digest);
    this.#refutedUntil.set(digest, performance.now() + refutedMs);
    dropOldest(this.#refutedUntil, this.#max);
  }

  isRefuted(digest: string): boolean {
    return (this.#refutedUntil.get(digest) ?? 0) > performance.now();
  }
}

const refutedMs = 5_000;

function dropOldest(entries: Set<string> | Map<string, unknown>, max: number): void {
  if (entries.size <= max) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
