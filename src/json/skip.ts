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
 * @throws {SyntaxError} when it isn't closed, or not as it was opened
 */
export function skipNested(bytes: Buffer, at: number): number {
  const pass = new NestedPass(bytes, at);
  pass.advance(bytes.length);
  return pass.end;
}

/** Skips a list or an object, in one step or in several. */
export class NestedPass {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #maxCommas: number;
  /** Where its own commas are, the first ones: those of what is nested in it don't count. */
  readonly commas: number[] = [];
  #place: number;
  #levels = 0;
  #isInString = false;

  /** @param maxCommas how many commas are noted */
  constructor(bytes: Buffer, start: number, maxCommas = 0) {
    this.#bytes = bytes;
    this.#start = start;
    this.#place = start;
    this.#maxCommas = maxCommas;
  }

  /** The place that it has come to: the one behind the list or object, once that is passed. */
  get end(): number {
    return this.#place;
  }

  /**
   * Goes on over so many bytes.
   * @returns whether it has come to the end
   * @throws {SyntaxError} when the list or object isn't closed, or not as it was opened
   */
  advance(maxBytes: number): boolean {
    // As above.
    const quote = 0x22;
    const backslash = 0x5c;
    const comma = 0x2c;
    const openList = 0x5b;
    const closeList = 0x5d;
    const openObject = 0x7b;
    const closeObject = 0x7d;
    const bytes = this.#bytes;
    const commas = this.commas;
    const maxCommas = this.#maxCommas;
    const limit = Math.min(this.#place + maxBytes, bytes.length);
    let levels = this.#levels;
    let isInString = this.#isInString;
    let place = this.#place;
    while (place < limit) {
      if (isInString) {
        // skipText, but for the call: most texts are too short for it to pay.
        while (place < limit) {
          const inText = bytes[place++];
          if (inText === backslash) place++;
          else if (inText === quote) {
            isInString = false;
            break;
          }
        }
        continue;
      }
      const byte = bytes[place++] as number;
      if (byte === quote) isInString = true;
      else if (byte >= openList) {
        if (byte === openObject || byte === openList) levels++;
        else if ((byte === closeObject || byte === closeList) && --levels === 0) break;
      } else if (byte === comma && levels === 1 && commas.length < maxCommas) commas.push(place - 1);
    }
    this.#place = place;
    this.#levels = levels;
    this.#isInString = isInString;
    if (levels > 0 && place < bytes.length) return false;
    // Each sign that closes stands two behind the one that opens.
    if (levels === 0 && bytes[place - 1] === (bytes[this.#start] as number) + 2) return true;
    throw new SyntaxError('a list or an object without end');
  }
}
