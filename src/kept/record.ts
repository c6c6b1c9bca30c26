/** A copy as one piece of bytes, for stores outside the process. */
import type { Copy } from './kept-runs.ts';

/** The first bytes of every record; another form has others. */
const mark = Buffer.from('mgr1');

/** The mark, two times as 64-bit floats, and how many bytes follow. */
const headLength = mark.length + 8 + 8 + 4;

export function toRecord({ bytes, readAt, freshUntil }: Copy): Buffer {
  const head = Buffer.alloc(headLength);
  let place = mark.copy(head);
  place = head.writeDoubleBE(readAt, place);
  place = head.writeDoubleBE(freshUntil, place);
  head.writeUInt32BE(bytes.length, place);
  return Buffer.concat([head, bytes]);
}

/** The copy in it; `undefined` when it isn't one, or not to its end. */
export function fromRecord(record: unknown): Copy | undefined {
  if (!Buffer.isBuffer(record) || record.length < headLength) return undefined;
  if (!record.subarray(0, mark.length).equals(mark)) return undefined;
  const readAt = record.readDoubleBE(mark.length);
  const freshUntil = record.readDoubleBE(mark.length + 8);
  const bytes = record.subarray(headLength);
  if (record.readUInt32BE(mark.length + 16) !== bytes.length) return undefined;
  return Number.isSafeInteger(readAt) && Number.isSafeInteger(freshUntil) ? { bytes, readAt, freshUntil } : undefined;
}
