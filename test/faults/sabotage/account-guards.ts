/** Guards of what each account of a provider has for itself. */
import type { Guard } from './guard.ts';

const tests = ['test/providers/accounts.test.ts'];
const lists = ['test/resolvers/account-lists.test.ts'];

export const accountGuards: readonly Guard[] = [
  {
    name: 'accounts: a client, a circuit breaker and a queue for each',
    file: 'src/loaders/request-fetcher.ts',
    from: 'const upstream = upstreams[toAccountId(account)];',
    to: 'const upstream = upstreams[account.provider];',
    tests: [...tests, ...lists],
  },
  {
    name: 'accounts: the requests of an operation by the account',
    file: 'src/loaders/request-fetcher.ts',
    from: 'const id = toAccountId(account);\n    this.#pending[id] ??=',
    to: 'const id = account.provider;\n    this.#pending[id] ??=',
    tests,
  },
  {
    name: 'accounts: the runs of an operation by the account',
    file: 'src/loaders/run-loader.ts',
    from: 'const id = toAccountId(account);\n    this.#of[id]',
    to: 'const id = account.provider;\n    this.#of[id]',
    tests,
  },
  {
    name: 'accounts: the monitors of an operation by the account',
    file: 'src/loaders/monitor-loader.ts',
    from: 'const id = toAccountId({ provider, account });',
    to: 'const id = provider;',
    tests,
  },
  {
    name: 'accounts: the data diffs of an operation by the account',
    file: 'src/loaders/detail-loader.ts',
    from: '=>\n          `${toAccountId(account)',
    to: '=>\n          `${account.provider',
    tests,
  },
  {
    name: 'accounts: the entries of data diffs by the account',
    file: 'src/loaders/detail-loader.ts',
    from: 'return `${toAccountId(account)',
    to: 'return `${account.provider',
    tests,
  },
  {
    name: 'accounts: the account in the id of a run',
    file: 'src/providers/fields.ts',
    from: 'toAccountId(key)}:${key.monitorId',
    to: 'key.provider}:${key.monitorId',
    tests,
  },
  {
    name: 'accounts: the account in the id of a monitor',
    file: 'src/providers/fields.ts',
    from: 'toAccountId(key)}:${monitorMark',
    to: 'key.provider}:${monitorMark',
    tests,
  },
  {
    name: 'accounts: the account in the id of a data diff',
    file: 'src/providers/fields.ts',
    from: 'toAccountId(key)}:${key.link',
    to: 'key.provider}:${key.link',
    tests,
  },
  {
    name: 'accounts: the forwarded key of the account',
    file: 'src/providers/accounts.ts',
    from: "isDefaultAccount({ account }) ? '' : `",
    to: "account !== '' ? '' : `",
    tests,
  },
  {
    name: 'accounts: errors say whose they are',
    file: 'src/loaders/account-errors.ts',
    from: 'if (isDefaultAccount(account)) return loading;',
    to: 'if (account !== undefined) return loading;',
    tests,
  },
  {
    name: 'accounts: the accounts in the digest of what a cursor is of',
    file: 'src/providers/accounts.ts',
    from: 'accounts.every(isDefaultAccount) ? []',
    to: 'accounts.length > 0 ? []',
    tests: lists,
  },
];
