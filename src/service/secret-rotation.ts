/** Rotates the secrets of files: API keys and tokens change without a restart when their files change. */
import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { type Env, readSecretTexts, secretFilesIn } from '../config/env.ts';
import { type Account, defaultAccount, isDefaultAccount } from '../core/accounts.ts';
import type { AccountConfig, ProviderConfig } from '../gateway/create-gateway.ts';
import type { Provider } from '../generated/types.ts';
import type { Log } from '../observability/logger.ts';
import { providerNames } from '../providers/index.ts';

/**
 * The configuration with functions in place of the secrets that are in files. Reads the files every `pollMs` milliseconds; what isn't
 * usable is logged, and the secrets from before stay. `REDIS_URL_FILE` is read at the start alone.
 */
export function withRotatedSecrets(env: Env, config: Config, log: Log, pollMs: number): Config {
  if (secretFilesIn(env).length === 0) return config;
  let current = config;
  let texts = readSecretTexts(env);
  setInterval(() => {
    const found = readSecretTexts(env);
    if (found === texts) return;
    texts = found;
    try {
      current = readConfig(env);
      log.info({ files: secretFilesIn(env) }, 'secret files read again');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error({ error: error.message }, 'secret files not usable');
    }
  }, pollMs).unref();

  const readKey = (account: Account): string => {
    const { apiKey } = findConfig(current.gateway.providers, account) ?? {};
    return typeof apiKey === 'string' ? apiKey : '';
  };
  const rotated = <Given extends AccountConfig>(given: Given, account: Account): Given =>
    given.apiKey === undefined ? given : { ...given, apiKey: () => readKey(account) };
  const providers = providerNames.flatMap((provider): [Provider, ProviderConfig][] => {
    const given = config.gateway.providers?.[provider];
    if (given === undefined) return [];
    const accounts = Object.entries(given.accounts ?? {}).map(([account, further]) => [
      account,
      rotated(further, { provider, account }),
    ]);
    const byDefault = rotated(given, { provider, account: defaultAccount });
    return [[provider, given.accounts ? { ...byDefault, accounts: Object.fromEntries(accounts) } : byDefault]];
  });
  const { apiTokens } = config.httpServer;
  const { metrics } = config;
  const readMetricsTokens = () => (Array.isArray(current.metrics?.tokens) ? current.metrics.tokens : []);
  const readTokens = () => (Array.isArray(current.httpServer.apiTokens) ? current.httpServer.apiTokens : []);
  return {
    ...config,
    gateway: { ...config.gateway, providers: Object.fromEntries(providers) },
    httpServer: { ...config.httpServer, ...(apiTokens && { apiTokens: readTokens }) },
    ...(metrics && { metrics: { ...metrics, ...(metrics.tokens && { tokens: readMetricsTokens }) } }),
  };
}

const findConfig = (
  configs: Config['gateway']['providers'] = {},
  { provider, account }: Account,
): AccountConfig | undefined =>
  isDefaultAccount({ account }) ? configs[provider] : configs[provider]?.accounts?.[account];
