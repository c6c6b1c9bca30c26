/** JSON without loss: numbers that a JavaScript number can't hold keep all their digits. */
import { randomUUID } from 'node:crypto';

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

/** Where a number can start that a JavaScript number may not hold: 2^53, the first unsafe integer, has 16 digits. */
const longNumber = /(?:^|[:,[\s])-?(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d{3})/;
/** What is in every such number that has an exponent, and seldom elsewhere: to look for it takes a tenth of the time. */
const longExponent = /\d[eE][+-]?\d{3}/;
const fewestDigits = 16;
/** A text, to be passed over, or such a number. */
const textOrLongNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:\d[\d.]{15,}(?:[eE][+-]?\d+)?|\d[\d.]*[eE][+-]?\d{3,})/g;

/** Below so many levels nobody reads, as free-form values may not be nested as deeply. */
const deepest = 100;

/**
 * Parses JSON text; a number that a JavaScript number doesn't hold to its last digit comes out as {@link RawJson}, unless it
 * is nested over a hundred levels.
 * @throws {SyntaxError} when the text isn't JSON
 */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text);
  // Only now: what isn't JSON may have a quote at each place, and to look for the end of each text would take for ever.
  if (!holdsLongNumber(text)) return value;
  // A reviver would see every value, and take a hundred times as long: the few numbers travel as texts that nobody else
  // could have written.
  const mark = `${randomUUID()}:`;
  let marked = 0;
  const markedText = text.replace(textOrLongNumber, (found) => {
    if (found.startsWith('"') || isHeld(found)) return found;
    marked++;
    return `"${mark}${found}"`;
  });
  return marked === 0 ? value : unmark(JSON.parse(markedText), mark, deepest);
}

/** Whether the text holds a {@link longNumber}; most texts don't, and tell so at little cost. */
const holdsLongNumber = (text: string): boolean =>
  holdsManyDigits(text) || (longExponent.test(text) && longNumber.test(text));

/** Whether a number of many digits is in the text. So many in a row can't all be between two steps. */
function holdsManyDigits(text: string): boolean {
  for (let step = fewestDigits - 1; step < text.length; step += fewestDigits) {
    // As `isDigitAt` has it, without the call: it is made for every sixteenth character of an answer.
    const code = text.charCodeAt(step);
    if (code > 57 || code < 46 || code === 47) continue;
    let start = step;
    while (isDigitAt(text, start - 1)) start--;
    while (isDigitAt(text, step + 1)) step++;
    if (step - start >= fewestDigits - 1 && longNumber.test(text.slice(Math.max(0, start - 2), step + 1))) return true;
  }
  return false;
}

/** A digit, or the point between two. */
function isDigitAt(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  return code === 46 || (code >= 48 && code <= 57);
}

/** Whether a JavaScript number says the same as its text. */
function isHeld(text: string): boolean {
  const value = Number(text);
  return /^-?\d+$/.test(text) ? Number.isSafeInteger(value) : String(value) === text;
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
export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

export const isRawJson = (value: unknown): value is RawJson => typeof value === 'object' && JSON.isRawJSON(value);

/** The digits of an integer that {@link parseJson} read; `undefined` when it is something else. */
export function toDigits(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return isRawJson(value) && /^-?\d+$/.test(value.rawJSON) ? value.rawJSON : undefined;
}

/**
 * About how many bytes `value` is as JSON; `undefined` when objects and lists are nested in it over more than `levels`
 * levels. What is nested too deeply can't be written as JSON again: the whole answer would fail for it.
 */
export function sizeWithin(levels: number, value: unknown): number | undefined {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null || isRawJson(value)) return 8;
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
