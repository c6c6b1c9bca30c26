/** What opens a provider's API, and whose it is. */
import { createHash } from 'node:crypto';
import { KeyPattern } from './key-search.ts';

export interface Credential {
  /** What is sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** The key in it, unless it is so short that it may be a word: it must not come back in a response. */
  readonly key: KeyPattern | undefined;
  /**
   * Stands for the credential, and for the base URL that it is sent to, wherever something is remembered of it: never the
   * credential itself. What one API said isn't the answer of another that takes the same key.
   */
  readonly digest: string;
  /** Whose fault it is when the provider refuses it. */
  readonly owner: 'service' | 'caller';
}

/** In characters. Shorter keys are not looked for. */
const shortestKey = 16;

/**
 * @param authorization the whole `Authorization` header
 * @param baseUrl where it is sent, as `toBaseUrl` gives it
 */
export function createCredential(authorization: string, owner: Credential['owner'], baseUrl: string): Credential {
  const key = authorization.slice(authorization.indexOf(' ') + 1);
  return {
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'monitor-graph',
      authorization,
    },
    key: key.length < shortestKey ? undefined : new KeyPattern(key),
    // A URL has no space.
    digest: createHash('sha256').update(`${baseUrl} ${authorization}`).digest('base64'),
    owner,
  };
}
