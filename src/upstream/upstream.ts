/**
 * The one way out to a provider. From the outside in: deadline of the field, retry with a budget, cool-down of the
 * credential, breaker, bulkhead, deadline of the attempt, one attempt with its cap of size, status, type, ids.
 */
import { Pool } from 'undici';
import type { Provider } from '../generated/types.ts';
import type { UpstreamLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { attempt } from './attempt.ts';
import { type Body, readBody } from './body.ts';
import { createBreaker, type Verdict } from './breaker.ts';
import { createBulkhead } from './bulkhead.ts';
import { createCoolDown } from './cool-down.ts';
import type { Credential } from './credential.ts';
import { withDeadline } from './deadline.ts';
import { Fault, toBreakerFault, toCoolDownFault, toQueueFault, toTimeFault } from './fault.ts';
import { createRetry } from './retry.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What to ask. */
export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone. */
  readonly path: string;
  /** Fields of the answer that must say, where they are there, what was asked for. */
  readonly echoes: Readonly<Record<string, string>>;
}

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}

/** The way out to one provider. */
export interface Upstream {
  /**
   * GETs a JSON object; `null` when the provider has no such thing (404, 410).
   * @throws {ProviderError | BadUserInput} saying why there is no answer
   */
  getJson(request: UpstreamRequest, credential: Credential, call: Call): Promise<Body | null>;
  /** Ends the connections once nothing is under way. */
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly provider: Provider;
  /** An https URL, or http towards loopback; its path is put before each request's own. */
  readonly baseUrl: string;
  readonly log: Log;
  readonly limits: UpstreamLimits;
}

export function createUpstream({ provider, baseUrl, log, limits }: UpstreamOptions): Upstream {
  const { fieldMs, attemptMs, maxInFlight, maxRetryAfterMs } = limits;
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');

  const retry = createRetry({
    ...limits,
    ruleOf: (error) => (error instanceof Fault ? error.retry : undefined),
    budget: createRetryBudget(limits.retryBudget, limits.retryBudgetPerCall),
  });
  const coolDown = createCoolDown(limits.maxCoolDownMs);
  const breaker = createBreaker({
    judge,
    refuse: toBreakerFault,
    onChange: (state) => log.warn({ provider, state }, 'breaker'),
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
  const pool = new Pool(origin, {
    connections: maxInFlight,
    // One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side.
    allowH2: false,
    connect: { timeout: limits.connectMs },
    keepAliveTimeout: 4_000,
    // The deadlines end every call; these only catch what slips past them.
    headersTimeout: 2 * fieldMs,
    bodyTimeout: 2 * fieldMs,
  });

  const getBody = async ({ path, echoes }: UpstreamRequest, credential: Credential, signal: AbortSignal) => {
    const { authorization, owner } = credential;
    const headers = { ...commonHeaders, authorization };
    const request = { origin, path: basePath + path, headers, maxBytes: limits.maxAnswerBytes };
    const answer = await withDeadline(
      attemptMs,
      () => toTimeFault('attempt'),
      signal,
      (attemptSignal) => attempt(pool, request, attemptSignal),
    );
    return readBody(answer, { echoes, owner, maxRetryAfterMs });
  };

  return {
    async getJson(request, credential, call) {
      const started = performance.now();
      // A service's own credential is everybody's, so its requests take turns; a caller's own is the caller.
      const isOwn = credential.owner === 'caller';
      const caller = isOwn ? credential.digest : call;
      const places = isOwn ? limits.maxInFlightPerCredential : maxInFlight;
      let attempts = 0;
      const tryOnce = (signal: AbortSignal) => {
        const wait = coolDown.waitOf(credential.digest);
        if (wait > 0) throw toCoolDownFault(wait);
        return breaker(() =>
          bulkhead({ caller, places }, signal, () => {
            attempts++;
            return getBody(request, credential, signal);
          }),
        );
      };
      try {
        return await withDeadline(
          fieldMs,
          () => toTimeFault('deadline'),
          call.signal,
          (signal) => retry(signal, started + fieldMs, async () => tryOnce(signal)),
        );
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const { code, reason, facts } = error;
        if (code === 'RATE_LIMITED' && attempts > 0) coolDown.start(credential.digest, facts.retryAfterMs ?? 0);
        const ms = Math.round(performance.now() - started);
        const { requestId } = call;
        const { upstreamStatus } = facts;
        const { path } = request;
        log.warn({ requestId, provider, path, code, reason, upstreamStatus, attempts, ms }, 'upstream call failed');
        throw error.toError(provider);
      }
    },
    close: () => pool.close(),
  };
}

const commonHeaders = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'monitor-graph' };

/** A client that left and a queue that was full say nothing of the provider; an answer that wasn't wanted says it lives. */
function judge(error: unknown): Verdict {
  if (!(error instanceof Fault) || error.code === 'OVERLOADED') return 'nothing';
  return error.blames ? 'failure' : 'answer';
}
