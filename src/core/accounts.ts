/** The accounts of providers: whose monitors and runs a key means, a response is of, and a call is made for. */
import type { Provider } from '../generated/types.ts';

/** Which account of which provider. */
export interface Account {
  readonly provider: Provider;
  /** Its name: see {@link isAccountName}. */
  readonly account: string;
}

/** Which monitor: {@link Account}, and the provider's id of the monitor. */
export interface MonitorKey extends Account {
  readonly monitorId: string;
}

/** Which run: {@link MonitorKey}, and the provider's id of the run. */
export interface RunKey extends MonitorKey {
  readonly runId: string;
}

/** An account as one text, as global ids begin: `DATAFOLD` for the default account, `DATAFOLD@eu` for another. */
export type AccountId = Provider | `${Provider}@${string}`;

/** The name of the account that is configured by the variables without a name. */
export const defaultAccount = 'default';

/** Whether an account may have this name, {@link defaultAccount} included. */
export const isAccountName = (text: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(text);

/** What a further account may be called, for error messages. */
export const expectedAccountName =
  'names of accounts, each a letter from a to z and up to 15 of a-z 0-9 behind it, none twice, and none `default`';

export const isDefaultAccount = ({ account }: Pick<Account, 'account'>): boolean => account === defaultAccount;

export const toAccountId = ({ provider, account }: Account): AccountId =>
  account === defaultAccount ? provider : `${provider}@${account}`;

/** The account of an id, unchecked as to its provider; `undefined` when it isn't in the one form that {@link toAccountId} gives it. */
export function splitAccountId(id: string): { readonly provider: string; readonly account: string } | undefined {
  const [provider = '', account, ...rest] = id.split('@');
  if (account === undefined) return { provider, account: defaultAccount };
  return rest.length === 0 && isAccountName(account) && account !== defaultAccount ? { provider, account } : undefined;
}
