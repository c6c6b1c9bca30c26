/**
 * The one way out to a provider. From the outside in: deadline of the field, bulkhead, deadline of the attempt, one
 * attempt with its cap of size, status, type, ids. Retry, credential cool-down and breaker belong between the first two.
 */
import { Pool } from 'undici';
import type { Provider } from '../generated/types.ts';
import type { Log } from '../log.ts';
import { attempt } from './attempt.ts';
import { type Body, readBody } from './body.ts';
import { createBulkhead } from './bulkhead.ts';
import { withDeadline } from './deadline.ts';
import { Fault } from './fault.ts';

/** What to ask. */
export interface UpstreamRequest {
  /** The path below the base URL. Made of checked ids alone. */
  readonly path: string;
  /** Fields of the answer that must say, where they are there, what was asked for. */
  readonly echoes: Readonly<Record<string, string>>;
}

/** On whose behalf a call is made. */
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
  getJson(request: UpstreamRequest, call: Call): Promise<Body | null>;
  /** Ends the connections once nothing is under way. */
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly provider: Provider;
  /** An https URL, or http towards loopback; its path is put before each request's own. */
  readonly baseUrl: string;
  /** The whole `Authorization` header. */
  readonly authorization: string;
  readonly log: Log;
  readonly limits?: UpstreamLimits;
}

/** How long, how many, how much: per provider. */
export interface UpstreamLimits {
  /** All attempts and waits of one field together, in milliseconds. @default 5000 */
  readonly fieldMs?: number;
  /** One attempt, connecting included, in milliseconds. @default 3000 */
  readonly attemptMs?: number;
  /** Connecting, in milliseconds; coarse, as undici's clock is. @default 1000 */
  readonly connectMs?: number;
  /** Calls in flight at a time. @default 32 */
  readonly maxInFlight?: number;
  /** The largest answer that is read, in bytes. @default 10485760 (10 MiB) */
  readonly maxAnswerBytes?: number;
}

export function createUpstream({ provider, baseUrl, authorization, log, limits = {} }: UpstreamOptions): Upstream {
  const {
    fieldMs = 5_000,
    attemptMs = 3_000,
    connectMs = 1_000,
    maxInFlight = 32,
    maxAnswerBytes = 10 * 1024 * 1024,
  } = limits;
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    authorization,
    'user-agent': 'monitor-graph',
  };
  const bulkhead = createBulkhead(maxInFlight);
  const pool = new Pool(origin, {
    connections: maxInFlight,
    // One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side.
    allowH2: false,
    connect: { timeout: connectMs },
    keepAliveTimeout: 4_000,
    // The deadlines below end every call; these only catch what slips past them.
    headersTimeout: 2 * fieldMs,
    bodyTimeout: 2 * fieldMs,
  });

  const getAnswer = (path: string, call: Call) =>
    withDeadline(
      fieldMs,
      () => timeout('deadline'),
      call.signal,
      (deadline) =>
        bulkhead(deadline, () =>
          withDeadline(
            attemptMs,
            () => timeout('attempt'),
            deadline,
            (signal) => attempt(pool, { origin, path: basePath + path, headers, maxBytes: maxAnswerBytes }, signal),
          ),
        ),
    );

  return {
    async getJson({ path, echoes }, call) {
      const started = performance.now();
      try {
        return readBody(await getAnswer(path, call), echoes);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const { code, reason, facts } = error;
        const ms = Math.round(performance.now() - started);
        const fields = {
          requestId: call.requestId,
          provider,
          path,
          code,
          reason,
          upstreamStatus: facts.upstreamStatus,
          ms,
        };
        log.warn(fields, 'upstream call failed');
        throw error.toError(provider);
      }
    },
    close: () => pool.close(),
  };
}

const timeout = (reason: string) => new Fault('UPSTREAM_TIMEOUT', reason, { retryable: true });
