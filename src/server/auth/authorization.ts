/**
 * Authentication: a client needs one of the configured tokens, or a JWT of the configured issuer, checked with the keys that the
 * issuer publishes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { JWTVerifyOptions } from 'jose';
import { importPackage } from '../../core/import-module.ts';
import { lazy } from '../../core/lazy.ts';
import type { Log } from '../../observability/logger.ts';
import type { AsyncCheck, Rejection, WithBody } from '../request-checks.ts';
import { createJwks, type FindKey, JwksError, type JwksLimits } from './jwks.ts';

interface AuthorizationOptions {
  /** Each of them authenticates a caller. See {@link isApiToken}. */
  readonly apiTokens?: ApiTokens;
  /** JWTs of this issuer for this audience do as well. */
  readonly jwt?: JwtConfig;
  readonly log: Log;
  readonly limits: JwksLimits;
}

/** What an API token must be, for error messages. */
export const expectedApiToken = '16 to 4,096 visible ASCII characters each, without spaces';

/** Tokens, each behind its name and a colon or alone; a function returns the list of the moment, the same one while none changes. */
export type ApiTokens = readonly string[] | (() => readonly string[]);

/** Whether the token is long enough not to be guessed, and can be sent in a header as it is. */
export const isApiToken = (text: string): boolean => /^[\x21-\x7e]{16,4096}$/.test(readToken(text).token);

/** `grafana:…` is the token behind the colon; the name is for the log. */
function readToken(text: string): { readonly name: string | undefined; readonly token: string } {
  const [, name, token = text] = /^([A-Za-z][A-Za-z0-9._-]{0,63}):(.+)$/.exec(text) ?? [];
  return { name, token };
}

interface KnownToken {
  readonly name: string | undefined;
  readonly digest: Buffer;
}

/** The tokens by their digests, made again when there are others. */
function createKnownTokens(apiTokens: ApiTokens): () => readonly KnownToken[] {
  const read = typeof apiTokens === 'function' ? apiTokens : () => apiTokens;
  let list: readonly string[] | undefined;
  let known: readonly KnownToken[] = [];
  return () => {
    const current = read();
    if (current !== list) {
      list = current;
      known = current.map(readToken).map(({ name, token }) => ({ name, digest: digestOf(token) }));
    }
    return known;
  };
}

/** The check of a client's token: none when neither tokens nor an issuer are configured. */
export function createAuthorization({ apiTokens = [], jwt, log, limits }: AuthorizationOptions): readonly AsyncCheck[] {
  if (apiTokens.length === 0 && typeof apiTokens !== 'function' && jwt === undefined) return [];
  const knownTokens = createKnownTokens(apiTokens);
  const checkJwt = jwt && createJwtCheck(jwt, log, limits);

  const isAuthorized = async (request: WithBody) => {
    const { authorization = [] } = request.headersDistinct;
    const [, token] = (authorization.length === 1 && /^Bearer +(\S+)$/i.exec(authorization[0] ?? '')) || [];
    if (token === undefined) return unauthenticated;
    const known = findToken(knownTokens(), digestOf(token));
    request.caller = known?.name;
    if (known !== undefined) return undefined;
    const startedAt = performance.now();
    const verdict = (await checkJwt?.(token)) ?? 'refused';
    // The wait for keys counts towards the deadline of the operation.
    request.waitedMs = performance.now() - startedAt;
    if (verdict === 'accepted') return undefined;
    return verdict === 'refused' ? unauthenticated : unavailable;
  };
  return [isAuthorized];
}

/** Digests are of one length, and say nothing of how much of a token was right. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Takes the same time wherever the token is in the list, and if it isn't. */
const findToken = (tokens: readonly KnownToken[], digest: Buffer): KnownToken | undefined =>
  tokens.reduce<KnownToken | undefined>(
    (found, known) => (timingSafeEqual(known.digest, digest) ? known : found),
    undefined,
  );

const unauthenticated: Rejection = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'Expected the header Authorization: Bearer, with a token that this service accepts.',
  headers: { 'www-authenticate': 'Bearer' },
};

const unavailable: Rejection = {
  status: 503,
  code: 'UPSTREAM_UNAVAILABLE',
  message: "The issuer's keys, which verify tokens, are not available.",
  headers: { 'retry-after': '5' },
};

export interface JwtConfig {
  /** Where the issuer publishes its keys: https, or http towards loopback. */
  readonly jwksUrl: string;
  /** The `iss` that tokens must have. */
  readonly issuer: string;
  /** The `aud` that tokens must have, or have among others. */
  readonly audience: string;
}

/** `unavailable`: unknown, as the issuer's keys can't be read. */
type JwtVerdict = 'accepted' | 'refused' | 'unavailable';

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
function createJwtCheck({ jwksUrl, issuer, audience }: JwtConfig, log: Log, limits: JwksLimits) {
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
