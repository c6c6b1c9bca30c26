/** JWTs, checked with the keys that their issuer publishes. */
import type { JWTVerifyOptions } from 'jose';
import { importPackage } from '../../core/import-module.ts';
import { lazy } from '../../core/lazy.ts';
import type { Log } from '../../observability/logger.ts';
import { createJwks, type FindKey, JwksError, type JwksLimits } from './jwks.ts';

export interface JwtConfig {
  /** Where the issuer publishes its keys: https, or http towards loopback. */
  readonly jwksUrl: string;
  /** The `iss` that tokens must have. */
  readonly issuer: string;
  /** The `aud` that tokens must have, or have among others. */
  readonly audience: string;
}

/** `unavailable`: unknown, as the issuer's keys can't be read. */
export type JwtVerdict = 'accepted' | 'refused' | 'unavailable';

/** Only algorithms whose keys may be public: with the others a party that can check a token can make one. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Claims that say that a token has expired, or is for another audience: this doesn't depend on its keys. */
const claimErrors: ReadonlySet<unknown> = new Set([
  ...['ERR_JWT_EXPIRED', 'ERR_JWT_CLAIM_VALIDATION_FAILED', 'ERR_JWT_INVALID'],
]);

/** How a try at a token ended, and the keys that it got as far as to need. */
interface Trial {
  readonly findKey: FindKey | undefined;
  /** Undefined when the token is good. */
  readonly error: unknown;
}

/**
 * The keys are fetched when the first token comes. A token that fails with those of the cache is tried once more with later ones:
 * the issuer may have changed a key from one moment to the next, under a new `kid` or the old one.
 */
export function createJwtCheck({ jwksUrl, issuer, audience }: JwtConfig, log: Log, limits: JwksLimits) {
  const options: JWTVerifyOptions = { issuer, audience, algorithms, requiredClaims: ['exp'], clockTolerance: 5 };
  const load = lazy(async () => {
    const { createLocalJWKSet, jwtVerify, errors } = await importPackage('JWKS_URL', 'jose', () => import('jose'));
    const jwks = createJwks({ url: jwksUrl, log, limits, toFindKey: createLocalJWKSet });
    const attempt = async (token: string, getKeys: () => FindKey | Promise<FindKey>): Promise<Trial> => {
      let findKey: FindKey | undefined;
      try {
        // What is malformed, or of another algorithm, needs no key, and has none fetched.
        await jwtVerify(
          token,
          async (...parameters) => {
            findKey = await getKeys();
            return findKey(...parameters);
          },
          options,
        );
        return { findKey, error: undefined };
      } catch (error) {
        return { findKey, error };
      }
    };
    return { jwks, attempt, JOSEError: errors.JOSEError };
  });
  /** The keys whose unusable ones are in the log already. */
  let told: FindKey | undefined;

  return async (token: string): Promise<JwtVerdict> => {
    const { jwks, attempt, JOSEError } = await load();
    const codeOf = (error: unknown) => (error instanceof JOSEError ? error.code : undefined);

    const first = await attempt(token, jwks.current);
    if (first.error === undefined) return 'accepted';
    if (first.error instanceof JwksError) return 'unavailable';
    if (first.findKey === undefined || claimErrors.has(codeOf(first.error))) return 'refused';
    // jose has codes for what is wrong with tokens; of a key that is weak, or none, Node.js says what it likes.
    if (codeOf(first.error) === undefined && told !== first.findKey) {
      told = first.findKey;
      log.warn({ reason: 'unusable_key' }, 'jwks key unusable');
    }
    let later: FindKey | undefined;
    try {
      later = await jwks.laterThan(first.findKey);
    } catch {
      // Its key is known, so the token is bad.
      return codeOf(first.error) === 'ERR_JWKS_NO_MATCHING_KEY' ? 'unavailable' : 'refused';
    }
    if (later === undefined) return 'refused';
    const found = later;
    return (await attempt(token, () => found)).error === undefined ? 'accepted' : 'refused';
  };
}
