/**
 * The way over the bytes of JSON without parsing it. What is passed over is known to be closed as often as it was opened,
 * and no more. Nothing here recurses, so nesting costs nothing.
 */

/** Characters of JSON, as bytes of UTF-8: no other character has a byte of these in it. */
export const quote = 0x22;
export const comma = 0x2c;
export const colon = 0x3a;
export const openList = 0x5b;
export const openObject = 0x7b;
export const closeObject = 0x7d;
const backslash = 0x5c;
const closeList = 0x5d;

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

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
  if (first === quote) return skipText(bytes, at);
  if (first === openObject || first === openList) return skipNested(bytes, at);
  let place = at;
  while (place < bytes.length && !isEnd(bytes[place])) place++;
  if (place === at) throw new SyntaxError('no value');
  return place;
}

/** What can stand behind a number, `true`, `false` or `null`. */
const isEnd = (byte: number | undefined) =>
  byte === comma || byte === closeObject || byte === closeList || isSpace(byte);

/** The place behind the text whose opening quote is at `at`. */
export function skipText(bytes: Buffer, at: number): number {
  let place = at + 1;
  while (place < bytes.length) {
    const byte = bytes[place++];
    if (byte === quote) return place;
    if (byte === backslash) place++;
  }
  throw new SyntaxError('a text without end');
}

/**
 * The place behind the list or object that begins at `at`.
 * @param commas where to put the places of its own commas: those that are nested deeper aren't among them
 * @throws {SyntaxError} when it isn't closed, or not as it was opened
 */
export function skipNested(bytes: Buffer, at: number, commas?: number[]): number {
  const { length } = bytes;
  const close = bytes[at] === openList ? closeList : closeObject;
  let levels = 0;
  let place = at;
  while (place < length) {
    const byte = bytes[place] ?? 0;
    if (byte === quote) {
      place = skipText(bytes, place);
      continue;
    }
    place++;
    if (byte >= openList) {
      if (byte === openObject || byte === openList) levels++;
      else if ((byte === closeObject || byte === closeList) && --levels === 0) {
        if (byte === close) return place;
        break;
      }
    } else if (byte === comma && levels === 1) commas?.push(place - 1);
  }
  throw new SyntaxError('a list or an object without end');
}
