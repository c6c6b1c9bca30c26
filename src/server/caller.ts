/** Tells callers apart, for limits that each of them has. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * A digest of the credentials that a request carries: its token, and the provider keys that it forwards. Undefined where it has
 * none. @param credentialHeaders the headers that forwarded keys come in, in lower case
 */
export function toCaller({ headers }: IncomingMessage, credentialHeaders: readonly string[]): string | undefined {
  const credentials = ['authorization', ...credentialHeaders].map((name) => headers[name]?.toString());
  if (credentials.every((credential) => credential === undefined)) return undefined;
  return createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
}
