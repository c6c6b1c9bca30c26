/** The configured providers and their accounts: their check, their upstream clients and their credentials. */
import {
  type Account,
  type AccountId,
  defaultAccount,
  expectedAccountName,
  isAccountName,
  isDefaultAccount,
  toAccountId,
} from '../core/accounts.ts';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import type { Upstreams } from '../loaders/request-fetcher.ts';
import type { Log } from '../observability/logger.ts';
import type { UpstreamObserver } from '../observability/observer.ts';
import {
  type CredentialMode,
  type CredentialOf,
  createForwardedCredentials,
  createServiceCredentials,
} from '../providers/accounts.ts';
import { providerNames, providers } from '../providers/index.ts';
import { createCoalescing } from '../upstream/coalescing.ts';
import { createUpstream } from '../upstream/create-upstream.ts';
import {
  type Credential,
  expectedApiKey,
  expectedBaseUrl,
  isApiKey,
  isBaseUrl,
  toBaseUrl,
} from '../upstream/credential.ts';
import type { ResponseBudget } from '../upstream/response-budget.ts';
import type { Upstream, UpstreamClient } from '../upstream/upstream.ts';

/** An account of a provider. */
export interface AccountConfig {
  /**
   * The key of the provider's API, without `Key` or `Bearer` before it. A function is called for each request, so that it may return another
   * key than before; while it returns none that can be sent, the account isn't configured.
   */
  readonly apiKey?: string | (() => string);
  /**
   * Where the API is: https to a name, or http towards loopback; more with `allowHttp`. A path is put before the API's own (`/api/v1/…` of Datafold,
   * `/v1/…` of Olostep), and must not end in that. @default the provider's
   */
  readonly baseUrl?: string;
  /**
   * Whether `baseUrl` may be http, and an address of a private network: the key is then sent unencrypted. For an API that you host.
   * @default false
   */
  readonly allowHttp?: boolean;
  /**
   * How many calls a second are made with one key at most: where the account's rate limit is known, nothing has to be learned from
   * refused calls. @default `limits.upstreamRate`
   */
  readonly upstreamRate?: number;
}

/** The account `default` of a provider, and its others. */
export interface ProviderConfig extends AccountConfig {
  /**
   * Further accounts, by their names: a letter from a to z, and up to 15 of a-z and 0-9 behind it. With them the account `default` needs
   * no key. @default none
   */
  readonly accounts?: Readonly<Record<string, AccountConfig>>;
}

/** What the accounts are made of. */
export interface AccountsConfig {
  readonly providers?: Readonly<Partial<Record<Provider, ProviderConfig>>>;
  readonly credentials?: CredentialMode;
}

interface ConfiguredAccount extends Account {
  readonly config: AccountConfig;
  /** Where it is in the configuration, for error messages. */
  readonly path: string;
}

/** Every account that is configured, or may be called with forwarded keys: the default one of each provider is. */
export function listAccounts({ providers: configs = {} }: AccountsConfig): readonly ConfiguredAccount[] {
  return providerNames.flatMap((provider) => {
    const { accounts = {}, ...config } = configs[provider] ?? {};
    const path = `providers.${provider}`;
    return [
      { provider, account: defaultAccount, config, path },
      ...Object.entries(accounts).map(([account, further]) => ({
        ...{ provider, account, config: further, path: `${path}.accounts.${account}` },
      })),
    ];
  });
}

/** Those that are configured with a key. */
export const listKeyed = (config: AccountsConfig): readonly Account[] =>
  listAccounts(config)
    .filter(({ config: { apiKey } }) => apiKey !== undefined)
    .map(({ provider, account }) => ({ provider, account }));

/** @throws {Error} that says all that is wrong with the providers, and never a key */
export function checkProviders(config: AccountsConfig): void {
  const { providers: configs = {}, credentials = 'service' } = config;
  const problems: string[] = [];
  for (const provider of providerNames) {
    const names = Object.keys(configs[provider]?.accounts ?? {});
    if (!names.every((name) => isAccountName(name) && name !== defaultAccount))
      problems.push(`providers.${provider}.accounts: expected ${expectedAccountName}.`);
  }
  for (const { provider, account, config: own, path } of listAccounts(config)) {
    const apiKey = readKey(own);
    // A variable that isn't set and a `!` behind it get past the compiler.
    const isNeeded = credentials === 'service' && !isOptional(configs[provider], account);
    if (apiKey === undefined ? isNeeded : typeof apiKey !== 'string' || !isApiKey(apiKey))
      problems.push(`${path}.apiKey: expected ${expectedApiKey}.`);
    const { apiPath, defaultBaseUrl } = providers[provider];
    const { baseUrl, allowHttp } = own;
    const isMissing = baseUrl === undefined && isNeeded && defaultBaseUrl === undefined;
    if (isMissing || (baseUrl !== undefined && !isBaseUrl(baseUrl, apiPath, allowHttp)))
      problems.push(`${path}.baseUrl: expected ${expectedBaseUrl(apiPath, allowHttp)}.`);
  }
  if (credentials === 'service' && providerNames.every((provider) => configs[provider] === undefined))
    problems.push(`providers: expected at least one of ${providerNames.join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Whether the account needs no key: the default one of a provider that isn't configured, or has others. */
const isOptional = (config: ProviderConfig | undefined, account: string): boolean =>
  isDefaultAccount({ account }) && (config === undefined || Object.keys(config.accounts ?? {}).length > 0);

/** `undefined` when it isn't configured where the API is. */
function toHref({ provider, config }: ConfiguredAccount): string | undefined {
  const baseUrl = config.baseUrl ?? providers[provider].defaultBaseUrl;
  return baseUrl === undefined ? undefined : toBaseUrl(baseUrl).href;
}

/**
 * One upstream client an account, so that no account's trouble touches another.
 * @param clients takes those of the configured accounts
 * @param revoke called with the digest of a credential that a provider refuses
 */
export function createUpstreams(
  clients: Map<AccountId, UpstreamClient>,
  config: AccountsConfig & { readonly coalesceCalls?: boolean; readonly observer?: UpstreamObserver },
  log: Log,
  limits: Limits,
  budget: ResponseBudget,
  revoke: (digest: string) => void,
): Upstreams {
  const onRefused = ({ digest }: Credential) => revoke(digest);
  const { coalesceCalls = true, observer } = config;
  const upstreams = listAccounts(config).flatMap((account): [AccountId, Upstream][] => {
    const baseUrl = toHref(account);
    // It has no credential either.
    if (baseUrl === undefined) return [];
    const { refusesKeyWith, readStatus, monitors } = providers[account.provider];
    const listRequest = monitors.walk(1).first;
    const { upstreamRate = limits.upstreamRate } = account.config;
    const upstream = createUpstream({
      ...{ account, baseUrl, log, budget, onRefused, listRequest, refusesKeyWith, readStatus, observer },
      limits: { ...limits, upstreamRate },
    });
    clients.set(toAccountId(account), upstream);
    return [[toAccountId(account), coalesceCalls ? createCoalescing(account, upstream, limits) : upstream]];
  });
  return Object.fromEntries(upstreams);
}

/** The credentials of a request: those of the caller, or the configured ones of the moment. */
export function createCredentials(
  config: AccountsConfig,
): (requestInfo: { header(name: string): string | null | undefined }) => CredentialOf {
  const configured = listAccounts(config).map((account) => ({ ...account, baseUrl: toHref(account) }));
  if (config.credentials === 'forwarded') return createForwardedCredentials(configured);
  const create = () =>
    createServiceCredentials(
      configured.flatMap((account) => {
        const apiKey = readKey(account.config);
        return apiKey === undefined || !isApiKey(apiKey) ? [] : [{ ...account, apiKey }];
      }),
    );
  let current = create();
  if (configured.every(({ config: { apiKey } }) => typeof apiKey !== 'function')) return current;
  const readKeys = () => configured.map((account) => readKey(account.config));
  let known = readKeys();
  return () => {
    const keys = readKeys();
    if (keys.some((key, place) => key !== known[place])) {
      known = keys;
      current = create();
    }
    return current();
  };
}

const readKey = ({ apiKey }: AccountConfig): string | undefined => (typeof apiKey === 'function' ? apiKey() : apiKey);
