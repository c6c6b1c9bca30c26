/** Where a provider's API is, and what opens it; checked before anything is sent there. */
import { isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

/**
 * What a base URL must be, for error messages.
 * @param apiPath what the API's own paths begin with
 */
export const expectedBaseUrl = (apiPath: string): string =>
  'one https URL with a host name (http, and addresses, only towards loopback), without user, query, fragment, comma or ' +
  `space, and without ${apiPath} at its end, as the paths of the API begin with that`;

/** What an API key must be, for error messages. */
export const expectedApiKey = 'a key of 1 to 4,096 visible ASCII characters, without spaces';

/**
 * Whether credentials may be sent there. A path is fine: it is put before the API's own, unless it ends in what that begins
 * with, as each call would lead to where nothing is.
 */
export function isBaseUrl(text: string, apiPath: string): boolean {
  // A list of several is none, though the parser of URLs would make a host or a path of it.
  if (typeof text !== 'string' || /[?#,\s]|https?:.*https?:/i.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname } = new URL(text);
  if (username !== '' || password !== '') return false;
  if (`${pathname}/`.replace(/\/+/g, '/').toLowerCase().endsWith(`${apiPath}/`)) return false;
  if (isLoopback(hostname)) return protocol === 'https:' || protocol === 'http:';
  // Providers have names. An address is a slip, or that of a cloud's metadata; a URL has each in one way of writing alone.
  return protocol === 'https:' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
}

/** The origin and the path of a base URL, in one form for all ways to write it. */
export function toBaseUrl(text: string): { readonly origin: string; readonly path: string; readonly href: string } {
  const { origin, pathname } = new URL(text);
  const path = pathname.replace(/\/+$/, '');
  return { origin, path, href: origin + path };
}

/** Whether the text can be sent in a header as it is. */
export const isApiKey = (text: string): boolean => /^[\x21-\x7e]{1,4096}$/.test(text);
