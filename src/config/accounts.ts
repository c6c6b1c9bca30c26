/** Which accounts the environment names, and what their variables are called: `DATAFOLD_API_KEY`, `DATAFOLD_ACCOUNTS=eu`, `DATAFOLD_EU_API_KEY`. */
import { type Account, defaultAccount, isAccountName, isDefaultAccount } from '../core/accounts.ts';
import type { Provider } from '../generated/types.ts';
import { providerNames } from '../providers/index.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What the variables of an account begin with. */
export const prefixOf = ({ provider, account }: Account): string =>
  isDefaultAccount({ account }) ? `${provider}_` : `${provider}_${account.toUpperCase()}_`;

/** The variable of an account's key. */
export const keyVariable = (account: Account): string => `${prefixOf(account)}API_KEY`;

/** The variable that names the further accounts of a provider. */
export const accountsVariable = (provider: Provider): string => `${provider}_ACCOUNTS`;

/** The further accounts that the environment names, each once; what can't be a name isn't among them. */
export function furtherAccountsIn(env: Variables, provider: Provider): Account[] {
  const names = (env[accountsVariable(provider)] ?? '').split(',').map((name) => name.trim());
  const further = names.filter((name) => isAccountName(name) && name !== defaultAccount);
  return [...new Set(further)].map((account) => ({ provider, account }));
}

/** All accounts that the environment may configure. */
export const accountsIn = (env: Variables): Account[] =>
  providerNames.flatMap((provider) => [{ provider, account: defaultAccount }, ...furtherAccountsIn(env, provider)]);
