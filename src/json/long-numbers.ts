/**
 * Numbers in JSON text that a JavaScript number doesn't hold. Everything here reads the text once, from its start to its end: a
 * regular expression that matches a string or a number needs stack for each step of it, and an upstream decides how many there are.
 */

/** The fewest digits of an integer that is not safe: 2^53 has 16 of them. */
export const fewestDigits = 16;
/** The fewest digits of an exponent that may be too large. */
export const fewestExponentDigits = 3;
/** In each number with such an exponent, and seldom elsewhere. */
const longExponent = /\d[eE][+-]?\d{3}/;

const quote = 0x22;
const plus = 0x2b;
const minus = 0x2d;
const point = 0x2e;
const backslash = 0x5c;

/** Whether the text may hold such a number. Most texts don't, and tell so at little cost. */
export const mayHoldLongNumber = (text: string): boolean => mayHoldManyDigits(text) || longExponent.test(text);

/** Whether so many digits in a row are in the text, outside of strings. So many can't all be between two steps. */
function mayHoldManyDigits(text: string): boolean {
  for (let step = fewestDigits - 1; step < text.length; step += fewestDigits) {
    // `isDigitOrPoint` without the call: this runs for every sixteenth character of a response.
    const code = text.charCodeAt(step);
    if (code > 57 || code < 46 || code === 47) continue;
    let start = step;
    while (isDigitOrPoint(text.charCodeAt(start - 1))) start--;
    while (isDigitOrPoint(text.charCodeAt(step + 1))) step++;
    if (step - start >= fewestDigits - 1 && mayPrecedeNumber(text, start - 1)) return true;
  }
  return false;
}

/** Whether a number can start behind that place: most digits of long texts are those of ids and times in strings. */
function mayPrecedeNumber(text: string, place: number): boolean {
  const before = text.charCodeAt(text.charCodeAt(place) === minus ? place - 1 : place);
  // The start of the text has none, white space is below 33, and the others are `,`, `:` and `[`.
  return Number.isNaN(before) || before < 33 || before === 0x2c || before === 0x3a || before === 0x5b;
}

const isDigitOrPoint = (code: number): boolean => (code >= 48 && code <= 57) || code === point;
const isE = (code: number): boolean => (code | 0x20) === 0x65;
const isSign = (code: number): boolean => code === plus || code === minus;

/**
 * The text with `mark` before each such number, which becomes a string; `undefined` when it holds none.
 * @param text is JSON
 */
export function markLongNumbers(text: string, mark: string): string | undefined {
  const { length } = text;
  const pieces: string[] = [];
  let copied = 0;
  for (let place = 0; place < length; ) {
    const code = text.charCodeAt(place);
    if (code === quote) {
      place = skipString(text, place);
    } else if (code === minus || (code >= 48 && code <= 57)) {
      const digits = code === minus ? place + 1 : place;
      const mantissaEnd = skipDigitsAndPoint(text, digits);
      const exponent = toExponent(text, mantissaEnd);
      const end = skipDigitsAndPoint(text, exponent);
      const isSuspect = mantissaEnd - digits >= fewestDigits || end - exponent >= fewestExponentDigits;
      if (isSuspect && isInexact(text.slice(place, end))) {
        pieces.push(text.slice(copied, place), `"${mark}`, text.slice(place, end), '"');
        copied = end;
      }
      place = end;
    } else {
      place++;
    }
  }
  if (copied === 0) return undefined;
  pieces.push(text.slice(copied));
  return pieces.join('');
}

/** The place behind the string that starts at `start`. */
function skipString(text: string, start: number): number {
  let place = start + 1;
  while (place < text.length) {
    const code = text.charCodeAt(place);
    if (code === quote) return place + 1;
    place += code === backslash ? 2 : 1;
  }
  return text.length;
}

function skipDigitsAndPoint(text: string, start: number): number {
  let place = start;
  while (isDigitOrPoint(text.charCodeAt(place))) place++;
  return place;
}

/** The place of the first digit of the exponent, given that behind the mantissa; the same place where there is no exponent. */
function toExponent(text: string, mantissaEnd: number): number {
  if (!isE(text.charCodeAt(mantissaEnd))) return mantissaEnd;
  return isSign(text.charCodeAt(mantissaEnd + 1)) ? mantissaEnd + 2 : mantissaEnd + 1;
}

/** Whether a JavaScript number doesn't say the same as the text of a number with many digits, or with a large exponent. */
function isInexact(number: string): boolean {
  const value = Number(number);
  return isInteger(number) ? !Number.isSafeInteger(value) : String(value) !== number;
}

/** Whether the text is digits alone, behind a sign or none. */
export function isInteger(text: string): boolean {
  const start = text.charCodeAt(0) === minus ? 1 : 0;
  for (let place = start; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code < 48 || code > 57) return false;
  }
  return text.length > start;
}
