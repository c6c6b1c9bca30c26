/** Authentication: a client needs one of the configured tokens, or a JWT of the configured issuer. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Log } from '../../observability/logger.ts';
import type { WithBody } from '../checks/body.ts';
import type { AsyncCheck, Rejection } from '../checks/check.ts';
import type { JwksLimits } from './jwks.ts';
import { createJwtCheck, type JwtConfig } from './jwt.ts';

export interface AuthorizationOptions {
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

/** Admits every client when neither tokens nor an issuer are configured. */
export function createAuthorization({ apiTokens = [], jwt, log, limits }: AuthorizationOptions): AsyncCheck {
  if (apiTokens.length === 0 && typeof apiTokens !== 'function' && jwt === undefined) return () => undefined;
  const knownTokens = createKnownTokens(apiTokens);
  const checkJwt = jwt && createJwtCheck(jwt, log, limits);

  return async (request: WithBody) => {
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
  message: "The issuer's keys, which tokens are checked with, are not available.",
  headers: { 'retry-after': '5' },
};
