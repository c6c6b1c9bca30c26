/**
 * The one way out to a provider. From the outside in: deadline of the field, retry with a budget, gate (cool-down of the
 * credential, breaker, bulkhead), deadline of the attempt, one attempt with its cap of size, status, type, ids.
 */
import type { Provider } from '../generated/types.ts';
import type { UpstreamLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { attempt } from './attempt.ts';
import { type Body, readBody } from './body.ts';
import type { Call } from './call.ts';
import type { Credential } from './credential.ts';
import { withDeadline } from './deadline.ts';
import type { Ending } from './ending.ts';
import { Fault, toDeadlineFault } from './fault.ts';
import { createGate } from './gate.ts';
import { createPool } from './pool.ts';
import { createRetry } from './retry.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What to ask. */
export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone. */
  readonly path: string;
  /** Fields of the answer that must say, where they are there, what was asked for. */
  readonly echoes: Readonly<Record<string, string>>;
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
  const { fieldMs, attemptMs, minAttemptMs, maxAnswerBytes, maxRetryAfterMs, wholeAnswerBytes } = limits;
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  const pool = createPool(origin, limits);
  const gate = createGate(limits, (state) => log.warn({ provider, state }, 'breaker'));
  const retry = createRetry({
    ...limits,
    ruleOf: (error) => (error instanceof Fault ? error.retry : undefined),
    budget: createRetryBudget(limits.retryBudget, limits.retryBudgetPerCall),
  });

  return {
    async getJson({ path, echoes }, credential, call) {
      const headers = { ...commonHeaders, authorization: credential.authorization };
      const sent = { origin, path: basePath + path, headers, maxBytes: maxAnswerBytes, ms: attemptMs };
      const expectation = { echoes, credential, maxRetryAfterMs, wholeAnswerBytes };
      const startedAt = performance.now();
      const endsAt = startedAt + fieldMs;
      let attempts = 0;
      let firstAttemptAt = Number.POSITIVE_INFINITY;

      const toTimeUp = () => toDeadlineFault(performance.now() - firstAttemptAt >= attemptMs);
      const tryOnce = async (ending: Ending) => {
        const entered = gate.enter(credential, call, ending);
        const exit = entered instanceof Promise ? await entered : entered;
        try {
          if (endsAt - performance.now() < minAttemptMs) throw toTimeUp();
          if (++attempts === 1) firstAttemptAt = performance.now();
          const body = readBody(await attempt(pool, sent, ending), expectation);
          exit();
          return body;
        } catch (error) {
          exit(error);
          throw error;
        }
      };

      try {
        return await withDeadline(fieldMs, toTimeUp, call.ending, (ending) =>
          retry(ending, endsAt, () => tryOnce(ending)),
        );
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        gate.rest(credential, error);
        const { code, reason, facts } = error;
        const ms = Math.round(performance.now() - startedAt);
        const about = { requestId: call.requestId, provider, path, upstreamStatus: facts.upstreamStatus };
        log.warn({ ...about, code, reason, attempts, ms }, 'upstream call failed');
        throw error.toError(provider);
      }
    },
    close: () => pool.close(),
  };
}

const commonHeaders = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'monitor-graph' };
