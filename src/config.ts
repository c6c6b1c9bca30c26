/** Environment -> Config. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import type { GatewayConfig, ProviderConfig } from './gateway.ts';
import type { Provider } from './generated/types.ts';
import { type LogLevel, logLevels } from './log.ts';
import { providerNames } from './providers/index.ts';
import { expectedApiKey, expectedBaseUrl, isApiKey, isBaseUrl } from './upstream/target.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** How the process shows itself. */
export interface ListenConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logLevel: LogLevel;
}

/** All that `npm start` needs. */
export interface Config extends ListenConfig {
  readonly providers: GatewayConfig['providers'];
}

/** The environment isn't usable. Says everything that is wrong with it, and not one value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

const setting = (expected: string, accepts: (text: string) => boolean) =>
  v.pipe(v.string(), v.trim(), v.check(accepts, `expected ${expected}`));

const isHost = (text: string) => isIP(text) !== 0 || /^[\w.-]{1,255}$/.test(text);

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

const listenSettings = v.object({
  HOST: v.optional(setting('a host name or an IP address', isHost), '127.0.0.1'),
  PORT: v.pipe(v.optional(setting('a port number from 0 to 65535', isPort), '4000'), v.transform(Number)),
  LOG_LEVEL: v.optional(v.picklist(logLevels, `expected one of ${logLevels.join(', ')}`), 'info'),
});

/** Each provider has these two, after its name: `DATAFOLD_API_KEY`, `DATAFOLD_BASE_URL`, … */
const providerSettings = v.object({
  API_KEY: v.optional(setting(expectedApiKey, isApiKey)),
  BASE_URL: v.optional(setting(expectedBaseUrl, isBaseUrl)),
});

/** @throws {ConfigError} */
export function readConfig(env: Env): Config {
  const problems: string[] = [];
  const listen = read(listenSettings, env, '', problems);
  const providers: Partial<Record<Provider, ProviderConfig>> = {};
  for (const provider of providerNames) {
    const settings = read(providerSettings, env, `${provider}_`, problems);
    if (settings?.API_KEY === undefined) continue;
    providers[provider] = { apiKey: settings.API_KEY, ...(settings.BASE_URL && { baseUrl: settings.BASE_URL }) };
  }
  if (providerNames.every((provider) => !env[`${provider}_API_KEY`])) {
    problems.push(
      `${providerNames.map((provider) => `${provider}_API_KEY`).join(', ')}: expected at least one of them to be set`,
    );
  }
  if (listen === undefined || problems.length > 0) throw new ConfigError(problems);
  return { ...toListenConfig(listen), providers };
}

/**
 * What a process without real providers needs.
 * @throws {ConfigError}
 */
export function readListenConfig(env: Env): ListenConfig {
  const problems: string[] = [];
  const listen = read(listenSettings, env, '', problems);
  if (listen === undefined) throw new ConfigError(problems);
  return toListenConfig(listen);
}

const toListenConfig = ({ HOST, PORT, LOG_LEVEL }: v.InferOutput<typeof listenSettings>): ListenConfig => ({
  host: HOST,
  port: PORT,
  logLevel: LOG_LEVEL,
});

/** Reads the settings from the variables of their names behind `prefix`; adds what is wrong to `problems`. */
function read<Entries extends v.ObjectEntries>(
  schema: v.ObjectSchema<Entries, undefined>,
  env: Env,
  prefix: string,
  problems: string[],
): v.InferOutput<typeof schema> | undefined {
  const names = Object.keys(schema.entries);
  // A variable that is set but empty counts as not set, as the line `NAME=` of an .env file means it.
  const result = v.safeParse(schema, Object.fromEntries(names.map((name) => [name, env[prefix + name] || undefined])));
  if (result.success) return result.output;
  for (const issue of result.issues) problems.push(`${prefix}${v.getDotPath(issue)}: ${issue.message}`);
  return undefined;
}
