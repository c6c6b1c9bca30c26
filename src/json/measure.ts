/**
 * How much there is to parse in JSON, found before it is parsed. A parser takes a time that depends on the values, and less on
 * their bytes: 10 MB are one string, or millions of lists.
 */
import { fewestDigits, fewestExponentDigits } from './lossless.ts';
import { sign } from './skip.ts';

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
