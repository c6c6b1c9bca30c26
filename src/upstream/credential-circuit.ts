/**
 * The circuit breaker of one credential at one provider.
 * Clients choose the ids, dates, tags and cursors in most paths, and can choose such that the provider fails. So the failure of
 * a call is evidence against the provider only if the path has succeeded before, and each path is evidence once, however often
 * it is called. Two rules follow:
 * - `open`: of the known paths called within the window at least `breakerMinCalls`, and at least the share `breakerThreshold`,
 *   failed at their last call. No call is let through for a while, then one at a time.
 * - `restricted`: `breakerMinCalls` calls failed in a row, on whatever paths, and for `breakerWindowMs` none was answered. Calls
 *   on paths that succeeded at their last call are let through; of all others one at a time, and one a second.
 * So a provider that is down gets a few calls a second at most, and as long as it answers any caller with the same credential,
 * failures on paths that have never succeeded block no caller.
 */
import type { UpstreamLimits } from '../core/limits.ts';

export type CircuitState = 'closed' | 'restricted' | 'open' | 'half-open';

/**
 * As what a call was let through: `call` while the circuit is closed for it, `probe` on a known path while the circuit is half-open, `trial`
 * on another path while the circuit isn't closed. That a trial fails says nothing; so no client can prolong the time that the
 * circuit is open by invented paths, or use up the probes.
 */
export type CallKind = 'call' | 'probe' | 'trial';

export type CircuitLimits = Pick<
  UpstreamLimits,
  'breakerThreshold' | 'breakerMinCalls' | 'breakerWindowMs' | 'breakerOpenMs' | 'breakerMaxOpenMs' | 'breakerProbes'
>;

/** The time between two trials, and the `retryAfterMs` of a call that is refused while a probe or a trial is in flight, in milliseconds. */
export const trialMs = 1_000;

export interface CircuitOptions {
  readonly limits: CircuitLimits;
  /** How many paths it stores at most: a power of two. */
  readonly maxPaths: number;
  readonly onChange: (state: CircuitState) => void;
}

/** Its clock is monotonic; times are milliseconds. */
export class CredentialCircuit {
  /** When it was used last. */
  usedAt = 0;
  readonly #options: CircuitOptions;
  #state: CircuitState = 'closed';
  /** `undefined` until a call has succeeded. */
  #paths: PathHistory | undefined;
  #failuresInARow = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #openMs: number;
  #openUntil = 0;
  #goodProbes = 0;
  #isProbing = false;
  #isTrying = false;
  #nextTrialAt = 0;

  constructor(options: CircuitOptions) {
    this.#options = options;
    this.#openMs = options.limits.breakerOpenMs;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Whether a call with the credential has ever succeeded: any client can invent one that hasn't. */
  get isProven(): boolean {
    return this.#paths !== undefined;
  }

  /** How long until a call on the path may be let through; 0 if it may be now. */
  waitMs(path: string): number {
    if (this.#state === 'closed') return 0;
    const now = performance.now();
    if (this.#state === 'restricted') return this.#paths?.isGood(path) ? 0 : this.#waitForTrial(now);
    if (now < this.#openUntil) return this.#openUntil - now;
    if (this.#paths?.isKnown(path)) return this.#isProbing ? trialMs : 0;
    return this.#waitForTrial(now);
  }

  #waitForTrial(now: number): number {
    return this.#isTrying ? trialMs : Math.max(this.#nextTrialAt - now, 0);
  }

  /** Lets a call through that needn't wait. The caller reports its end by {@link settle}. */
  admit(path: string): CallKind {
    if (this.#state === 'closed') return 'call';
    if (this.#state === 'restricted' && this.#paths?.isGood(path)) return 'call';
    if (this.#state === 'open') this.#change('half-open');
    if (this.#state === 'half-open' && this.#paths?.isKnown(path)) {
      this.#isProbing = true;
      return 'probe';
    }
    this.#isTrying = true;
    return 'trial';
  }

  settle(path: string, admission: CallKind, outcome: Outcome, now: number): void {
    this.usedAt = now;
    if (admission === 'probe') this.#isProbing = false;
    else if (admission === 'trial') this.#isTrying = false;
    if (outcome === 'nothing') return;
    const { maxPaths, limits } = this.#options;
    if (outcome === 'success') this.#paths ??= new PathHistory(maxPaths, limits.breakerWindowMs);
    const isKnown = this.#paths?.record(path, outcome, now) ?? false;
    if (outcome === 'failure') this.#onFailure(isKnown, admission, now);
    else this.#onAnswer(admission, now);
  }

  /** Opens it, whatever its calls were. */
  open(now: number): void {
    const { breakerMaxOpenMs } = this.#options.limits;
    // Up to 20 % off either way, so that replicas don't come back together.
    this.#openUntil = now + Math.round(this.#openMs * (0.8 + 0.4 * Math.random()));
    this.#openMs = Math.min(2 * this.#openMs, breakerMaxOpenMs);
    this.#goodProbes = 0;
    this.#change('open');
  }

  #onAnswer(admission: CallKind, now: number): void {
    this.#failuresInARow = 0;
    this.#answeredAt = now;
    if (this.#state === 'closed') return;
    // A call from before the circuit opened says nothing new.
    if (
      this.#state !== 'restricted' &&
      (admission === 'call' || ++this.#goodProbes < this.#options.limits.breakerProbes)
    )
      return;
    this.#close(now);
  }

  #onFailure(isKnown: boolean, admission: CallKind, now: number): void {
    const { breakerThreshold, breakerMinCalls, breakerWindowMs } = this.#options.limits;
    this.#failuresInARow++;
    if (admission === 'trial') this.#nextTrialAt = now + trialMs;
    if (this.#state === 'half-open' && admission === 'probe') this.open(now);
    if (this.#state === 'open' || this.#state === 'half-open') return;
    if (isKnown && this.#paths?.haveFailed(breakerMinCalls, breakerThreshold, now)) this.open(now);
    else if (this.#failuresInARow >= breakerMinCalls && now - this.#answeredAt >= breakerWindowMs)
      this.#change('restricted');
  }

  #close(now: number): void {
    this.#openMs = this.#options.limits.breakerOpenMs;
    this.#nextTrialAt = 0;
    this.#paths?.restart(now);
    this.#change('closed');
  }

  #change(state: CircuitState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}

/** How a call ended: with what was requested, with another response, with a failure of the provider, or with none of these. */
export type Outcome = 'success' | 'answer' | 'failure' | 'nothing';

/** The window moves on by a tenth of its length. */
const slotCount = 10;
/** How many paths a bucket has room for. */
const bucketSize = 8;
const never = Number.NEGATIVE_INFINITY;

/**
 * How the last calls on paths ended that have succeeded before: a client may have invented others. Memory is fixed, and no call
 * allocates any: in a table of hashes in buckets a new path replaces that of its bucket whose last call is the longest ago.
 */
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
