/** What is stored in Redis: the keys, and an entry as one piece of bytes. */
import { formatVersion, type StoredEntry } from '../run-cache.ts';

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

/** The first bytes of every record; another form has others. */
const mark = Buffer.from('mgr2');

/** How many bytes an epoch has. */
export const epochBytes = 12;

const epochAt = mark.length;
const timesAt = epochAt + epochBytes;
const lengthsAt = timesAt + 8 + 8;
/** The mark, the epoch, two times as 64-bit floats, and how many bytes the name and the entry have, which follow. */
const headBytes = lengthsAt + 2 + 4;

/** The longest name that a record can have, in bytes. */
export const maxNameBytes = 4096;

/** What a record has at the most beside the entry. */
export const maxOverheadBytes = headBytes + maxNameBytes;

/**
 * The record of an entry, which says what it is of: a store that mixes up its replies gives no caller the entry of another.
 * @param epoch of the credential that it is stored for, `epochBytes` long
 */
export function toRecord(name: string, epoch: Buffer, { bytes, readAt, freshUntil }: StoredEntry): Buffer {
  const nameAsBytes = Buffer.from(name);
  const head = Buffer.alloc(headBytes);
  mark.copy(head);
  epoch.copy(head, epochAt);
  head.writeDoubleBE(readAt, timesAt);
  head.writeDoubleBE(freshUntil, timesAt + 8);
  head.writeUInt16BE(nameAsBytes.length, lengthsAt);
  head.writeUInt32BE(bytes.length, lengthsAt + 2);
  return Buffer.concat([head, nameAsBytes, bytes]);
}

/** The entry in it; `undefined` when it isn't one, or not to its end, or of another name, or of another epoch. */
export function fromRecord(record: Buffer | null | undefined, name: string, epoch: Buffer): StoredEntry | undefined {
  if (record == null || record.length < headBytes) return undefined;
  if (!mark.equals(record.subarray(0, epochAt)) || !epoch.equals(record.subarray(epochAt, timesAt))) return undefined;
  const nameEnd = headBytes + record.readUInt16BE(lengthsAt);
  if (record.toString('utf8', headBytes, nameEnd) !== name) return undefined;
  const readAt = record.readDoubleBE(timesAt);
  const freshUntil = record.readDoubleBE(timesAt + 8);
  const bytes = record.subarray(nameEnd);
  if (record.readUInt32BE(lengthsAt + 2) !== bytes.length) return undefined;
  return Number.isSafeInteger(readAt) && Number.isSafeInteger(freshUntil) ? { bytes, readAt, freshUntil } : undefined;
}
