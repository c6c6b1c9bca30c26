/** Environment -> who may send requests to the HTTP server. */
import * as v from 'valibot';
import { expectedApiToken, isApiToken, type JwtConfig } from '../server/auth/authorization.ts';
import { isHost } from '../server/request-checks.ts';
import { isOrigin } from '../server/response-headers.ts';
import type { HttpServerConfig } from '../server/server.ts';
import { isLoopback } from '../upstream/credential.ts';
import { type Env, flagSetting, listSetting, readSettings, setting } from './env.ts';

const isKeySetUrl = (text: string) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
};

const isName = (text: string) => /^[\x21-\x7e]{1,1024}$/.test(text);

const settings = {
  ALLOWED_HOSTS: v.optional(listSetting('host names, each with a port or without', isHost)),
  CORS_ORIGINS: v.optional(listSetting('origins like https://app.example', isOrigin)),
  API_TOKENS: v.optional(listSetting(expectedApiToken, isApiToken)),
  JWKS_URL: v.optional(setting('an https URL (http only towards loopback) without user or fragment', isKeySetUrl)),
  JWT_ISSUER: v.optional(setting('1 to 1,024 visible ASCII characters', isName)),
  JWT_AUDIENCE: v.optional(setting('1 to 1,024 visible ASCII characters', isName)),
  GRAPHIQL: v.optional(flagSetting),
};

export type HttpServerVariable = keyof typeof settings;
export const httpServerVariables: readonly string[] = Object.keys(settings);

/** What the environment needn't say. */
export interface ServerDefaults {
  /** Whether GraphiQL is shown. */
  readonly graphiql: boolean;
  /** Where the server listens. */
  readonly host: string;
}

/** Reads the settings of the HTTP server, and adds what is wrong to `problems`. */
export function readHttpServerConfig(
  env: Env,
  problems: string[],
  { graphiql, host }: ServerDefaults,
): HttpServerConfig {
  const given = readSettings(settings, env, problems);
  const jwt = toJwtConfig(given);
  // Spaces alone are a value too, and none that is good: it has been told above.
  const names = ['JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) => env[name]);
  if (names.length % 3 !== 0)
    problems.push('JWKS_URL, JWT_ISSUER, JWT_AUDIENCE: expected all of them to be set, or none');
  // Bound to loopback, the service is for this machine alone; pages of other sites reach it by host names that they control.
  const allowedHosts = given.ALLOWED_HOSTS ?? (isLoopback(host) ? 'loopback' : undefined);
  return {
    graphiql: given.GRAPHIQL ?? graphiql,
    ...(allowedHosts && { allowedHosts }),
    ...(given.CORS_ORIGINS && { corsOrigins: given.CORS_ORIGINS }),
    ...(given.API_TOKENS && { apiTokens: given.API_TOKENS }),
    ...(jwt && { jwt }),
  };
}

interface JwtSettings {
  readonly JWKS_URL?: string | undefined;
  readonly JWT_ISSUER?: string | undefined;
  readonly JWT_AUDIENCE?: string | undefined;
}

function toJwtConfig({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: JwtSettings): JwtConfig | undefined {
  if (JWKS_URL === undefined || JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return undefined;
  return { jwksUrl: JWKS_URL, issuer: JWT_ISSUER, audience: JWT_AUDIENCE };
}
