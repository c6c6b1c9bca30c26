/**
 * The one way out to a provider. From the outside in: deadline of the field, retry with a budget, gate (cool-down of the
 * credential, breaker, bulkhead), deadline of the attempt, one attempt with its cap of size, status, type, ids.
 */
import type { Provider } from '../generated/types.ts';
import type { UpstreamLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { attempt } from './attempt.ts';
import { type Body, createReadBody, type Echoes } from './body.ts';
import type { Call } from './call.ts';
import type { Credential } from './credential.ts';
import { withDeadline } from './deadline.ts';
import { Fault, toAttemptTimeFault, toDeadlineFault } from './fault.ts';
import { createGate, type Exit } from './gate.ts';
import { createPool } from './pool.ts';
import { createRetry, pause } from './retry.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What to ask. */
export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone. */
  readonly path: string;
  /** Fields of the answer that must say, where they are there, what was asked for. */
  readonly echoes: Echoes;
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
  /** Told of each call whose credential the provider doesn't accept (401). */
  readonly onRefused?: (credential: Credential) => void;
}

export function createUpstream({ provider, baseUrl, log, limits, onRefused }: UpstreamOptions): Upstream {
  const { fieldMs, attemptMs, minAttemptMs, maxAnswerBytes: maxBytes } = limits;
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  const pool = createPool(origin, limits);
  const gate = createGate(provider, limits, (state) => log.warn({ provider, state }, 'breaker'));
  const readBody = createReadBody(limits);
  const retry = createRetry({
    ...limits,
    ruleOf: (error) => (error instanceof Fault ? error.retry : undefined),
    budget: createRetryBudget(limits.retryBudget, limits.retryBudgetPerCall),
  });

  return {
    // One function for all attempts, as every `await` and every function within a function costs each call something.
    async getJson({ path, echoes }, credential, call) {
      const { ending } = call;
      const price = call.price.of(provider);
      const calledAt = performance.now();
      const startedAt = call.since ?? calledAt;
      const endsAt = startedAt + fieldMs;
      let attempts = 0;
      let firstAttemptAt = Number.POSITIVE_INFINITY;
      const toTimeUp = () => toDeadlineFault(performance.now() - firstAttemptAt >= attemptMs);

      retry.begin();
      for (let failures = 1; ; failures++) {
        let exit: Exit | undefined;
        try {
          if (ending.reason !== undefined) throw ending.reason;
          exit = gate.enter(credential, call);
          let now = attempts === 0 ? calledAt : performance.now();
          if (exit === undefined) {
            exit = await withDeadline(endsAt - now, toTimeUp, ending, (end) => gate.wait(credential, call, end));
            now = performance.now();
          }
          const leftMs = endsAt - now;
          if (leftMs < minAttemptMs) throw toTimeUp();
          call.send?.();
          if (++attempts === 1) firstAttemptAt = now;
          price.calls++;
          const isShort = leftMs <= attemptMs;
          const request = {
            method: 'GET',
            path: basePath + path,
            headers: credential.headers,
            maxBytes,
            ms: isShort ? Math.ceil(leftMs) : attemptMs,
            toTimeUp: isShort ? toTimeUp : toAttemptTimeFault,
          } as const;
          const body = readBody(await attempt(pool, request, ending), echoes, credential);
          exit();
          return body;
        } catch (error) {
          exit?.(error);
          const isOver = ending.reason !== undefined;
          const wait = isOver ? undefined : retry.waitAfter(error, failures, endsAt - performance.now());
          if (wait !== undefined) {
            await pause(wait, ending);
            continue;
          }
          if (!(error instanceof Fault)) throw error;
          gate.rest(credential, error);
          const { code, reason, facts } = error;
          if (facts.upstreamStatus === 401) onRefused?.(credential);
          const ms = Math.round(performance.now() - startedAt);
          const about = { requestId: call.requestId, provider, path, upstreamStatus: facts.upstreamStatus };
          log.warn({ ...about, code, reason, attempts, ms }, 'upstream call failed');
          throw error.toError(provider);
        }
      }
    },
    close: () => pool.close(),
  };
}
