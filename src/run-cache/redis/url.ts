/** Where Redis is, in a URL. */

/** What {@link isRedisUrl} accepts. */
export const expectedRedisUrl =
  'a redis or rediss URL with a host, and behind it no more than a port and the number of a database';

export const isRedisUrl = (text: string): boolean => toRedisAddress(text) !== undefined;

/** The same, parsed. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** Whether it is connected to over TLS. */
  readonly isSecure: boolean;
}

/** `undefined` when it isn't such a URL. A query is refused, as it would be options of the client. */
export function toRedisAddress(text: string): RedisAddress | undefined {
  if (!URL.canParse(text) || /[?#]/.test(text)) return undefined;
  const url = new URL(text);
  const { protocol, hostname, port, pathname } = url;
  const username = decode(url.username);
  const password = decode(url.password);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return undefined;
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]{1,255})$/i.test(hostname) || port === '0') return undefined;
  if (!/^(?:\/\d{0,4})?$/.test(pathname)) return undefined;
  if (username === undefined || password === undefined || (username !== '' && password === '')) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    db: Number(pathname.slice(1)),
    isSecure: protocol === 'rediss:',
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
