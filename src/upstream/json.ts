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
const longNumber = /[:,[\s]-?(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d{3})/;
/** A text, to be passed over, or such a number. */
const textOrLongNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:\d[\d.]{15,}(?:[eE][+-]?\d+)?|\d[\d.]*[eE][+-]?\d{3,})/g;

/**
 * Parses JSON text; a number that a JavaScript number doesn't hold to its last digit comes out as {@link RawJson}.
 * @throws {SyntaxError} when the text isn't JSON
 * @throws {RangeError} when it is nested over thousands of levels, and holds such a number
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  // A reviver would see every value, and take a hundred times as long: the few numbers travel as texts that nobody else
  // could have written.
  const mark = `${randomUUID()}:`;
  let marked = 0;
  const markedText = text.replace(textOrLongNumber, (found) => {
    if (found.startsWith('"') || isHeld(found)) return found;
    marked++;
    return `"${mark}${found}"`;
  });
  const value = JSON.parse(markedText);
  return marked === 0 ? value : unmark(value, mark);
}

/** Whether a JavaScript number says the same as its text. */
function isHeld(text: string): boolean {
  const value = Number(text);
  return /^-?\d+$/.test(text) ? Number.isSafeInteger(value) : String(value) === text;
}

/** Puts the numbers back, in place. */
function unmark(value: unknown, mark: string): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? JSON.rawJSON(value.slice(mark.length)) : value;
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place++) value[place] = unmark(value[place], mark);
  } else if (typeof value === 'object' && value !== null) {
    const names = value as Record<string, unknown>;
    for (const name of Object.keys(names)) {
      const unmarked = unmark(names[name], mark);
      // Defined, not set: a name in JSON may be `__proto__`.
      if (unmarked !== names[name]) Object.defineProperty(value, name, { value: unmarked, enumerable: true });
    }
  }
  return value;
}

/** Whether the value is a JSON object. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);

export const isRawJson = (value: unknown): value is RawJson => JSON.isRawJSON(value);

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
  for (const [name, inner] of Object.entries(value)) {
    const innerSize = sizeWithin(levels - 1, inner);
    if (innerSize === undefined) return undefined;
    size += innerSize + (Array.isArray(value) ? 1 : name.length + 4);
  }
  return size;
}
