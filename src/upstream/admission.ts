/**
 * Who may call a provider now: no credential more often than its provider takes, none whose circuit breaker is open, and no more
 * calls at a time than there are places for.
 */
import type { AccountId } from '../core/accounts.ts';
import type { UpstreamLimits } from '../core/limits.ts';
import type { UpstreamState } from '../observability/observer.ts';
import { type CallerQueue, createBulkhead, createCallerQueue, isIdle } from './bulkhead.ts';
import type { Call, UpstreamRequest } from './call-context.ts';
import { type BreakerOptions, CircuitBreaker, type Permit } from './circuit-breaker.ts';
import type { Credential } from './credential.ts';
import type { CredentialCircuit } from './credential-circuit.ts';
import { toBreakerFailure, toQueueFailure, UpstreamFailure, type Verdict } from './failure.ts';
import type { Priority } from './paced-queue.ts';
import { type Pacer, Pacing } from './pacing.ts';

export interface Admission {
  /**
   * Lets a call through; `undefined` when it has to {@link Admission.wait}.
   * @throws {UpstreamFailure} when it may not go, and needn't wait
   */
  enter(credential: Credential, call: Call, request: UpstreamRequest): AdmittedCall | undefined;
  /**
   * Lets a call through as soon as the credential may be used and there is a place, or until it is ended.
   * @param isRetry whether the call has been made before
   * @throws {UpstreamFailure} when that isn't in time, or it may not go any more by then
   */
  wait(credential: Credential, call: Call, request: UpstreamRequest, isRetry: boolean): Promise<AdmittedCall>;
  /**
   * Called once an admitted call is over: others wait for its permit.
   * @param isFound whether the response has what was requested
   * @param error its error, if it failed
   */
  leave(pass: AdmittedCall, credential: Credential, path: string, isFound: boolean, error?: unknown): void;
  /** The response has been received: the place is free for another call, however long it takes to read what has come. */
  freePlace(pass: AdmittedCall, credential: Credential): void;
  /**
   * The provider makes the credential wait: its calls are made later, and after a 429 less often.
   * @param sentAt when the call was made that failed so, by the monotonic clock, in milliseconds
   * @returns the new rate of the credential, in calls a second; `undefined` when it is as before
   */
  slowDown(credential: Credential, failure: UpstreamFailure, sentAt: number): number | undefined;
  /** What is in flight, what waits, and which circuits are open. */
  readState(): UpstreamState;
  /** Whether a call with the credential may be made before the deadline, as far as pacing is concerned. */
  isInTime(credential: Credential, deadlineAt: number): boolean;
}

/** What a call is let through with. */
export interface AdmittedCall {
  readonly queue: CallerQueue;
  readonly permit: Permit;
  /** Whether it takes a place of the bulkhead. */
  hasPlace: boolean;
  readonly pacer: Pacer;
  /** Whether it waited until the credential might be used. */
  readonly hasBeenPaced: boolean;
}

/** Makes the admission of one account, so that no provider's or account's trouble touches another. */
export function createAdmission(
  accountId: AccountId,
  limits: UpstreamLimits,
  onChange: BreakerOptions['onChange'],
): Admission {
  const { maxConcurrentCalls, maxConcurrentCallsPerCredential } = limits;
  const pacing = new Pacing(limits);
  const breaker = new CircuitBreaker({ limits, refuse: toBreakerFailure, onChange });
  const bulkhead = createBulkhead({
    refuse: toQueueFailure,
    permits: maxConcurrentCalls,
    maxQueuedOperations: limits.maxQueuedOperations,
    queueTimeoutMs: limits.queueTimeoutMs,
    maxQueued: limits.maxQueuedCalls,
  });

  /** Of callers with their own credentials, by its digest, while they have calls in flight. */
  const callerQueues = new Map<string, CallerQueue>();

  /** A service's own credential is shared by all callers, so its requests take turns; a caller's own is the caller. */
  const queueOf = ({ owner, digest }: Credential, call: Call): CallerQueue => {
    if (owner === 'service') {
      call.queues[accountId] ??= createCallerQueue(maxConcurrentCalls);
      return call.queues[accountId];
    }
    const queue = callerQueues.get(digest) ?? createCallerQueue(maxConcurrentCallsPerCredential);
    callerQueues.set(digest, queue);
    return queue;
  };
  const forget = ({ owner, digest }: Credential, queue: CallerQueue) => {
    if (owner === 'caller' && isIdle(queue)) callerQueues.delete(digest);
  };

  const free = (credential: Credential, queue: CallerQueue) => {
    bulkhead.leave(queue);
    forget(credential, queue);
  };

  const freePlace = (pass: AdmittedCall, credential: Credential) => {
    if (pass.hasPlace) free(credential, pass.queue);
    pass.hasPlace = false;
  };

  /** @throws {UpstreamFailure} when the place, which has been taken, is of no use */
  const admit = (
    credential: Credential,
    circuit: CredentialCircuit,
    path: string,
    queue: CallerQueue,
    pacer: Pacer,
    hasBeenPaced: boolean,
  ): AdmittedCall => {
    try {
      return { queue, permit: breaker.begin(circuit, path), hasPlace: true, pacer, hasBeenPaced };
    } catch (error) {
      free(credential, queue);
      throw error;
    }
  };

  const waitForPlace = async (credential: Credential, queue: CallerQueue, { cancellation }: Call) => {
    try {
      await bulkhead.wait(queue, cancellation);
    } catch (error) {
      forget(credential, queue);
      throw error;
    }
  };

  return {
    enter(credential, call, { path }) {
      const pacer = pacing.of(credential);
      pacer.check(call.deadlineAt);
      const circuit = breaker.circuitOf(credential);
      breaker.check(circuit, path);
      if (!pacer.isReady) return undefined;
      const queue = queueOf(credential, call);
      if (!bulkhead.enter(queue)) return undefined;
      pacer.take();
      return admit(credential, circuit, path, queue, pacer, false);
    },
    async wait(credential, call, request, isRetry) {
      const pacer = pacing.of(credential);
      const { operation, cancellation } = call;
      const { path } = request;
      let hasToken = false;
      for (;;) {
        if (!hasToken && !pacer.isReady) {
          const priority = toPriority(request, call.isReport);
          await pacer.wait({ operation, priority, isRetry, cancellation });
          hasToken = true;
        }
        const queue = queueOf(credential, call);
        if (!bulkhead.enter(queue)) await waitForPlace(credential, queue, call);
        if (hasToken) return admit(credential, breaker.circuitOf(credential), path, queue, pacer, true);
        // Much can have happened while it waited for a place.
        if (pacer.isReady) {
          pacer.take();
          return admit(credential, breaker.circuitOf(credential), path, queue, pacer, false);
        }
        free(credential, queue);
        pacer.check(call.deadlineAt);
      }
    },
    leave(pass, credential, path, isFound, error) {
      try {
        if (error === undefined) pass.pacer.succeed();
        breaker.end(pass.permit, credential, path, isFound ? 'success' : toVerdict(error));
      } finally {
        freePlace(pass, credential);
      }
    },
    freePlace,
    slowDown: (credential, failure, sentAt) => pacing.of(credential).slowDown(failure, sentAt),
    readState: () => ({
      active: bulkhead.active,
      queued: bulkhead.queued,
      paced: pacing.waiting,
      ...breaker.readState(),
    }),
    isInTime: (credential, deadlineAt) => pacing.of(credential).isInTime(deadlineAt),
  };
}

/** Anything but a failure is a client that has disconnected. */
function toVerdict(error: unknown): Verdict {
  if (error === undefined) return 'answer';
  return error instanceof UpstreamFailure ? error.verdict : 'nothing';
}

/** @param isReport whether the operation reads on from one page of a list to the next */
function toPriority({ rows, isReport: isOfReport = false }: UpstreamRequest, isReport: boolean): Priority {
  if (isReport || isOfReport) return 'report';
  return rows === undefined ? 'single' : 'list';
}
