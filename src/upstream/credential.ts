/** What opens a provider's API, and where that is; both are checked before anything is sent there. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { type Account, isDefaultAccount } from '../core/accounts.ts';
import { KeyPattern } from './key-search.ts';

export interface Credential {
  /** What is sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** The key in it, unless it is so short that it may be a word: it must not come back in a response. */
  readonly key: KeyPattern | undefined;
  /**
   * Stands for the credential, and for the account and the base URL that it is sent to, wherever something is remembered of it: never
   * the credential itself. What one API said isn't the answer of another that takes the same key, and no two accounts share anything.
   */
  readonly digest: string;
  /** Where it is sent, as `toBaseUrl` gives it. */
  readonly baseUrl: string;
  /** Whose fault it is when the provider refuses it. */
  readonly owner: 'service' | 'caller';
}

/** In characters. Shorter keys are not looked for. */
const shortestKey = 16;

interface CredentialOptions {
  /** The headers that carry the key, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly apiKey: string;
  readonly owner: Credential['owner'];
  /** Whose account it is of, at its provider. */
  readonly account: Pick<Account, 'account'>;
  /** Where it is sent, as `toBaseUrl` gives it. */
  readonly baseUrl: string;
}

export function createCredential({ headers, apiKey, owner, account, baseUrl }: CredentialOptions): Credential {
  const place = isDefaultAccount(account) ? baseUrl : `@${account.account} ${baseUrl}`;
  return {
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'monitor-graph',
      ...headers,
    },
    key: apiKey.length < shortestKey ? undefined : new KeyPattern(apiKey),
    baseUrl,
    // A URL has no space, and doesn't begin with @.
    digest: createHash('sha256')
      .update(`${place} ${Object.values(headers).join(' ')}`)
      .digest('base64'),
    owner,
  };
}

/**
 * The credentials that have had a 200 from this base URL. Only for those a 404 means absence: a wrong base URL may answer an
 * unknown path with a 404 in JSON, too.
 */
export class VerifiedCredentials {
  readonly #max: number;
  readonly #digests = new Set<string>();
  /** The credentials whose list of monitors answered 404, and until when they aren't tried again, by the monotonic clock. */
  readonly #refutedUntil = new Map<string, number>();
  /** The last one that was added: usually the next one, too. */
  #latest: string | undefined;

  /** @param max the most credentials of either kind; the least recently used ones are dropped */
  constructor(max: number) {
    this.#max = max;
  }

  has(digest: string): boolean {
    return digest === this.#latest || this.#digests.has(digest);
  }

  add(digest: string): void {
    if (digest === this.#latest) return;
    this.#latest = digest;
    // A Set has the order of insertion.
    this.#digests.delete(digest);
    this.#digests.add(digest);
    dropOldest(this.#digests, this.#max);
    this.#refutedUntil.delete(digest);
  }

  delete(digest: string): void {
    if (digest === this.#latest) this.#latest = undefined;
    this.#digests.delete(digest);
  }

  /** Remembers for 5 s that the list of monitors isn't there, so that not every 404 costs a call of it. */
  refute(digest: string): void {
    this.#refutedUntil.delete(digest);
    this.#refutedUntil.set(digest, performance.now() + refutedMs);
    dropOldest(this.#refutedUntil, this.#max);
  }

  isRefuted(digest: string): boolean {
    return (this.#refutedUntil.get(digest) ?? 0) > performance.now();
  }
}

const refutedMs = 5_000;

function dropOldest(entries: Set<string> | Map<string, unknown>, max: number): void {
  if (entries.size <= max) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}

/**
 * What a base URL must be, for error messages.
 * @param apiPath what the API's own paths begin with
 * @param allowHttp as in {@link isBaseUrl}
 */
export const expectedBaseUrl = (apiPath: string, allowHttp = false): string =>
  (allowHttp
    ? 'one http or https URL with a host name (addresses only of loopback and of private networks)'
    : 'one https URL with a host name (http, and addresses, only towards loopback)') +
  `, without user, query, fragment, comma or space, and without ${apiPath} at its end, as the paths of the API begin with that`;

/** What an API key must be, for error messages. */
export const expectedApiKey = 'a key of 1 to 4,096 visible ASCII characters, without spaces';

/**
 * Whether credentials may be sent there. A path is fine: it is put before the API's own, unless it ends in what that begins
 * with, as each call would lead to where nothing is.
 * @param allowHttp whether they may be sent unencrypted, and to addresses of private networks: for APIs that users host
 */
export function isBaseUrl(text: string, apiPath: string, allowHttp = false): boolean {
  // A list of several is none, though the parser of URLs would make a host or a path of it.
  if (typeof text !== 'string' || /[?#,\s]|https?:.*https?:/i.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname } = new URL(text);
  if (username !== '' || password !== '') return false;
  if (`${pathname}/`.replace(/\/+/g, '/').toLowerCase().endsWith(`${apiPath}/`)) return false;
  const isHttp = protocol === 'https:' || protocol === 'http:';
  const isName = isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  if (isLoopback(hostname)) return isHttp;
  if (allowHttp) return isHttp && (isName || isPrivate(hostname));
  // Providers have names. An address is a slip, or that of a cloud's metadata; a URL has each in one way of writing alone.
  return protocol === 'https:' && isName;
}

/** RFC 1918 and RFC 4193, in the one form that a URL has of each; without the metadata service of AWS, which gives away keys. */
const privateAddress = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|\[f[cd][0-9a-f]{2}:)/;
const isPrivate = (hostname: string): boolean => privateAddress.test(hostname) && hostname !== '[fd00:ec2::254]';

/** The origin and the path of a base URL, in one form for all ways to write it. */
export function toBaseUrl(text: string): { readonly origin: string; readonly path: string; readonly href: string } {
  const { origin, pathname } = new URL(text);
  const path = pathname.replace(/\/+$/, '');
  return { origin, path, href: origin + path };
}

/** Whether the text can be sent in a header as it is. */
export const isApiKey = (text: string): boolean => /^[\x21-\x7e]{1,4096}$/.test(text);

/**
 * Whether a server that listens there, or is called there, is reachable from this machine only. Names and addresses, as in a URL
 * too.
 */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
