/** Environment -> Config. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import * as v from 'valibot';
import { defaultLimits, type Limits } from '../core/limits.ts';
import type { GatewayConfig } from '../gateway/create-gateway.ts';
import exampleDocuments from '../generated/persisted-documents.json' with { type: 'json' };
import otherPrints from '../generated/persisted-documents-17.json' with { type: 'json' };
import type { Manifest } from '../graphql/documents/persisted-documents.ts';
import { withoutMarkInText } from '../json/lossless.ts';
import { type LogFormat, type LogLevel, logFormats, logLevels } from '../observability/logger.ts';
import { credentialModes } from '../providers/accounts.ts';
import { expectedRedisUrl, isRedisUrl } from '../run-cache/redis/client.ts';
import type { HttpServerConfig } from '../server/server.ts';
import { isLoopback } from '../upstream/credential.ts';
import { accountVariablesIn, readProviders } from './account-variables.ts';
import { accountsIn, keyVariable } from './accounts.ts';
import {
  type Env,
  fileVariable,
  findUnknownVariables,
  flagSetting,
  listSetting,
  portSetting,
  readSecretFiles,
  readSettings,
  secretVariablesIn,
  setting,
} from './env.ts';
import { readLimits, toVariable } from './limits-config.ts';
import {
  type MetricsConfig,
  type ObservabilityVariable,
  observabilityVariables,
  readMetricsConfig,
} from './observability-config.ts';
import { type HttpServerVariable, httpServerVariables, readHttpServerConfig } from './server-config.ts';
import { readTracesConfig, type TracesConfig, type TracesVariable, tracesVariables } from './traces-config.ts';

/** All that the process needs. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Those that are set; the others have their defaults. */
  readonly limits: Partial<Limits>;
  readonly gateway: Pick<
    GatewayConfig,
    'providers' | 'credentials' | 'introspection' | 'persistedDocuments' | 'persistedDocumentsOnly' | 'coalesceCalls'
  > & { readonly runCache?: boolean };
  /** The Redis of the run cache, instead of memory. */
  readonly redisUrl?: string;
  readonly httpServer: HttpServerConfig;
  /** Where metrics are served. @default there are none */
  readonly metrics?: MetricsConfig;
  /** Where traces are sent. @default nothing is traced */
  readonly traces?: TracesConfig;
  /** Variables that are probably misspelt. The service starts all the same, as they may be another program's. */
  readonly warnings: readonly string[];
}

/** The environment isn't usable. Says everything that is wrong with it, and not one value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

const isAddress = (text: string) => isIP(text) !== 0 || /^[\w.-]{1,255}$/.test(text);

const listenSettings = {
  HOST: v.optional(setting('a host name or an IP address', isAddress), '127.0.0.1'),
  PORT: v.optional(portSetting, '4000'),
  LOG_LEVEL: v.optional(v.picklist(logLevels, `expected one of ${logLevels.join(', ')}`), 'info'),
  LOG_FORMAT: v.optional(v.picklist(logFormats, `expected one of ${logFormats.join(', ')}`), 'json'),
  INTROSPECTION: v.optional(flagSetting),
};

const persistedSettings = {
  PERSISTED_DOCUMENTS: v.optional(listSetting('paths of files', (path) => path !== '')),
  PERSISTED_DOCUMENTS_ONLY: v.optional(flagSetting, 'false'),
};

const gatewaySettings = {
  CREDENTIALS: v.optional(v.picklist(credentialModes, `expected one of ${credentialModes.join(', ')}`), 'service'),
  ALLOW_ANONYMOUS: v.optional(flagSetting, 'false'),
};

const reuseSettings = {
  RUN_CACHE: v.optional(flagSetting),
  COALESCE_CALLS: v.optional(flagSetting),
  REDIS_URL: v.optional(setting(expectedRedisUrl, isRedisUrl)),
};

/** Every variable but those of the providers and the limits. `npm run docs` needs a description of each. */
export type Variable =
  | keyof typeof listenSettings
  | keyof typeof persistedSettings
  | keyof typeof gatewaySettings
  | keyof typeof reuseSettings
  | HttpServerVariable
  | ObservabilityVariable
  | TracesVariable;

/**
 * What `npm start` needs.
 * @throws {ConfigError}
 */
export function readConfig(environment: Env): Config {
  const problems: string[] = [];
  const env = readSecretFiles(environment, problems);
  const config = readCommon(env, problems, { isOpen: isLoopback, isSandbox: false });
  const gateway = readGateway(env, problems, isLoopback(config.host));
  if (problems.length > 0) throw new ConfigError([...problems, ...config.warnings]);
  return { ...config, gateway: { ...config.gateway, ...gateway } };
}

/**
 * What a process on invented providers needs: nothing that could lead outside, and nothing to hide.
 * @throws {ConfigError}
 */
export function readSandboxConfig(environment: Env): Config {
  const problems: string[] = [];
  const env = readSecretFiles(environment, problems);
  const config = readCommon(env, problems, { isOpen: () => true, isSandbox: true });
  for (const name of ['JWKS_URL', 'REDIS_URL'])
    if (env[name]) problems.push(`${name}: expected not to be set in the sandbox, which calls nothing outside`);
  if (problems.length > 0) throw new ConfigError([...problems, ...config.warnings]);
  // Pages that are being developed on this machine.
  return { ...config, httpServer: { corsOrigins: 'loopback', ...config.httpServer } };
}

interface Purpose {
  /** Whether who reaches this host may explore the graph, if the environment doesn't say. */
  isOpen(host: string): boolean;
  readonly isSandbox: boolean;
}

function readCommon(env: Env, problems: string[], { isOpen, isSandbox }: Purpose): Config {
  const {
    HOST = '127.0.0.1',
    PORT = 4000,
    LOG_LEVEL = 'info',
    LOG_FORMAT = 'json',
    ...listen
  } = readSettings(listenSettings, env, problems);
  const mayExplore = isOpen(HOST);
  const persisted = readPersisted(env, problems);
  const { redisUrl, ...reuse } = readReuse(env, problems);
  // What is written in GraphiQL is on no list.
  const httpServer = readHttpServerConfig(env, problems, {
    graphiql: mayExplore && !persisted.persistedDocumentsOnly,
    host: HOST,
  });
  const traces = readTracesConfig(env, problems, isSandbox);
  const metrics = readMetricsConfig(env, problems, { host: HOST, isByDefault: isSandbox && isLoopback(HOST) });
  if (httpServer.graphiql && persisted.persistedDocumentsOnly)
    problems.push(
      'GRAPHIQL: expected not to be true with PERSISTED_DOCUMENTS_ONLY=true, as what is written there is on no list',
    );
  return {
    host: HOST,
    port: PORT,
    logLevel: LOG_LEVEL,
    logFormat: LOG_FORMAT,
    gateway: { introspection: listen.INTROSPECTION ?? mayExplore, ...reuse, ...persisted },
    ...(redisUrl && { redisUrl }),
    httpServer,
    ...(metrics && { metrics }),
    ...(traces && { traces }),
    limits: readLimits(env, problems),
    warnings: findUnknownVariables(env, knownVariables(env)),
  };
}

/** What outlives a request, and where it is stored. */
function readReuse(
  env: Env,
  problems: string[],
): Pick<Config, 'redisUrl'> & Pick<Config['gateway'], 'runCache' | 'coalesceCalls'> {
  const {
    RUN_CACHE: runCache,
    COALESCE_CALLS: coalesceCalls,
    REDIS_URL: redisUrl,
  } = readSettings(reuseSettings, env, problems);
  if (runCache === false && env.REDIS_URL)
    problems.push('REDIS_URL: expected not to be set with RUN_CACHE=false, as nothing is cached then');
  return {
    ...(redisUrl && { redisUrl }),
    ...(runCache !== undefined && { runCache }),
    ...(coalesceCalls !== undefined && { coalesceCalls }),
  };
}

/** The manifests that the variables name, and whether there is nothing else. */
function readPersisted(
  env: Env,
  problems: string[],
): Pick<GatewayConfig, 'persistedDocuments' | 'persistedDocumentsOnly'> {
  const { PERSISTED_DOCUMENTS: paths, PERSISTED_DOCUMENTS_ONLY } = readSettings(persistedSettings, env, problems);
  return {
    ...(paths && { persistedDocuments: readManifests(paths, problems) }),
    ...(PERSISTED_DOCUMENTS_ONLY && { persistedDocumentsOnly: true }),
  };
}

/** The names of all variables that the service reads; those of an account, if the environment names it. */
export function knownVariables(env: Env): string[] {
  const groups = [listenSettings, persistedSettings, gatewaySettings, reuseSettings];
  return [
    ...groups.flatMap((settings) => Object.keys(settings)),
    ...httpServerVariables,
    ...observabilityVariables,
    ...tracesVariables,
    ...accountVariablesIn(env),
    ...secretVariablesIn(env).map(fileVariable),
    ...Object.keys(defaultLimits).map(toVariable),
  ];
}

function readGateway(env: Env, problems: string[], isLocal: boolean): Pick<GatewayConfig, 'credentials' | 'providers'> {
  const { CREDENTIALS: credentials = 'service', ALLOW_ANONYMOUS } = readSettings(gatewaySettings, env, problems);
  const configs = readProviders(env, problems, credentials);
  const names = accountsIn(env).map(keyVariable);
  const withKey = names.filter((name) => env[name]);
  if (credentials === 'forwarded') {
    if (withKey.length > 0) problems.push(`${withKey.join(', ')}: expected not to be set with CREDENTIALS=forwarded`);
    return { credentials, providers: configs };
  }
  if (withKey.length === 0) problems.push(`${names.join(', ')}: expected at least one of them to be set`);
  if (withKey.length > 0 && !isLocal && !env.API_TOKENS && !env.JWKS_URL) {
    if (!ALLOW_ANONYMOUS)
      problems.push(
        'API_TOKENS, JWKS_URL: expected one of them to be set, or ALLOW_ANONYMOUS=true, as HOST lets others use the ' +
          'keys of the service',
      );
    else if (!env.ALLOWED_HOSTS)
      problems.push(
        'ALLOWED_HOSTS: expected to be set with ALLOW_ANONYMOUS=true, as otherwise any web page that a user on the network ' +
          'opens can read responses by DNS rebinding, with the keys of the service',
      );
  }
  return { credentials, providers: configs };
}

/**
 * Reads them from their files, and adds what is wrong with one as JSON to `problems`, by its place and without its name.
 * What is in it is for the gateway to check.
 */
export function readManifests(paths: readonly string[], problems: string[]): Manifest[] {
  return paths.flatMap((path, place) => {
    try {
      return [JSON.parse(withoutMarkInText(readFileSync(path, 'utf8'))) as Manifest];
    } catch (error) {
      const expected = error instanceof SyntaxError ? 'JSON' : 'a file that can be read';
      problems.push(`PERSISTED_DOCUMENTS: manifest ${place + 1}: expected ${expected}`);
      return [];
    }
  });
}

/** Each example operation as clients print it, with graphql 16 and 17. Made by codegen. */
export const exampleManifest: Manifest = { ...exampleDocuments, ...otherPrints };
