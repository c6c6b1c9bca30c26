/** The configured providers: their check, their upstream clients and their credentials. */
import { ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import type { Log } from '../observability/logger.ts';
import { createForwardedCredentials, createHeldCredentials, providerNames, providers } from '../providers/index.ts';
import { createCoalescing } from '../upstream/coalescing.ts';
import {
  type Credential,
  expectedApiKey,
  expectedBaseUrl,
  isApiKey,
  isBaseUrl,
  toBaseUrl,
} from '../upstream/credential.ts';
import type { ResponseBudget } from '../upstream/response-budget.ts';
import { createUpstream, type Upstream, type UpstreamClient } from '../upstream/upstream.ts';
import type { GatewayConfig } from './create-gateway.ts';

export interface ProviderConfig {
  /**
   * The key of the provider's API, without `Key` or `Bearer` before it. A function is called for each request, so that it may return another
   * key than before; while it returns none that can be sent, the provider isn't configured.
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

/** @throws {Error} that says all that is wrong with the providers, and never a key */
export function checkProviders({ providers: configs = {}, credentials = 'service' }: GatewayConfig): void {
  const problems: string[] = [];
  for (const provider of providerNames) {
    const { baseUrl, allowHttp } = configs[provider] ?? {};
    const apiKey = readKey(configs[provider]);
    // A variable that isn't set and a `!` behind it get past the compiler.
    const isNeeded = credentials === 'service' && configs[provider] !== undefined;
    if (apiKey === undefined ? isNeeded : typeof apiKey !== 'string' || !isApiKey(apiKey))
      problems.push(`providers.${provider}.apiKey: expected ${expectedApiKey}.`);
    const { apiPath, defaultBaseUrl } = providers[provider];
    const isMissing = baseUrl === undefined && isNeeded && defaultBaseUrl === undefined;
    if (isMissing || (baseUrl !== undefined && !isBaseUrl(baseUrl, apiPath, allowHttp)))
      problems.push(`providers.${provider}.baseUrl: expected ${expectedBaseUrl(apiPath, allowHttp)}.`);
  }
  if (credentials === 'service' && providerNames.every((provider) => configs[provider] === undefined))
    problems.push(`providers: expected at least one of ${providerNames.join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

const baseUrlOf = (configs: NonNullable<GatewayConfig['providers']>, provider: Provider): string | undefined =>
  configs[provider]?.baseUrl ?? providers[provider].defaultBaseUrl;

/**
 * One upstream client a provider.
 * @param clients takes those of the configured providers
 * @param revoke called with the digest of a credential that a provider refuses
 */
export function createUpstreams(
  clients: Map<Provider, UpstreamClient>,
  { providers: configs = {}, coalesceCalls = true, observer }: GatewayConfig,
  log: Log,
  limits: Limits,
  budget: ResponseBudget,
  revoke: (digest: string) => void,
) {
  const onRefused = ({ digest }: Credential) => revoke(digest);
  const upstreams = providerNames.map((provider): [Provider, Upstream] => {
    const { refusesKeyWith, readStatus, monitors } = providers[provider];
    const baseUrl = baseUrlOf(configs, provider);
    if (baseUrl === undefined) return [provider, createOffUpstream(provider)];
    const listRequest = monitors.walk(1).first;
    const { upstreamRate = limits.upstreamRate } = configs[provider] ?? {};
    const upstream = createUpstream({
      ...{ provider, baseUrl, log, budget, onRefused, listRequest, refusesKeyWith, readStatus, observer },
      limits: { ...limits, upstreamRate },
    });
    clients.set(provider, upstream);
    return [provider, coalesceCalls ? createCoalescing(provider, upstream, limits) : upstream];
  });
  return Object.fromEntries(upstreams) as Record<Provider, Upstream>;
}

/** Of a provider that isn't configured: no call of it has a credential. */
const createOffUpstream = (provider: Provider): Upstream => ({
  getJson: () => Promise.reject(new ProviderError(provider, 'PROVIDER_NOT_CONFIGURED')),
  close: async () => {},
});

/** The credentials of a request: those of the caller, or the configured ones of the moment. */
export function createCredentials({ providers: configs = {}, credentials }: GatewayConfig) {
  const baseUrls = Object.fromEntries(
    providerNames.map((provider) => {
      const baseUrl = baseUrlOf(configs, provider);
      return [provider, baseUrl === undefined ? undefined : toBaseUrl(baseUrl).href];
    }),
  ) as Record<Provider, string | undefined>;
  if (credentials === 'forwarded') return createForwardedCredentials((provider) => baseUrls[provider]);
  const held = () => {
    const apiKeys = providerNames.flatMap((provider) => {
      const apiKey = readKey(configs[provider]);
      return apiKey === undefined || !isApiKey(apiKey) ? [] : [[provider, apiKey] as const];
    });
    return createHeldCredentials(new Map(apiKeys), (provider) => baseUrls[provider]);
  };
  const configured = Object.values(configs);
  let current = held();
  if (configured.every(({ apiKey }) => typeof apiKey !== 'function')) return current;
  let known: readonly (string | undefined)[] = configured.map(readKey);
  return () => {
    const keys = configured.map(readKey);
    if (keys.some((key, place) => key !== known[place])) {
      known = keys;
      current = held();
    }
    return current();
  };
}

const readKey = ({ apiKey }: ProviderConfig = {}): string | undefined =>
  typeof apiKey === 'function' ? apiKey() : apiKey;
