/** The keys of Redis that entries are stored by. */
import { formatVersion } from '../run-cache.ts';

/** What is before every key, as others may use the same Redis. */
const prefix = 'monitor-graph:';

/** Of an entry, given its name. */
export const toRedisKey = (name: string): string => `${prefix}${name}`;

/** Of the epoch of a credential, given its digest. */
export const toEpochKey = (digest: string): string => `${prefix}${digest}/${formatVersion}/epoch`;

/** The most entries of one command: what is in time is of use, be the others late. */
export const maxAtOnce = 16;

/** The names of each command. */
export function toParts(names: readonly string[]): readonly (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  for (let start = 0; start < names.length; start += maxAtOnce) parts.push(names.slice(start, start + maxAtOnce));
  return parts;
}
