/** What opens a provider's API, and whose it is. */
import { createHash } from 'node:crypto';

export interface Credential {
  /** What is sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** The key in it, if it is so long that it can't be a word: it must not come back in an answer. */
  readonly secret: string | undefined;
  /** Stands for the credential wherever something is remembered of it: never the credential itself. */
  readonly digest: string;
  /** Whose fault it is when the provider refuses it. */
  readonly owner: 'service' | 'caller';
}

const shortestSecret = 16;

/** @param authorization the whole `Authorization` header */
export function createCredential(authorization: string, owner: Credential['owner']): Credential {
  const key = authorization.slice(authorization.indexOf(' ') + 1);
  return {
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'monitor-graph',
      authorization,
    },
    secret: key.length < shortestSecret ? undefined : key,
    digest: createHash('sha256').update(authorization).digest('base64'),
    owner,
  };
}
