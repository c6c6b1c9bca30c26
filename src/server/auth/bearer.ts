/** Authentication: a client needs one of the configured tokens, or a JWT of the configured issuer. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Log } from '../../observability/logger.ts';
import type { WithBody } from '../checks/body.ts';
import type { AsyncCheck, Rejection } from '../checks/check.ts';
import type { JwksLimits } from './jwks.ts';
import { createJwtCheck, type JwtConfig } from './jwt.ts';

export interface AuthorizationOptions {
  /** Each of them opens the graph. See {@link isApiToken}. */
  readonly apiTokens?: readonly string[];
  /** JWTs of this issuer for this audience do as well. */
  readonly jwt?: JwtConfig;
  readonly log: Log;
  readonly limits: JwksLimits;
}

/** What an API token must be, for error messages. */
export const expectedApiToken = '16 to 4,096 visible ASCII characters each, without spaces';

/** Whether the text is long enough not to be guessed, and can be sent in a header as it is. */
export const isApiToken = (text: string): boolean => /^[\x21-\x7e]{16,4096}$/.test(text);

/** Admits every client when neither tokens nor an issuer are configured. */
export function createAuthorization({ apiTokens = [], jwt, log, limits }: AuthorizationOptions): AsyncCheck {
  if (apiTokens.length === 0 && jwt === undefined) return () => undefined;
  const digests = apiTokens.map(digestOf);
  const checkJwt = jwt && createJwtCheck(jwt, log, limits);

  return async (request: WithBody) => {
    const { authorization = [] } = request.headersDistinct;
    const [, token] = (authorization.length === 1 && /^Bearer +(\S+)$/i.exec(authorization[0] ?? '')) || [];
    if (token === undefined) return unauthenticated;
    if (isOneOf(digests, digestOf(token))) return undefined;
    const startedAt = performance.now();
    const verdict = (await checkJwt?.(token)) ?? 'refused';
    // The wait for keys counts towards the deadline of the operation.
    request.waitedMs = performance.now() - startedAt;
    if (verdict === 'accepted') return undefined;
    return verdict === 'refused' ? unauthenticated : unavailable;
  };
}

/** Digests are of one length, and say nothing of how much of a token was right. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Takes the same time wherever the token is in the list, and if it isn't. */
const isOneOf = (digests: readonly Buffer[], digest: Buffer): boolean =>
  digests.reduce((isFound, known) => timingSafeEqual(known, digest) || isFound, false);

const unauthenticated: Rejection = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'Expected the header Authorization: Bearer, with a token that this service accepts.',
  headers: { 'www-authenticate': 'Bearer' },
};

const unavailable: Rejection = {
  status: 503,
  code: 'UPSTREAM_UNAVAILABLE',
  message: "The issuer's keys, which tokens are checked with, are not available.",
  headers: { 'retry-after': '5' },
};
