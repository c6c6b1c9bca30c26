/** JSON without loss: numbers that a JavaScript number can't represent have all their digits. */
import { randomBytes } from 'node:crypto';
import { isInteger, markLongNumbers, mayHoldLongNumber } from './long-numbers.ts';

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
