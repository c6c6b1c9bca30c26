/** JWTs, checked with the keys that their issuer publishes. */
import type { FetchImplementation, JWTVerifyOptions } from 'jose';
import type { Log } from '../log.ts';

export interface JwtConfig {
  /** Where the issuer publishes its keys: https, or http towards loopback. */
  readonly jwksUrl: string;
  /** The `iss` that tokens must have. */
  readonly issuer: string;
  /** The `aud` that tokens must have, or have among others. */
  readonly audience: string;
}

/** `unavailable`: it can't be told, as the issuer's keys can't be had. */
export type JwtVerdict = 'accepted' | 'refused' | 'unavailable';

/** Only algorithms whose keys may be public: with the others whoever can check a token can make one. */
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

/** What says of the keys, not of the token, that they aren't as they should be. */
const keyFaults: ReadonlySet<unknown> = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);

/** How long nobody looks for keys that couldn't be had, in milliseconds: whoever likes can bring tokens by the thousand. */
const restMs = 1_000;

/** Why nobody looks for them. */
const resting = new Error('The keys were looked for a moment ago.');

/** The keys are fetched when the first token comes, kept for ten minutes, and looked for again when one is unknown. */
export function createJwtCheck({ jwksUrl, issuer, audience }: JwtConfig, log: Log) {
  const options: JWTVerifyOptions = { issuer, audience, algorithms, requiredClaims: ['exp'], clockTolerance: 5 };
  let restsUntil = 0;
  const fetchKeys: FetchImplementation = async (...request) => {
    if (performance.now() < restsUntil) throw resting;
    return fetch(...request);
  };
  const load = async () => {
    const { createRemoteJWKSet, customFetch, jwtVerify, errors } = await import('jose');
    const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3_000, [customFetch]: fetchKeys });
    return { verify: (token: string) => jwtVerify(token, keys, options), JOSEError: errors.JOSEError };
  };
  let jose: ReturnType<typeof load> | undefined;

  return async (token: string): Promise<JwtVerdict> => {
    // A failure isn't kept: the next token tries again.
    jose ??= load().catch((error) => {
      jose = undefined;
      throw error;
    });
    const { verify, JOSEError } = await jose;
    try {
      await verify(token);
      return 'accepted';
    } catch (error) {
      if (error instanceof JOSEError && !keyFaults.has(error.code)) return 'refused';
      if (error === resting) return 'unavailable';
      restsUntil = performance.now() + restMs;
      log.error({ reason: error instanceof JOSEError ? error.code : 'network' }, 'keys of the issuer unavailable');
      return 'unavailable';
    }
  };
}
