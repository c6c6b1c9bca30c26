/** Logs parts of responses that aren't as documented. The call logs a response that is bad as a whole. */
import { GraphQLError } from 'graphql';
import { type Account, defaultAccount, toAccountId } from '../core/accounts.ts';
import { ProviderError } from '../core/errors.ts';
import type { RequestLog } from './logger.ts';

/** Parts of one kind: the same field of whatever list it is in. */
interface Kind extends Account {
  readonly field: string;
  count: number;
}

/** A line for each kind of part that the errors of an answer are about: a list may have thousands of one kind. */
export function logBadParts(errors: readonly GraphQLError[], log: RequestLog): void {
  const kinds = new Map<string, Kind>();
  for (const error of errors) {
    const bad = toBadPart(error);
    if (bad === undefined) continue;
    const field = (error.path ?? []).filter((step) => typeof step === 'string').join('.');
    const account = accountOf(bad);
    const name = `${toAccountId(account)} ${field}`;
    const kind = kinds.get(name);
    if (kind === undefined) kinds.set(name, { ...account, field, count: 1 });
    else kind.count++;
  }
  for (const kind of kinds.values()) tell(kind, log);
}

/** The same of an error that becomes no error of the answer, but a gap. */
export function logBadGap(error: unknown, field: string, log: RequestLog): void {
  const bad = toBadPart(error);
  if (bad === undefined) return;
  // It may stand for several gaps.
  bad.isLogged = true;
  tell({ ...accountOf(bad), field, count: 1 }, log);
}

/** Without a name it is the default account. */
const accountOf = ({ extensions: { provider, account = defaultAccount } }: ProviderError) =>
  ({ provider, account }) as Account;

function tell({ provider, account, field, count }: Kind, log: RequestLog): void {
  // What isn't JSON of a 200 is never read as far as its parts.
  const response = { upstreamStatus: 200, contentType: 'application/json' };
  const about = { provider, account, field, count, ...response };
  log.warn({ ...about, code: 'UPSTREAM_BAD_RESPONSE' }, 'part of an upstream response is not as documented');
}

/** The provider's error behind an error of an answer, if it is about a part, and the log hasn't been told of it. */
function toBadPart(error: unknown): ProviderError | undefined {
  if (error instanceof ProviderError)
    return error.extensions.code === 'UPSTREAM_BAD_RESPONSE' && !error.isLogged ? error : undefined;
  return error instanceof GraphQLError && error.originalError ? toBadPart(error.originalError) : undefined;
}
