/** The variables of the providers and their accounts: `DATAFOLD_API_KEY`, `DATAFOLD_ACCOUNTS=eu`, `DATAFOLD_EU_API_KEY`, … */
import * as v from 'valibot';
import { type Account, defaultAccount, expectedAccountName } from '../core/accounts.ts';
import type { AccountConfig, ProviderConfig } from '../gateway/create-gateway.ts';
import type { Provider } from '../generated/types.ts';
import type { CredentialMode } from '../providers/accounts.ts';
import { providerNames, providers } from '../providers/index.ts';
import type { ProviderDefinition } from '../providers/provider.ts';
import { expectedBaseUrl, isBaseUrl } from '../upstream/credential.ts';
import { accountsIn, accountsVariable, furtherAccountsIn, keyVariable, prefixOf } from './accounts.ts';
import { apiKeySetting, countSetting, type Env, flagSetting, readSettings, setting } from './env.ts';

/** Each account has these, after its prefix: `DATAFOLD_API_KEY`, `DATAFOLD_EU_API_KEY`, `DATAFOLD_BASE_URL`, … */
const accountSettings = ({ apiPath }: Pick<ProviderDefinition, 'apiPath'>, allowHttp = false) => ({
  API_KEY: v.optional(apiKeySetting),
  BASE_URL: v.optional(setting(expectedBaseUrl(apiPath, allowHttp), (text) => isBaseUrl(text, apiPath, allowHttp))),
  ALLOW_HTTP: v.optional(flagSetting),
  UPSTREAM_RATE: v.optional(countSetting),
});

/** The names of all variables of providers and accounts. */
export const accountVariablesIn = (env: Env): string[] => [
  ...providerNames.map(accountsVariable),
  ...accountsIn(env).flatMap((account) =>
    Object.keys(accountSettings(providers[account.provider])).map((name) => prefixOf(account) + name),
  ),
];

/** What the environment says of the providers. Adds what is wrong with it to `problems`. */
export function readProviders(
  env: Env,
  problems: string[],
  credentials: CredentialMode,
): Partial<Record<Provider, ProviderConfig>> {
  const configs: Partial<Record<Provider, ProviderConfig>> = {};
  for (const provider of providerNames) {
    checkNames(env, problems, provider);
    const byDefault = readAccount(env, problems, { provider, account: defaultAccount }, credentials);
    const accounts = furtherAccountsIn(env, provider).map((account) => {
      // A key that is set and can't be used is a problem already.
      if (credentials === 'service' && !env[keyVariable(account)])
        problems.push(
          `${keyVariable(account)}: expected to be set, as ${accountsVariable(provider)} names ${account.account}`,
        );
      return [account.account, readAccount(env, problems, account, credentials) ?? {}] as const;
    });
    if (accounts.length > 0) configs[provider] = { ...byDefault, accounts: Object.fromEntries(accounts) };
    else if (byDefault !== undefined) configs[provider] = byDefault;
  }
  return configs;
}

function checkNames(env: Env, problems: string[], provider: Provider): void {
  const text = env[accountsVariable(provider)];
  if (!text) return;
  if (furtherAccountsIn(env, provider).length < text.split(',').length)
    problems.push(`${accountsVariable(provider)}: expected ${expectedAccountName}, separated by commas`);
}

/** `undefined` when it has no key, and needs one. */
function readAccount(
  env: Env,
  problems: string[],
  account: Account,
  credentials: CredentialMode,
): AccountConfig | undefined {
  const prefix = prefixOf(account);
  const definition = providers[account.provider];
  const settings = accountSettings(definition, env[`${prefix}ALLOW_HTTP`]?.trim() === 'true');
  const {
    API_KEY: apiKey,
    BASE_URL: baseUrl,
    ALLOW_HTTP: allowHttp,
    UPSTREAM_RATE: upstreamRate,
  } = readSettings(settings, env, problems, prefix);
  if (apiKey === undefined && credentials === 'service') return undefined;
  if (baseUrl === undefined && credentials === 'service' && definition.defaultBaseUrl === undefined)
    problems.push(`${prefix}BASE_URL: expected to be set with ${prefix}API_KEY`);
  return {
    ...(apiKey && { apiKey }),
    ...(baseUrl && { baseUrl }),
    ...(allowHttp && { allowHttp }),
    ...(upstreamRate && { upstreamRate }),
  };
}
