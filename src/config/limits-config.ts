/** Environment -> limits. */
import * as v from 'valibot';
import { defaultLimits, type Limits } from '../core/limits.ts';
import { countSetting, type Env, optionalCountSetting, readSettings, shareSetting } from './env.ts';

/** The variable of a limit: `UPSTREAM_ATTEMPT_TIMEOUT_MS` of `upstreamAttemptTimeoutMs`. */
export const toVariable = (limit: string): string => limit.replace(/[A-Z]/g, '_$&').toUpperCase();

/** The limits of which 0 means that there is none of it. */
const mayBeZero: ReadonlySet<string> = new Set<keyof Limits>(['freshMs']);

/** Reads the limits from the variables of their names. Whole numbers stay whole; the others are shares. */
export function readLimits(env: Env, problems: string[]): Partial<Limits> {
  const limits: Record<string, number> = {};
  for (const [limit, byDefault] of Object.entries(defaultLimits)) {
    const name = toVariable(limit);
    const count = mayBeZero.has(limit) ? optionalCountSetting : countSetting;
    const value = Number.isInteger(byDefault) ? count : shareSetting;
    const given = readSettings({ [name]: v.optional(value) }, env, problems)[name];
    if (given !== undefined) limits[limit] = given;
  }
  const all: Limits = { ...defaultLimits, ...limits };
  const {
    upstreamMinAttemptMs,
    upstreamAttemptTimeoutMs,
    operationTimeoutMs,
    shutdownDelayMs,
    shutdownTimeoutMs,
    headersTimeoutMs,
    requestTimeoutMs,
    runCacheTtlMs,
    runCacheStaleIfErrorMs,
  } = all;
  // Otherwise no call would ever be made, or the last answers would have no time.
  if (upstreamMinAttemptMs > upstreamAttemptTimeoutMs || upstreamAttemptTimeoutMs > operationTimeoutMs)
    problems.push(
      'UPSTREAM_MIN_ATTEMPT_MS, UPSTREAM_ATTEMPT_TIMEOUT_MS, OPERATION_TIMEOUT_MS: expected none to be more than the next',
    );
  if (headersTimeoutMs > requestTimeoutMs)
    problems.push('HEADERS_TIMEOUT_MS: expected not to be more than REQUEST_TIMEOUT_MS');
  if (runCacheTtlMs > runCacheStaleIfErrorMs)
    problems.push('RUN_CACHE_TTL_MS: expected not to be more than RUN_CACHE_STALE_IF_ERROR_MS');
  // Otherwise an operation would have to be retried, and never succeed.
  if (
    all.maxResponseBytes > all.maxPendingResponseBytesPerCaller ||
    all.maxPendingResponseBytesPerCaller > all.maxPendingResponseBytes
  )
    problems.push(
      'MAX_RESPONSE_BYTES, MAX_PENDING_RESPONSE_BYTES_PER_CALLER, MAX_PENDING_RESPONSE_BYTES: expected none to be more than the next',
    );
  if (shutdownDelayMs > shutdownTimeoutMs)
    problems.push('SHUTDOWN_DELAY_MS: expected not to be more than SHUTDOWN_TIMEOUT_MS');
  return limits;
}
