/** The keys that an issuer of JWTs publishes (JWKS): fetched within limits, cached, and looked at again when one is unknown. */
import type { createLocalJWKSet, JSONWebKeySet } from 'jose';
import type { Limits } from '../../core/limits.ts';
import type { Log } from '../../observability/logger.ts';

/** Finds the key for a token, among those of one look at the issuer. */
export type FindKey = ReturnType<typeof createLocalJWKSet>;

/** The keys can't be had. */
export class JwksError extends Error {
  override readonly name = 'JwksError';
}

export interface Jwks {
  /** The keys, from the cache while they are fresh. @throws {JwksError} */
  current(): Promise<FindKey>;
  /**
   * The keys by a later look than the one at `seen`; undefined where the issuer has been looked at again a moment ago.
   * @throws {JwksError}
   */
  laterThan(seen: FindKey): Promise<FindKey | undefined>;
}

export interface JwksOptions {
  readonly url: string;
  readonly log: Log;
  readonly limits: JwksLimits;
  /** That of jose, which is loaded with the first token. What is in a key that is none shows when a token needs it. */
  readonly toFindKey: (keys: JSONWebKeySet) => FindKey;
}

export type JwksLimits = Pick<Limits, 'maxJwksBytes' | 'jwksTimeoutMs' | 'jwksCacheTtlMs' | 'jwksMinIntervalMs'>;

export function createJwks({ url, log, limits, toFindKey }: JwksOptions): Jwks {
  const { jwksCacheTtlMs, jwksMinIntervalMs } = limits;
  let cached: { readonly findKey: FindKey; readonly expiresAt: number } | undefined;
  let pending: Promise<FindKey> | undefined;
  // Any client can send thousands of tokens: they cause no more requests to the issuer than these two allow.
  let failedUntil = 0;
  let notAgainBefore = 0;

  const look = async (): Promise<FindKey> => {
    try {
      const findKey = toFindKey(await fetchKeys(url, limits));
      cached = { findKey, expiresAt: performance.now() + jwksCacheTtlMs };
      return findKey;
    } catch (error) {
      failedUntil = performance.now() + jwksMinIntervalMs;
      log.error({ reason: reasonOf(error) }, 'jwks unavailable');
      throw new JwksError('The keys are not available.', { cause: error });
    }
  };
  /** All who need the keys at the same time share one look. */
  const lookOnce = (): Promise<FindKey> => {
    if (pending !== undefined) return pending;
    if (performance.now() < failedUntil) return Promise.reject(new JwksError('The keys were not available just now.'));
    pending = look().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const fresh = () => (cached !== undefined && performance.now() < cached.expiresAt ? cached.findKey : undefined);

  return {
    current: async () => fresh() ?? lookOnce(),
    async laterThan(seen) {
      const known = fresh();
      if (known !== seen) return known ?? lookOnce();
      if (pending !== undefined) return pending;
      if (performance.now() < notAgainBefore) return undefined;
      notAgainBefore = performance.now() + jwksMinIntervalMs;
      return lookOnce();
    },
  };
}

/** Why the answer is none: for the log. */
class BadAnswer extends Error {}

const reasonOf = (error: unknown): string => {
  if (error instanceof BadAnswer) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_INVALID') return 'no_key_set';
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network';
};

async function fetchKeys(url: string, { maxJwksBytes, jwksTimeoutMs }: JwksLimits): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'manual',
    // For the whole of it, the body included.
    signal: AbortSignal.timeout(jwksTimeoutMs),
    headers: { accept: 'application/json, application/jwk-set+json', 'accept-encoding': 'identity' },
  });
  const problem = problemOf(response, maxJwksBytes);
  if (problem !== undefined) {
    // The connection isn't used again, and what is on its way isn't read.
    await response.body?.cancel();
    throw new BadAnswer(problem);
  }
  return parse(await readWithin(response, maxJwksBytes));
}

function problemOf({ status, headers }: Response, most: number): string | undefined {
  if (status !== 200) return 'status';
  if (!json.test(headers.get('content-type') ?? '')) return 'content_type';
  return Number(headers.get('content-length') ?? 0) > most ? 'too_large' : undefined;
}

/** `application/json`, or anything that is JSON by its name, as `application/jwk-set+json`. */
const json = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Counts what comes out of any compression, which an issuer may use though the request doesn't accept it. */
async function readWithin({ body }: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // To leave the loop cancels the body.
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > most) throw new BadAnswer('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): JSONWebKeySet {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadAnswer('invalid_json');
  }
}
