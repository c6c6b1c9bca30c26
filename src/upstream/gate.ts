/**
 * Who may call a provider now: no credential that cools down, nobody while the breaker is open, and no more at a time than
 * there are places for.
 */
import type { UpstreamLimits } from '../limits.ts';
import { type BreakerState, createBreaker, type Verdict } from './breaker.ts';
import { type Caller, createBulkhead } from './bulkhead.ts';
import type { Call } from './call.ts';
import { createCoolDown } from './cool-down.ts';
import type { Credential } from './credential.ts';
import type { Ending } from './ending.ts';
import { Fault, toBreakerFault, toCoolDownFault, toQueueFault } from './fault.ts';

export interface Gate {
  /**
   * Lets a call through as soon as it may go, or until it is ended while it waits for its place.
   * @throws {Fault} when it may not
   */
  enter(credential: Credential, call: Call, ending: Ending): Exit | Promise<Exit>;
  /** Keeps the credential out for as long as the fault says: a call with it has failed for good. */
  rest(credential: Credential, fault: Fault): void;
}

/** To be called once the call is over, with its error, if it failed: others wait for its place. */
export type Exit = (error?: unknown) => void;

/** Makes the gate of one provider, so that no provider's trouble touches another. */
export function createGate(limits: UpstreamLimits, onChange: (state: BreakerState) => void): Gate {
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

  /** A service's own credential is everybody's, so its requests take turns; a caller's own is the caller. */
  const toCaller = ({ owner, digest }: Credential, call: Call): Caller =>
    owner === 'caller' ? { caller: digest, places: maxInFlightPerCredential } : { caller: call, places: maxInFlight };

  const rest = ({ digest }: Credential, { coolDownMs = 0 }: Fault) => coolDown.start(digest, coolDownMs);

  const check = ({ digest }: Credential) => {
    const wait = coolDown.waitOf(digest);
    if (wait > 0) throw toCoolDownFault(wait);
    breaker.check();
  };

  /** The place has been taken. */
  const admit = (credential: Credential, caller: Caller, hasWaited: boolean): Exit => {
    try {
      // Much can have happened in that time.
      if (hasWaited) check(credential);
      const tell = breaker.begin();
      return (error) => {
        tell(error);
        // Before the place is free for the next that waits. What is tried again may still go well.
        if (error instanceof Fault && error.retry === undefined) rest(credential, error);
        bulkhead.leave(caller);
      };
    } catch (error) {
      bulkhead.leave(caller);
      throw error;
    }
  };

  return {
    enter(credential, call, ending) {
      check(credential);
      const caller = toCaller(credential, call);
      const wait = bulkhead.enter(caller, ending);
      return wait?.then(() => admit(credential, caller, true)) ?? admit(credential, caller, false);
    },
    rest,
  };
}

/** What isn't a fault is a client that left. */
function toVerdict(error: unknown): Verdict {
  if (error === undefined) return 'answer';
  return error instanceof Fault ? error.verdict : 'nothing';
}
