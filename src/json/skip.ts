/**
 * The way over the bytes of JSON without parsing it. What is skipped is known to be closed as often as it was opened,
 * and no more. Nothing here recurses, so nesting costs nothing.
 */

/** The signs that JSON is held together by, as bytes of UTF-8: no other character has such a byte in it. */
export const sign = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openList: 0x5b,
  backslash: 0x5c,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

/** Most bytes are distinguished by the first comparison. */
export const isSpace = (byte = 0) => byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);

/** The first place from `at` on that is no white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let place = at;
  while (isSpace(bytes[place])) place++;
  return place;
}

/** The last place that is no white space. */
export function lastPlace(bytes: Buffer): number {
  let place = bytes.length - 1;
  while (isSpace(bytes[place])) place--;
  return place;
}

/**
 * The place behind the value that begins at `at`.
 * @throws {SyntaxError} when it has no end, or none is there
 */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first === sign.quote) return skipText(bytes, at);
  if (first === sign.openObject || first === sign.openList) return skipNested(bytes, at);
  let place = at;
  while (place < bytes.length && !isEnd(bytes[place])) place++;
  if (place === at) throw new SyntaxError('no value');
  return place;
}

/** What can stand behind a number, `true`, `false` or `null`. */
const isEnd = (byte: number | undefined) =>
  byte === sign.comma || byte === sign.closeObject || byte === sign.closeList || isSpace(byte);

/** The place behind the text whose opening quote is at `at`. */
export function skipText(bytes: Buffer, at: number): number {
  // Its constants are numbers once it is compiled; those of the module would be looked up at each byte.
  const quote = 0x22;
  const backslash = 0x5c;
  const { length } = bytes;
  let place = at + 1;
  while (place < length) {
    const byte = bytes[place++];
    if (byte === quote) return place;
    if (byte === backslash) place++;
  }
  throw new SyntaxError('a text without end');
}

/**
 * The place behind the list or object that begins at `at`.
 * @param commas where to put the places of its commas, the first `most` of them: those of what is nested don't count
 * @throws {SyntaxError} when it isn't closed, or not as it was opened
 */
export function skipNested(bytes: Buffer, at: number, commas: number[] = [], most = 0): number {
  // As above.
  const quote = 0x22;
  const backslash = 0x5c;
  const comma = 0x2c;
  const openList = 0x5b;
  const closeList = 0x5d;
  const openObject = 0x7b;
  const closeObject = 0x7d;
  const { length } = bytes;
  let levels = 0;
  let place = at;
  while (place < length) {
    const byte = bytes[place++] as number;
    if (byte === quote) {
      // skipText, but for the call: most texts are too short for it to pay.
      while (place < length) {
        const inText = bytes[place++];
        if (inText === quote) break;
        if (inText === backslash) place++;
      }
    } else if (byte >= openList) {
      if (byte === openObject || byte === openList) levels++;
      else if ((byte === closeObject || byte === closeList) && --levels === 0) break;
    } else if (byte === comma && levels === 1 && commas.length < most) commas.push(place - 1);
  }
  // Each sign that closes stands two behind the one that opens.
  if (levels === 0 && bytes[place - 1] === (bytes[at] as number) + 2) return place;
  throw new SyntaxError('a list or an object without end');
}
