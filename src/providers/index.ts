/** Every provider, and whose keys they are called with. */
import { ProviderError } from '../core/errors.ts';
import type { Provider } from '../generated/types.ts';
import { type Credential, createCredential, expectedApiKey, isApiKey } from '../upstream/credential.ts';
import { datafold } from './datafold/client.ts';
import { olostep } from './olostep/client.ts';
import type { ProviderDefinition } from './provider.ts';

/** By its name in the schema: TypeScript insists that none is left out. */
export const providers: Readonly<Record<Provider, ProviderDefinition>> = {
  DATAFOLD: datafold,
  OLOSTEP: olostep,
};

export const providerNames = Object.keys(providers) as readonly Provider[];

export const isProvider = (name: string): name is Provider => Object.hasOwn(providers, name);

/** `held`: the service's own, from its configuration. `forwarded`: the caller's, from the headers of each request. */
export const credentialModes = ['service', 'forwarded'] as const;
export type CredentialMode = (typeof credentialModes)[number];

/**
 * The credential of a request for a provider.
 * @throws {ProviderError} when there is none
 */
export type CredentialOf = (provider: Provider) => Credential;

/** Where a provider's API is, as `toBaseUrl` gives it; `undefined` when that isn't configured, and the provider is off. */
type BaseUrlOf = (provider: Provider) => string | undefined;

/** The service's own, made once for all requests. A provider without a key is off. */
export function createHeldCredentials(
  apiKeys: ReadonlyMap<Provider, string>,
  baseUrlOf: BaseUrlOf,
): () => CredentialOf {
  const credentials = new Map<Provider, Credential>();
  for (const [provider, apiKey] of apiKeys) {
    const baseUrl = baseUrlOf(provider);
    if (baseUrl !== undefined) credentials.set(provider, toCredential(provider, apiKey, 'service', baseUrl));
  }
  const credentialOf: CredentialOf = (provider) => {
    const credential = credentials.get(provider);
    if (credential === undefined) throw new ProviderError(provider, 'PROVIDER_NOT_CONFIGURED');
    return credential;
  };
  return () => credentialOf;
}

/** The caller's, for one request alone: from `X-Datafold-Api-Key`, `X-Olostep-Api-Key`, … */
export const createForwardedCredentials =
  (baseUrlOf: BaseUrlOf) =>
  (requestInfo: { header(name: string): string | null | undefined }): CredentialOf =>
  (provider) => {
    const baseUrl = baseUrlOf(provider);
    if (baseUrl === undefined) throw new ProviderError(provider, 'PROVIDER_NOT_CONFIGURED');
    const apiKey = requestInfo.header(forwardedHeader(provider))?.trim();
    if (apiKey === undefined || !isApiKey(apiKey)) throw toMissingKey(provider);
    return toCredential(provider, apiKey, 'caller', baseUrl);
  };

const toCredential = (provider: Provider, apiKey: string, owner: Credential['owner'], baseUrl: string): Credential =>
  createCredential({ headers: providers[provider].headers(apiKey), apiKey, owner, baseUrl });

const toMissingKey = (provider: Provider): ProviderError => {
  const sentence = `expects ${expectedApiKey}, in the header ${forwardedHeader(provider)}.`;
  return new ProviderError(provider, 'UNAUTHENTICATED', {}, sentence);
};

/** The header that carries the caller's key of a provider. */
export const forwardedHeader = (provider: Provider): string => `x-${provider.toLowerCase()}-api-key`;
