/**
 * Scans the bytes of JSON without parsing it: skips values, and measures how much there is to parse. What is skipped is known to be
 * closed as often as it was opened, and no more. Nothing here recurses, so nesting costs nothing.
 */
import { fewestDigits, fewestExponentDigits } from './lossless.ts';

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

// How much there is to parse. A parser takes a time that depends on the values, and less on their bytes: 10 MB are one string, or
// millions of lists.

/** A name takes more time than its value: there may be a different one in each object. */
const valuesPerName = 3;
/** With its value. */
export const valuesPerMember = valuesPerName + 1;
/** A number with more digits than a double is parsed twice, and found in between. */
const valuesPerLongNumber = 10;
/** So many escapes in strings take as much time as a value. Other characters take so little that they don't count. */
const escapesPerValue = 32;
/** The time of a number grows with its digits, as far as they count for its value: V8 reads so many. */
const digitsPerValue = 16;
const maxDigits = 800;

/** What is known of JSON. */
export interface Measured {
  /** About how many values it has. */
  readonly values: number;
  /** The place behind it; `undefined` when there are more values than were to be counted. */
  readonly end: number | undefined;
  /** Whether it may have a number with more digits than a double. */
  readonly hasLongNumbers: boolean;
}

/**
 * Measures the list or object that begins at `start`: a member of an object counts as four values, a list or object in a list as
 * two, a number with more digits than a double as ten or more, and 32 escapes of a string as one. It stops soon behind the first `max`
 * values.
 * @throws {SyntaxError} when it isn't closed, or not as it was opened
 */
export function measureNested(bytes: Buffer, start: number, max: number): Measured {
  const measured = measure(bytes, start, bytes.length, 0, max);
  const { end, levels } = measured;
  // Each sign that closes stands two behind the one that opens.
  if (end !== undefined && (levels > 0 || bytes[end - 1] !== (bytes[start] as number) + 2))
    throw new SyntaxError('a list or an object without end');
  return measured;
}

/** Measures JSON that is known to be closed as it was opened, or several values with commas between them, in the same way. */
export const measureClosed = (bytes: Buffer, start: number, end: number, max: number): Measured =>
  measure(bytes, start, end, 1, max);

/** Whether that may have many more than `max` values, by its length alone: hardly any value is shorter than a byte. */
export const mayHoldMore = (start: number, end: number, max: number): boolean => end - start > max;

/**
 * @param openLevels how many levels are open already: it ends where none is
 * @returns also how many are open at the end
 */
function measure(
  bytes: Buffer,
  start: number,
  end: number,
  openLevels: number,
  max: number,
): Measured & { readonly levels: number } {
  // Its constants are numbers once it is compiled; those of an object would be looked up at each byte.
  const { quote, backslash, comma, colon, openList, closeList, openObject, closeObject } = sign;
  let values = 1;
  let levels = openLevels;
  let escapes = 0;
  let hasLongNumbers = false;
  let place = start;
  while (place < end && values <= max) {
    const byte = bytes[place++] as number;
    if (byte === quote) {
      while (place < end) {
        const inText = bytes[place++];
        if (inText === quote) break;
        if (inText === backslash) {
          place++;
          escapes++;
        }
      }
      if (escapes >= escapesPerValue) {
        values += Math.floor(escapes / escapesPerValue);
        escapes %= escapesPerValue;
      }
    } else if (byte >= openList) {
      if (byte === openList || byte === openObject) {
        levels++;
        values++;
      } else if (byte === closeList || byte === closeObject) {
        if (--levels === 0) break;
      } else if (byte === letterE && hasManyDigits(bytes, place)) {
        hasLongNumbers = true;
        values += valuesPerLongNumber;
      }
    } else if (byte === comma) values++;
    else if (byte === colon) values += valuesPerName;
    else if (byte === capitalE) {
      if (!hasManyDigits(bytes, place)) continue;
      hasLongNumbers = true;
      values += valuesPerLongNumber;
    } else if (byte >= zero) {
      const first = place - 1;
      while (isDigitOrPoint(bytes[place])) place++;
      const digits = place - first;
      if (digits < fewestDigits) continue;
      hasLongNumbers = true;
      values += valuesPerLongNumber + Math.floor(Math.min(digits, maxDigits) / digitsPerValue);
    }
  }
  return { values, end: values > max ? undefined : place, hasLongNumbers, levels };
}

const zero = 0x30;
const capitalE = 0x45;
const letterE = 0x65;

const isDigitOrPoint = (byte = 0): boolean => (byte >= 0x30 && byte <= 0x39) || byte === 0x2e;

/** Whether an exponent has many digits, given the place behind its letter. */
function hasManyDigits(bytes: Buffer, start: number): boolean {
  const first = bytes[start];
  let place = first === 0x2b || first === 0x2d ? start + 1 : start;
  const digits = place;
  while (isDigitOrPoint(bytes[place])) place++;
  return place - digits >= fewestExponentDigits;
}
