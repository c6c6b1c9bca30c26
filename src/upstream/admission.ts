/**
 * Who may call a provider now: no credential that cools down, none whose circuit breaker is open, and no more at a time than
 * there are places for.
 */

import type { UpstreamLimits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import { createBulkhead, createLine, isIdle, type Line } from './bulkhead.ts';
import type { Call } from './call-context.ts';
import type { CancelToken } from './cancellation.ts';
import { type BreakerOptions, CircuitBreaker, type Permit } from './circuit-breaker.ts';
import type { Credential } from './credential.ts';
import type { CredentialCircuit } from './credential-circuit.ts';
import { toBreakerFailure, toCoolDownFailure, toQueueFailure, UpstreamFailure, type Verdict } from './failure.ts';
import { createCoolDown } from './rate-limit-cooldown.ts';

export interface Admission {
  /**
   * Lets a call through; `undefined` when it has to {@link Gate.wait}.
   * @param path what is requested
   * @throws {UpstreamFailure} when it may not go, and needn't wait
   */
  enter(credential: Credential, call: Call, path: string): AdmittedCall | undefined;
  /**
   * Lets a call through as soon as there is a place, or until it is ended.
   * @throws {UpstreamFailure} when there is none in time, or it may not go any more by then
   */
  wait(credential: Credential, call: Call, path: string, cancellation: CancelToken): Promise<AdmittedCall>;
  /**
   * Called once an admitted call is over: others wait for its permit.
   * @param isFound whether the response has what was requested
   * @param error its error, if it failed
   */
  leave(pass: AdmittedCall, credential: Credential, path: string, isFound: boolean, error?: unknown): void;
  /** The response has been received: the place is free for another call, however long it takes to read what has come. */
  freePlace(pass: AdmittedCall, credential: Credential): void;
  /** Starts the cool-down that the failure asks for: a call with it has failed for good. */
  rest(credential: Credential, failure: UpstreamFailure): void;
}

/** What a call is let through with. */
export interface AdmittedCall {
  readonly line: Line;
  readonly permit: Permit;
  /** Whether it takes a place of the bulkhead. */
  hasPlace: boolean;
}

/** Makes the gate of one provider, so that no provider's trouble touches another. */
export function createAdmission(
  provider: Provider,
  limits: UpstreamLimits,
  onChange: BreakerOptions['onChange'],
): Admission {
  const { maxConcurrentCalls, maxConcurrentCallsPerCredential } = limits;
  const coolDown = createCoolDown(limits.rateLimitMaxCooldownMs);
  const breaker = new CircuitBreaker({ limits, refuse: toBreakerFailure, onChange });
  const bulkhead = createBulkhead({
    refuse: toQueueFailure,
    permits: maxConcurrentCalls,
    maxQueuedOperations: limits.maxQueuedOperations,
    queueTimeoutMs: limits.queueTimeoutMs,
    maxQueued: limits.maxQueuedCalls,
  });

  /** Of callers with their own credentials, by its digest, while they have calls under way. */
  const lines = new Map<string, Line>();

  /** A service's own credential is shared by all callers, so its requests take turns; a caller's own is the caller. */
  const lineOf = ({ owner, digest }: Credential, call: Call): Line => {
    if (owner === 'service') {
      call.lines[provider] ??= createLine(maxConcurrentCalls);
      return call.lines[provider];
    }
    const line = lines.get(digest) ?? createLine(maxConcurrentCallsPerCredential);
    lines.set(digest, line);
    return line;
  };
  const forget = ({ owner, digest }: Credential, line: Line) => {
    if (owner === 'caller' && isIdle(line)) lines.delete(digest);
  };

  const rest = ({ digest }: Credential, { code, coolDownMs = 0 }: UpstreamFailure) =>
    coolDown.start(digest, coolDownMs, code);

  const check = ({ digest }: Credential, circuit: CredentialCircuit, path: string) => {
    const wait = coolDown.waitOf(digest);
    if (wait !== undefined) throw toCoolDownFailure(wait);
    breaker.check(circuit, path);
  };

  const free = (credential: Credential, line: Line) => {
    bulkhead.leave(line);
    forget(credential, line);
  };

  const freePlace = (pass: AdmittedCall, credential: Credential) => {
    if (pass.hasPlace) free(credential, pass.line);
    pass.hasPlace = false;
  };

  /** The place has been taken. */
  const admit = (
    credential: Credential,
    circuit: CredentialCircuit,
    path: string,
    line: Line,
    hasWaited: boolean,
  ): AdmittedCall => {
    try {
      // Much can have happened in that time.
      if (hasWaited) check(credential, circuit, path);
      return { line, permit: breaker.begin(circuit, path), hasPlace: true };
    } catch (error) {
      free(credential, line);
      throw error;
    }
  };

  return {
    enter(credential, call, path) {
      const circuit = breaker.circuitOf(credential);
      check(credential, circuit, path);
      const line = lineOf(credential, call);
      return bulkhead.enter(line) ? admit(credential, circuit, path, line, false) : undefined;
    },
    async wait(credential, call, path, cancellation) {
      const line = lineOf(credential, call);
      await bulkhead.wait(line, cancellation).catch((error: unknown) => {
        forget(credential, line);
        throw error;
      });
      return admit(credential, breaker.circuitOf(credential), path, line, true);
    },
    leave(pass, credential, path, isFound, error) {
      try {
        breaker.end(pass.permit, credential, path, isFound ? 'success' : toVerdict(error));
      } finally {
        freePlace(pass, credential);
      }
    },
    freePlace,
    rest,
  };
}

/** Anything but a failure is a client that has disconnected. */
function toVerdict(error: unknown): Verdict {
  if (error === undefined) return 'answer';
  return error instanceof UpstreamFailure ? error.verdict : 'nothing';
}
