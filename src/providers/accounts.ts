/** The accounts that this service is configured with, and the one way from an account to the credential that it is called with. */
import { type Account, type AccountId, defaultAccount, isDefaultAccount, toAccountId } from '../core/accounts.ts';
import { BadUserInput, ProviderError } from '../core/errors.ts';
import type { Provider } from '../generated/types.ts';
import { type Credential, createCredential, expectedApiKey, isApiKey } from '../upstream/credential.ts';
import { providerNames, providers } from './index.ts';

/** `service`: its own, from the configuration. `forwarded`: the caller's, from the headers of each request. */
export const credentialModes = ['service', 'forwarded'] as const;
export type CredentialMode = (typeof credentialModes)[number];

/** An account, and where its API is. */
export interface ConfiguredAccount extends Account {
  /** As `toBaseUrl` gives it; `undefined` when that isn't configured, and the account is off. */
  readonly baseUrl: string | undefined;
}

/**
 * The credential of a request for an account.
 * @throws {ProviderError} when there is none
 */
export type CredentialOf = (account: Account) => Credential;

/** The accounts that clients may name. Each provider has a default one, whether there is a key for it or not. */
export class Accounts {
  /** By provider: the default one first, then the others in the order of the configuration. */
  readonly all: readonly Account[];
  readonly #byId: ReadonlyMap<AccountId, Account>;

  constructor(further: readonly Account[]) {
    this.all = providerNames.flatMap((provider) => [
      { provider, account: defaultAccount },
      ...further.filter((one) => one.provider === provider && !isDefaultAccount(one)),
    ]);
    this.#byId = new Map(this.all.map((account) => [toAccountId(account), account]));
  }

  /**
   * The account of that name.
   * @param name the default one, if there is none
   * @throws {BadUserInput} when the provider has no such account
   */
  find(provider: Provider, name: string | null | undefined): Account {
    const account = this.#byId.get(toAccountId({ provider, account: name ?? defaultAccount }));
    if (account === undefined) throw new BadUserInput(this.#toExpected([provider], '`account`'));
    return account;
  }

  /**
   * The accounts of these providers that have one of the names.
   * @param names all of them, if there are none
   * @throws {BadUserInput} when a name is of no account of these
   */
  select(ofProviders: readonly Provider[], names: readonly string[] | null | undefined): readonly Account[] {
    const accounts = this.all.filter(({ provider }) => ofProviders.includes(provider));
    if (!names) return accounts;
    const isKnown = (name: string) => accounts.some(({ account }) => account === name);
    if (names.length === 0 || !names.every(isKnown))
      throw new BadUserInput(this.#toExpected(ofProviders, '`accounts`, at least one,'));
    return accounts.filter(({ account }) => names.includes(account));
  }

  #toExpected(ofProviders: readonly Provider[], argument: string): string {
    const names = this.all.filter(({ provider }) => ofProviders.includes(provider)).map(({ account }) => account);
    const quoted = [...new Set(names)].map((name) => JSON.stringify(name)).join(', ');
    return `Expected ${argument} of ${ofProviders.join(' or ')} to be one of ${quoted}.`;
  }
}

/**
 * The ids of the accounts, for the digest of what a cursor is of: nothing where they are default accounts alone, so that such a cursor
 * is the same whichever others are configured.
 */
export const toOtherIds = (accounts: readonly Account[]): readonly (readonly AccountId[])[] =>
  accounts.every(isDefaultAccount) ? [] : [accounts.map(toAccountId)];

/** The service's own, made once for all requests. An account without a key, or without a base URL, is off. */
export function createServiceCredentials(
  accounts: readonly (ConfiguredAccount & { readonly apiKey: string })[],
): () => CredentialOf {
  const credentials = new Map<AccountId, Credential>();
  for (const account of accounts) {
    const credential = toCredential(account, account.apiKey, 'service');
    if (credential !== undefined) credentials.set(toAccountId(account), credential);
  }
  const credentialOf: CredentialOf = (account) => {
    const credential = credentials.get(toAccountId(account));
    if (credential === undefined) throw new ProviderError(account, 'PROVIDER_NOT_CONFIGURED');
    return credential;
  };
  return () => credentialOf;
}

/** The caller's, for one request alone: from `X-Datafold-Api-Key`, `X-Datafold-Eu-Api-Key`, `X-Olostep-Api-Key`, … */
export function createForwardedCredentials(accounts: readonly ConfiguredAccount[]) {
  const byId = new Map(accounts.map((account) => [toAccountId(account), account]));
  return (requestInfo: { header(name: string): string | null | undefined }): CredentialOf =>
    (account) => {
      const configured = byId.get(toAccountId(account));
      if (configured?.baseUrl === undefined) throw new ProviderError(account, 'PROVIDER_NOT_CONFIGURED');
      const apiKey = requestInfo.header(forwardedHeader(account))?.trim();
      const credential =
        apiKey === undefined || !isApiKey(apiKey) ? undefined : toCredential(configured, apiKey, 'caller');
      if (credential === undefined) throw toMissingKey(account);
      return credential;
    };
}

/** `undefined` where it isn't configured where the API is. */
function toCredential(account: ConfiguredAccount, apiKey: string, owner: Credential['owner']): Credential | undefined {
  const { provider, baseUrl } = account;
  return baseUrl === undefined
    ? undefined
    : createCredential({ headers: providers[provider].headers(apiKey), apiKey, owner, account, baseUrl });
}

const toMissingKey = (account: Account): ProviderError => {
  const sentence = `expects ${expectedApiKey}, in the header ${forwardedHeader(account)}.`;
  return new ProviderError(account, 'UNAUTHENTICATED', {}, sentence);
};

/** The header that carries the caller's key of an account. */
export const forwardedHeader = ({ provider, account }: Account): string =>
  `x-${provider.toLowerCase()}-${isDefaultAccount({ account }) ? '' : `${account}-`}api-key`;
