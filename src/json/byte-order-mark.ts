/** The mark that some systems put before UTF-8, and that is no part of the JSON behind it (RFC 8259, 8.1). */

export const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** The same of a text that has been decoded. */
export const withoutMarkInText = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);
