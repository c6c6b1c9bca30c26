/**
 * Spreads the calls of each credential over time, as many as its provider takes: a call waits for a token of the credential's bucket
 * within the deadline of its operation, instead of being refused. A credential that the provider never limited isn't delayed.
 */
import type { UpstreamLimits } from '../core/limits.ts';
import { AdaptiveRate } from './adaptive-rate.ts';
import type { Credential } from './credential.ts';
import { TimeoutQueue } from './deadline.ts';
import { toPacedFailure, toQueueFailure, type UpstreamFailure } from './failure.ts';
import { type PacedCall, type PacedOperation, PacedQueue, type QueueLoad } from './paced-queue.ts';

export type PacingLimits = Pick<
  UpstreamLimits,
  | 'upstreamRate'
  | 'rateLimitMaxCooldownMs'
  | 'maxPacedCredentials'
  | 'maxPacedOperations'
  | 'maxPacedOperationsPerCredential'
  | 'maxQueuedCalls'
  | 'upstreamMinAttemptMs'
>;

/** What the credentials of a provider have in common. */
interface PacerDependencies {
  readonly limits: PacingLimits;
  readonly load: QueueLoad;
  /** The waiting operations, until there is no time left for another attempt. */
  readonly timeouts: TimeoutQueue;
}

/** Spreads replicas that wait for the same time, in milliseconds. */
const maxJitterMs = 100;

/** What a sum of times is off by at the most, in milliseconds. */
const roundingMs = 0.001;

/** Paces the calls of one credential. Times are milliseconds by the monotonic clock. */
export class Pacer {
  readonly #dependencies: PacerDependencies;
  readonly #owner: Credential['owner'];
  readonly #rate: AdaptiveRate;
  /** The code of the response that began the pause. */
  #pauseCode: UpstreamFailure['code'] = 'RATE_LIMITED';
  /** Once a call has waited. */
  #queue: PacedQueue | undefined;
  /** Runs while calls wait. */
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: PacerDependencies, owner: Credential['owner']) {
    this.#dependencies = dependencies;
    this.#owner = owner;
    const { upstreamRate, rateLimitMaxCooldownMs } = dependencies.limits;
    this.#rate = new AdaptiveRate({ maxRate: upstreamRate, maxPauseMs: rateLimitMaxCooldownMs });
  }

  /** Whether nothing is lost when it is forgotten. */
  get isIdle(): boolean {
    return this.#rate.isUnlimited && !this.#hasWaiting;
  }

  get #hasWaiting(): boolean {
    return this.#queue !== undefined && this.#queue.size > 0;
  }

  /** Whether a call needn't wait. */
  get isReady(): boolean {
    if (this.#hasWaiting) return false;
    return this.#rate.isUnlimited || this.#rate.waitMs(performance.now()) === 0;
  }

  /** Takes the token of a call that is made now, as the credential is ready. */
  take(): void {
    if (!this.#rate.isUnlimited) this.#rate.take(performance.now());
  }

  /** @throws {UpstreamFailure} when no call can be made before the deadline */
  check(deadlineAt: number): void {
    if (!this.isInTime(deadlineAt)) throw this.#toError();
  }

  /** Whether a call may be made before the deadline, as far as is known. */
  isInTime(deadlineAt: number): boolean {
    if (this.#rate.isUnlimited) return true;
    const now = performance.now();
    const waitMs = this.#rate.waitMs(now);
    return waitMs === 0 || deadlineAt - now - waitMs >= this.#dependencies.limits.upstreamMinAttemptMs;
  }

  readonly #toError = (): UpstreamFailure => {
    const now = performance.now();
    return toPacedFailure(this.#rate.isPaused(now) ? this.#pauseCode : 'RATE_LIMITED', this.#rate.waitMs(now));
  };

  /**
   * Takes a token as soon as it is the call's turn.
   * @throws {UpstreamFailure} when that isn't before the operation's deadline, or too many wait
   * @throws the reason of its cancellation
   */
  wait(call: PacedCall): Promise<void> {
    this.#queue ??= this.#createQueue();
    if (!call.isRetry) this.#checkRoom(this.#queue, call.operation);
    const turn = this.#queue.wait(call);
    if (this.#timer === undefined) this.#startTimer(performance.now());
    return turn;
  }

  /** A call succeeded. */
  succeed(): void {
    this.#rate.succeed(performance.now());
  }

  /**
   * The provider answered 429, or another status with `Retry-After`.
   * @param sentAt when the call was made
   * @returns the new rate, in calls a second, if it was reduced
   */
  slowDown({ code, facts }: UpstreamFailure, sentAt: number): number | undefined {
    const now = performance.now();
    const { retryAfterMs } = facts;
    this.#pauseCode = code;
    const rate = code === 'RATE_LIMITED' ? this.#rate.reduce(now, sentAt) : undefined;
    if (retryAfterMs !== undefined) this.#rate.pause(now, retryAfterMs);
    else if (code === 'RATE_LIMITED') this.#rate.backOff(now, sentAt);
    if (this.#hasWaiting) this.#startTimer(now);
    return rate;
  }

  #checkRoom(queue: PacedQueue, operation: PacedOperation): void {
    const { load, limits } = this.#dependencies;
    const isShared = this.#owner === 'service';
    const maxOperations = isShared ? limits.maxPacedOperations : limits.maxPacedOperationsPerCredential;
    const ownCalls = queue.sizeOf(operation);
    if (ownCalls === 0 && queue.operations >= maxOperations) throw this.#toError();
    if (load.calls < limits.maxQueuedCalls) return;
    // A caller is its own credential, or each operation where all use the service's.
    const [calls, callers] = isShared ? [ownCalls, queue.operations] : [queue.size, load.credentials];
    if (calls >= limits.maxQueuedCalls / Math.max(callers, 1)) throw toQueueFailure();
  }

  #createQueue(): PacedQueue {
    const { timeouts, limits, load } = this.#dependencies;
    return new PacedQueue({
      load,
      onEnter: (waiting, { deadlineAt }) =>
        timeouts.add(waiting, performance.now(), deadlineAt - limits.upstreamMinAttemptMs),
      onLeave: (waiting) => {
        timeouts.delete(waiting);
        if (!this.#hasWaiting) this.#stopTimer();
      },
      toError: this.#toError,
    });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #startTimer(now: number): void {
    this.#stopTimer();
    const waitMs = this.#rate.waitMs(now);
    const jitterMs = this.#rate.isPaused(now) ? Math.random() * maxJitterMs : 0;
    this.#timer = setTimeout(this.#goOn, Math.ceil(waitMs + jitterMs - roundingMs));
  }

  readonly #goOn = () => {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#queue !== undefined && this.#queue.size > 0) {
      if (this.#rate.waitMs(now) > 0) {
        this.#startTimer(now);
        return;
      }
      this.#rate.take(now);
      this.#queue.goNext();
    }
  };
}

/** How many pacers are looked at to find one that can be forgotten. */
const maxTries = 8;

/** The pacers of a provider's credentials, by digest. */
export class Pacing {
  readonly #dependencies: PacerDependencies;
  readonly #pacers = new Map<string, Pacer>();

  constructor(limits: PacingLimits) {
    this.#dependencies = { limits, load: { calls: 0, credentials: 0 }, timeouts: new TimeoutQueue(0) };
  }

  /** How many credentials are remembered. */
  get size(): number {
    return this.#pacers.size;
  }

  /** How many calls wait for their turn. */
  get waiting(): number {
    return this.#dependencies.load.calls;
  }

  of({ digest, owner }: Pick<Credential, 'digest' | 'owner'>): Pacer {
    const known = this.#pacers.get(digest);
    if (known !== undefined) return known;
    if (this.#pacers.size >= this.#dependencies.limits.maxPacedCredentials) this.#makeRoom();
    const pacer = new Pacer(this.#dependencies, owner);
    this.#pacers.set(digest, pacer);
    return pacer;
  }

  /** Forgets the oldest pacer among the first `maxTries` that isn't in use; if none is, the last of those tried. */
  #makeRoom(): void {
    let tries = 0;
    for (const [digest, pacer] of this.#pacers) {
      // A Map is ordered: the first is the oldest.
      this.#pacers.delete(digest);
      if (++tries >= maxTries || pacer.isIdle) return;
      this.#pacers.set(digest, pacer);
    }
  }
}
