/**
 * JSON without loss: numbers that a JavaScript number can't represent have all their digits, and what can't be parsed is marked.
 * At the end: checks that parsed JSON has the shape that a type says.
 */
import { randomBytes } from 'node:crypto';

/** ECMAScript's raw JSON, which TypeScript's library doesn't describe yet. */
declare global {
  interface JSON {
    rawJSON(text: string): RawJson;
    isRawJSON(value: unknown): value is RawJson;
  }
}

/** A number as it was written. `JSON.stringify` writes it again, digit for digit. */
export interface RawJson {
  readonly rawJSON: string;
}

/** Below so many levels no caller reads, as free-form values may not be nested as deeply. */
const deepest = 100;

/**
 * Parses JSON text; a number that a JavaScript number doesn't hold to its last digit comes out as {@link RawJson}, unless it
 * is nested over a hundred levels.
 * @param mayHaveLong whether there may be such a number, if that is known
 * @throws {SyntaxError} when the text isn't JSON
 */
export function parseJson(text: string, mayHaveLong?: boolean): unknown {
  const value = JSON.parse(text);
  // Only now: what follows relies on strings that are closed and numbers that are written as JSON has them.
  if (!(mayHaveLong ?? mayHoldLongNumber(text))) return value;
  // A reviver would see every value, and take a hundred times as long: the few numbers travel as strings that no other text
  // could have written.
  const mark = `${randomBytes(9).toString('base64')}:`;
  const marked = markLongNumbers(text, mark);
  return marked === undefined ? value : unmark(JSON.parse(marked), mark, deepest);
}

/** Puts the numbers back, in place. */
function unmark(value: unknown, mark: string, levels: number): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? JSON.rawJSON(value.slice(mark.length)) : value;
  if (levels === 0) return value;
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place++) value[place] = unmark(value[place], mark, levels - 1);
  } else if (typeof value === 'object' && value !== null) {
    const names = value as Record<string, unknown>;
    for (const name of Object.keys(names)) {
      const unmarked = unmark(names[name], mark, levels - 1);
      // Defined, not set: a name in JSON may be `__proto__`.
      if (unmarked !== names[name]) Object.defineProperty(value, name, { value: unmarked, enumerable: true });
    }
  }
  return value;
}

/** Whether the value is a JSON object. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);

/** Whether there is no value: in JSON, or by leaving it out. */
export const isNullish = (value: unknown): value is null | undefined => value === undefined || value === null;

export const isRawJson = (value: unknown): value is RawJson => typeof value === 'object' && JSON.isRawJSON(value);

/** The digits of an integer that {@link parseJson} read; `undefined` when it is something else. */
export function toDigits(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return isRawJson(value) && isInteger(value.rawJSON) ? value.rawJSON : undefined;
}

/**
 * About how many bytes `value` is as JSON; `undefined` when objects and lists are nested in it over more than `levels`
 * levels. What is nested too deeply can't be written as JSON again: the whole answer would fail for it.
 */
export function sizeWithin(levels: number, value: unknown): number | undefined {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (isRawJson(value)) return Math.max(8, value.rawJSON.length);
  if (levels === 0) return undefined;
  let size = 2;
  if (Array.isArray(value)) {
    for (const inner of value) {
      const innerSize = sizeWithin(levels - 1, inner);
      if (innerSize === undefined) return undefined;
      size += innerSize + 1;
    }
    return size;
  }
  const names = value as Readonly<Record<string, unknown>>;
  // Whatever JSON makes has no names but its own.
  for (const name in names) {
    const innerSize = sizeWithin(levels - 1, names[name]);
    if (innerSize === undefined) return undefined;
    size += innerSize + name.length + 4;
  }
  return size;
}

// Numbers in JSON text that a JavaScript number doesn't hold. Everything here reads the text once, from its start to its end: a
// regular expression that matches a string or a number needs stack for each step of it, and an upstream decides how many there are.

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
function isInteger(text: string): boolean {
  const start = text.charCodeAt(0) === minus ? 1 : 0;
  for (let place = start; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code < 48 || code > 57) return false;
  }
  return text.length > start;
}

/** Replaces what turns out, once it is read, not to be JSON. */
export const unreadable = Symbol('unreadable');
/** Replaces what has more values than are parsed at once. */
export const tooLarge = Symbol('tooLarge');

export type Unread = typeof unreadable | typeof tooLarge;

export const isUnread = (value: unknown): value is Unread => value === unreadable || value === tooLarge;

/** What `read` finds, or {@link unreadable} when it throws. */
export function orUnreadable<Found>(read: () => Found): Found | typeof unreadable {
  try {
    return read();
  } catch {
    return unreadable;
  }
}

/** Without the mark that some systems put before UTF-8, and that is no part of the JSON behind it (RFC 8259, 8.1). */
export const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** The same of a text that has been decoded. */
export const withoutMarkInText = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

// Checks that JSON has the shape that a type says: functions that are put together as the type is.

/** Whether a value has the shape. */
export type Shape<Type> = (value: unknown) => value is Type;

/** The type that a shape stands for. */
export type ShapeType<Checked> = Checked extends Shape<infer Type> ? Type : never;

export const isNumber: Shape<number> = (value): value is number => typeof value === 'number';
export const isString: Shape<string> = (value): value is string => typeof value === 'string';
export const isBoolean: Shape<boolean> = (value): value is boolean => typeof value === 'boolean';
export const isNull: Shape<null> = (value): value is null => value === null;
export const isAbsent: Shape<undefined> = (value): value is undefined => value === undefined;

export const either =
  <A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> =>
  (value): value is A | B =>
    a(value) || b(value);

export const arrayOf =
  <Item>(item: Shape<Item>): Shape<readonly Item[]> =>
  (value): value is readonly Item[] =>
    Array.isArray(value) && value.every(item);

export const tupleOf =
  <Items extends readonly unknown[]>(
    ...items: { readonly [Place in keyof Items]: Shape<Items[Place]> }
  ): Shape<Items> =>
  (value): value is Items =>
    Array.isArray(value) && value.length === items.length && items.every((item, place) => item(value[place]));

type Members = Readonly<Record<string, Shape<unknown>>>;

/** An object with at least these members. */
export const objectOf = <Shapes extends Members>(
  members: Shapes,
): Shape<{ readonly [Name in keyof Shapes]: ShapeType<Shapes[Name]> }> => {
  const entries = Object.entries(members);
  return (value): value is { readonly [Name in keyof Shapes]: ShapeType<Shapes[Name]> } =>
    isObject(value) && entries.every(([name, shape]) => shape(value[name]));
};
