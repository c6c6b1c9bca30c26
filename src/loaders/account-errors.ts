/**
 * What loaders give out of an account: its errors say whose they are. Providers read responses without knowing of which account these
 * are; errors of the default account get its name where all errors are made ready for clients.
 */
import { type Account, isDefaultAccount } from '../core/accounts.ts';
import { ofAccount } from '../core/errors.ts';

/** What is loaded of an account; what it fails with, and what its fields fail with, are errors of the account. */
export function loadOf<Loaded>(account: Account, loading: Promise<Loaded>): Promise<Loaded> {
  if (isDefaultAccount(account)) return loading;
  return loading.then(
    (loaded) => withAccount(account, loaded),
    (error: unknown) => {
      throw ofAccount(error, account);
    },
  );
}

/** The same value, as far as clients see it: errors in it, now or once a field is selected, are errors of the account. */
export function withAccount<Value>(account: Account, value: Value): Value {
  return isDefaultAccount(account) ? value : (mark(account, value) as Value);
}

type Field = (this: unknown, ...parameters: unknown[]) => unknown;

function mark(account: Account, value: unknown): unknown {
  if (typeof value === 'function') return markField(account, value as Field);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return ofAccount(value, account);
  if (value instanceof Promise) return loadOf(account, value);
  if (Array.isArray(value)) return value.map((item) => mark(account, item));
  // Anything else is what a provider sent, as it came.
  if (!('__typename' in value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, mark(account, field)]));
}

const markField = (account: Account, field: Field): Field =>
  function (...parameters) {
    try {
      return mark(account, field.apply(this, parameters));
    } catch (error) {
      throw ofAccount(error, account);
    }
  };
