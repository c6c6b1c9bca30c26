/**
 * Who may call a provider now: no credential that cools down, nobody while the breaker is open, and no more at a time than
 * there are places for.
 */
import type { Provider } from '../generated/types.ts';
import type { UpstreamLimits } from '../limits.ts';
import { type BreakerState, createBreaker, type Verdict } from './breaker.ts';
import { createBulkhead, createLine, isIdle, type Line } from './bulkhead.ts';
import type { Call } from './call.ts';
import { createCoolDown } from './cool-down.ts';
import type { Credential } from './credential.ts';
import type { Ending } from './ending.ts';
import { Fault, toBreakerFault, toCoolDownFault, toQueueFault } from './fault.ts';

export interface Gate {
  /**
   * Lets a call through; `undefined` when it has to {@link Gate.wait}.
   * @throws {Fault} when it may not go, and needn't wait
   */
  enter(credential: Credential, call: Call): Pass | undefined;
  /**
   * Lets a call through as soon as there is a place, or until it is ended.
   * @throws {Fault} when there is none in time, or it may not go any more by then
   */
  wait(credential: Credential, call: Call, ending: Ending): Promise<Pass>;
  /** To be told once a call that was let through is over, with its error, if it failed: others wait for its place. */
  leave(pass: Pass, credential: Credential, error?: unknown): void;
  /** Keeps the credential out for as long as the fault says: a call with it has failed for good. */
  rest(credential: Credential, fault: Fault): void;
}

/** What a call is let through with. */
export interface Pass {
  readonly line: Line;
  /** Tells the breaker how the call ended. */
  readonly tell: (error: unknown) => void;
}

/** Makes the gate of one provider, so that no provider's trouble touches another. */
export function createGate(provider: Provider, limits: UpstreamLimits, onChange: (state: BreakerState) => void): Gate {
  const { maxInFlight, maxInFlightPerCredential } = limits;
  const coolDown = createCoolDown(limits.maxCoolDownMs);
  const breaker = createBreaker({
    judge: toVerdict,
    refuse: toBreakerFault,
    onChange,
    threshold: limits.breakerThreshold,
    minCalls: limits.breakerMinCalls,
    windowMs: limits.breakerWindowMs,
    restMs: limits.breakerRestMs,
    maxRestMs: limits.maxBreakerRestMs,
    probes: limits.breakerProbes,
  });
  const bulkhead = createBulkhead({
    refuse: toQueueFault,
    places: maxInFlight,
    maxWaiting: limits.maxWaiting,
    maxWaitMs: limits.maxWaitMs,
  });

  /** Of callers with their own credentials, by its digest, while they have calls under way. */
  const lines = new Map<string, Line>();

  /** A service's own credential is everybody's, so its requests take turns; a caller's own is the caller. */
  const lineOf = ({ owner, digest }: Credential, call: Call): Line => {
    if (owner === 'service') {
      call.lines[provider] ??= createLine(maxInFlight);
      return call.lines[provider];
    }
    const line = lines.get(digest) ?? createLine(maxInFlightPerCredential);
    lines.set(digest, line);
    return line;
  };
  const forget = ({ owner, digest }: Credential, line: Line) => {
    if (owner === 'caller' && isIdle(line)) lines.delete(digest);
  };

  const rest = ({ digest }: Credential, { code, coolDownMs = 0 }: Fault) => coolDown.start(digest, coolDownMs, code);

  const check = ({ digest }: Credential) => {
    const wait = coolDown.waitOf(digest);
    if (wait !== undefined) throw toCoolDownFault(wait);
    breaker.check();
  };

  const free = (credential: Credential, line: Line) => {
    bulkhead.leave(line);
    forget(credential, line);
  };

  /** The place has been taken. */
  const admit = (credential: Credential, line: Line, hasWaited: boolean): Pass => {
    try {
      // Much can have happened in that time.
      if (hasWaited) check(credential);
      return { line, tell: breaker.begin() };
    } catch (error) {
      free(credential, line);
      throw error;
    }
  };

  return {
    enter(credential, call) {
      check(credential);
      const line = lineOf(credential, call);
      return bulkhead.enter(line) ? admit(credential, line, false) : undefined;
    },
    async wait(credential, call, ending) {
      const line = lineOf(credential, call);
      await bulkhead.wait(line, ending).catch((error: unknown) => {
        forget(credential, line);
        throw error;
      });
      return admit(credential, line, true);
    },
    leave({ line, tell }, credential, error) {
      try {
        tell(error);
        // Before the place is free for the next that waits. What is tried again may still go well.
        if (error instanceof Fault && error.retry === undefined) rest(credential, error);
      } finally {
        free(credential, line);
      }
    },
    rest,
  };
}

/** What isn't a fault is a client that left. */
function toVerdict(error: unknown): Verdict {
  if (error === undefined) return 'answer';
  return error instanceof Fault ? error.verdict : 'nothing';
}
