/**
 * How the last calls on the paths of a credential ended. Of a path that has never succeeded nothing is stored: a client may have
 * invented it. Memory is fixed, and no call allocates any: a table of hashes in buckets, in which a new path replaces
 * the one of its bucket whose last call is the longest ago.
 */

/** How a call ended: with what was requested, with another response, with a failure of the provider, or with none of these. */
export type Outcome = 'success' | 'answer' | 'failure' | 'nothing';

/** The window moves on by a tenth of its length. */
const slotCount = 10;
/** How many paths a bucket has room for. */
const bucketSize = 8;
const never = Number.NEGATIVE_INFINITY;

export class PathHistory {
  readonly #windowMs: number;
  /** Of each stored path; 0 for none. */
  readonly #hashes: Uint32Array;
  /** Of each stored path the slot of its last call, doubled, plus one if that failed; -1 for none. */
  readonly #lastCalls: Float64Array;
  /** Which slot of time each of the window's counters is of. */
  readonly #slots = new Float64Array(slotCount).fill(never);
  /** How many paths were called last in that slot, and succeeded. */
  readonly #good = new Uint32Array(slotCount);
  /** The same of those that failed. */
  readonly #bad = new Uint32Array(slotCount);
  #firstSlot = 0;

  /**
   * @param capacity how many paths are stored at most: a power of two
   * @param windowMs how far back paths are counted, in milliseconds
   */
  constructor(capacity: number, windowMs: number) {
    this.#windowMs = windowMs;
    this.#hashes = new Uint32Array(capacity);
    this.#lastCalls = new Float64Array(capacity).fill(-1);
  }

  /** Whether the path has succeeded before. */
  isKnown(path: string): boolean {
    return this.#find(hashOf(path)) !== undefined;
  }

  /** Whether the path has succeeded before, and its last call has not failed. */
  isGood(path: string): boolean {
    const index = this.#find(hashOf(path));
    return index !== undefined && (this.#lastCalls[index] ?? 0) % 2 === 0;
  }

  /**
   * Stores how a call ended.
   * @param now by the monotonic clock, in milliseconds
   * @returns whether the path was known
   */
  record(path: string, outcome: Exclude<Outcome, 'nothing'>, now: number): boolean {
    const hash = hashOf(path);
    const known = this.#find(hash);
    if (known === undefined && outcome !== 'success') return false;
    const index = known ?? this.#findRoom(hash);
    this.#uncount(index);
    this.#hashes[index] = hash;
    this.#count(index, outcome === 'failure', this.#slotAt(now));
    return known !== undefined;
  }

  /**
   * Whether of the known paths called within the window so many failed at their last call.
   * @param minPaths how many at least
   * @param minShare their least share of all, between 0 and 1
   */
  haveFailed(minPaths: number, minShare: number, now: number): boolean {
    const oldest = Math.floor((now * slotCount) / this.#windowMs) - slotCount;
    let good = 0;
    let bad = 0;
    for (let place = 0; place < slotCount; place++) {
      if ((this.#slots[place] ?? never) <= oldest) continue;
      good += this.#good[place] ?? 0;
      bad += this.#bad[place] ?? 0;
    }
    return bad >= minPaths && bad >= minShare * (good + bad);
  }

  /** Resets the count. The paths stay known. */
  restart(now: number): void {
    this.#slots.fill(never);
    this.#firstSlot = this.#slotAt(now) + 1;
  }

  #bucketOf(hash: number): number {
    return hash & (this.#hashes.length - bucketSize);
  }

  #find(hash: number): number | undefined {
    const bucket = this.#bucketOf(hash);
    for (let index = bucket; index < bucket + bucketSize; index++) if (this.#hashes[index] === hash) return index;
    return undefined;
  }

  /** Where a new path is stored: an entry that is free has no last call. */
  #findRoom(hash: number): number {
    const bucket = this.#bucketOf(hash);
    let oldest = bucket;
    for (let index = bucket + 1; index < bucket + bucketSize; index++)
      if ((this.#lastCalls[index] ?? 0) < (this.#lastCalls[oldest] ?? 0)) oldest = index;
    return oldest;
  }

  #slotAt(now: number): number {
    return Math.max(Math.floor((now * slotCount) / this.#windowMs), this.#firstSlot);
  }

  #count(index: number, hasFailed: boolean, slot: number): void {
    const place = slot % slotCount;
    if (this.#slots[place] !== slot) {
      this.#slots[place] = slot;
      this.#good[place] = 0;
      this.#bad[place] = 0;
    }
    const counts = hasFailed ? this.#bad : this.#good;
    counts[place] = (counts[place] ?? 0) + 1;
    this.#lastCalls[index] = 2 * slot + Number(hasFailed);
  }

  /** Takes the path at that index out of the count, if it is in it. */
  #uncount(index: number): void {
    const lastCall = this.#lastCalls[index] ?? -1;
    if (lastCall < 0) return;
    const slot = Math.floor(lastCall / 2);
    const place = slot % slotCount;
    if (this.#slots[place] !== slot) return;
    const counts = lastCall % 2 === 1 ? this.#bad : this.#good;
    counts[place] = (counts[place] ?? 1) - 1;
  }
}

/** Differs from process to process, so that no client can choose paths of the same hash. */
const seed = Math.floor(Math.random() * 2 ** 32);

/** FNV-1a with a final mix; never 0. */
function hashOf(path: string): number {
  let hash = seed;
  for (let at = 0; at < path.length; at++) hash = Math.imul(hash ^ path.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
