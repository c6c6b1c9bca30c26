/** Stops asking a provider that keeps failing, and finds out gently whether it is back. */
import { createCallWindow } from './call-window.ts';

/** Lets a task through, or fails at once while the provider has a rest. */
export type Breaker = <Result>(task: () => Promise<Result>) => Promise<Result>;

export type BreakerState = 'closed' | 'open' | 'half-open';

/** What an error says of the provider: that it failed, that it answered all the same, or nothing. */
export type Verdict = 'failure' | 'answer' | 'nothing';

export interface BreakerOptions {
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
    restsUntil = now() + rest * (0.8 + 0.4 * Math.random());
    rest = Math.min(2 * rest, maxRestMs);
    goodProbes = 0;
    change('open');
  };
  const close = () => {
    rest = restMs;
    recent.clear();
    change('closed');
  };

  const watch = (verdict: Verdict) => {
    if (verdict === 'nothing') return;
    recent.add(verdict === 'failure');
    // What began before it opened tells nothing new.
    if (state !== 'closed' || verdict === 'answer') return;
    if (recent.calls >= minCalls && recent.failures >= threshold * recent.calls) open();
  };
  const learn = (verdict: Verdict) => {
    isProbing = false;
    if (verdict === 'failure') open();
    else if (verdict === 'answer' && ++goodProbes >= probes) close();
  };

  return async (task) => {
    const isProbe = state !== 'closed';
    if (isProbe) {
      const wait = restsUntil - now();
      if (wait > 0 || isProbing) throw refuse(Math.ceil(Math.max(wait, 0)));
      isProbing = true;
      change('half-open');
    }
    const tell = isProbe ? learn : watch;
    try {
      const result = await task();
      tell('answer');
      return result;
    } catch (error) {
      tell(judge(error));
      throw error;
    }
  };
}
