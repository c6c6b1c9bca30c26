/** Stops asking a provider that keeps failing, and finds out gently whether it is back. */
import { createCallWindow } from './call-window.ts';

export interface Breaker {
  /** Throws what `refuse` makes while no task would be let through. */
  check(): void;
  /** Lets a task through, or throws as `check` does. What is returned has to be told how the task ended. */
  begin(): (error: unknown) => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** What the end of a task says of the provider: that it failed, that it answered (be it to say no), or nothing. */
export type Verdict = 'failure' | 'answer' | 'nothing';

export interface BreakerOptions {
  /** What the end of a task says, given its error, if it had one. */
  readonly judge: (error: unknown) => Verdict;
  /** The error of a task that isn't let through, given the milliseconds until one may be. */
  readonly refuse: (retryAfterMs: number) => Error;
  /** Told of every change. */
  readonly onChange: (state: BreakerState) => void;
  /** The share of failures that opens it, between 0 and 1. */
  readonly threshold: number;
  /** The fewest calls that say anything. */
  readonly minCalls: number;
  /** How far back it looks, in milliseconds. */
  readonly windowMs: number;
  /** The first rest, in milliseconds; after each failed probe it is twice as long. */
  readonly restMs: number;
  /** The longest rest, in milliseconds. */
  readonly maxRestMs: number;
  /** How many good probes in a row close it. */
  readonly probes: number;
}

/** What those are told, in milliseconds, who come during a probe: nobody knows how long it takes. */
const probeMs = 1_000;

/** Makes a breaker, closed. One a provider. Its clock is monotonic. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { judge, refuse, onChange, threshold, minCalls, windowMs, restMs, maxRestMs, probes } = options;
  const now = () => performance.now();
  const recent = createCallWindow(windowMs, now);
  let state: BreakerState = 'closed';
  let rest = restMs;
  let restsUntil = 0;
  let goodProbes = 0;
  let isProbing = false;

  const change = (next: BreakerState) => {
    if (next === state) return;
    state = next;
    onChange(next);
  };
  const open = () => {
    // Up to 20 % off either way, so that replicas don't come back together.
    restsUntil = now() + Math.round(rest * (0.8 + 0.4 * Math.random()));
    rest = Math.min(2 * rest, maxRestMs);
    goodProbes = 0;
    change('open');
  };
  const close = () => {
    rest = restMs;
    recent.clear();
    change('closed');
  };

  const watch = (error: unknown) => {
    const verdict = judge(error);
    // What began before it opened tells nothing new.
    if (verdict === 'nothing' || state !== 'closed') return;
    recent.add(verdict === 'failure');
    if (verdict === 'failure' && recent.calls >= minCalls && recent.failures >= threshold * recent.calls) open();
  };
  const learn = (error: unknown) => {
    const verdict = judge(error);
    isProbing = false;
    if (verdict === 'failure') open();
    else if (verdict === 'answer' && ++goodProbes >= probes) close();
  };

  const check = () => {
    if (state === 'closed') return;
    const wait = restsUntil - now();
    if (wait > 0) throw refuse(Math.ceil(wait));
    if (isProbing) throw refuse(probeMs);
  };

  return {
    check,
    begin() {
      check();
      if (state === 'closed') return watch;
      isProbing = true;
      change('half-open');
      return learn;
    },
  };
}
