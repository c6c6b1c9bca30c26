/** Compresses large entries, as a store outside the process takes no large ones. */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

/** Entries from so many bytes on are compressed. */
const compressFromBytes = 16 * 1024;

/** An entry is never larger than this when it is unpacked, whatever a provider sends and a store gives. */
export const maxUnpackedBytes = 8 * 1024 * 1024;

const plain = Buffer.of(0);
const packed = Buffer.of(1);

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/**
 * The bytes with a mark that says whether they are compressed.
 * @throws {RangeError} when they are too many
 */
export async function pack(bytes: Buffer): Promise<Buffer> {
  if (bytes.length < compressFromBytes) return Buffer.concat([plain, bytes]);
  if (bytes.length > maxUnpackedBytes) throw new RangeError('an entry that is too large');
  return Buffer.concat([packed, await deflate(bytes, { level: 1 })]);
}

/** What {@link pack} was given; `undefined` when it is anything else. */
export async function unpack(bytes: Buffer): Promise<Buffer | undefined> {
  try {
    if (bytes[0] === plain[0]) return bytes.subarray(1);
    if (bytes[0] === packed[0]) return await inflate(bytes.subarray(1), { maxOutputLength: maxUnpackedBytes });
  } catch {
    // Another writer of the store may have spoilt it.
  }
  return undefined;
}
