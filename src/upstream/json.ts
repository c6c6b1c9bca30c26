/** JSON without loss: integers that a JavaScript number can't hold keep all their digits. */

/** ECMAScript's JSON.parse source text access, which TypeScript's library doesn't describe yet. */
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
    rawJSON(text: string): RawJson;
    isRawJSON(value: unknown): value is RawJson;
  }
}

/** A number as it was written. `JSON.stringify` writes it again, digit for digit. */
export interface RawJson {
  readonly rawJSON: string;
}

/** Where a number of 16 digits or more can start: 2^53, the first unsafe integer, has 16. Inside a text it costs only time. */
const longNumber = /[:,[\s]-?\d{16}/;
const integer = /^-?\d+$/;

/**
 * Parses JSON text; an integer beyond 2^53 comes out as {@link RawJson}.
 * @throws {SyntaxError} when the text isn't JSON
 * @throws {RangeError} when it is nested over thousands of levels, and holds such an integer
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && integer.test(source)
      ? JSON.rawJSON(source)
      : value,
  );
}

/** Whether the value is a JSON object. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);

export const isRawJson = (value: unknown): value is RawJson => JSON.isRawJSON(value);

/** The digits of an integer that {@link parseJson} read; `undefined` when it is something else. */
export function toDigits(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return isRawJson(value) ? value.rawJSON : undefined;
}

/**
 * Whether objects and lists are nested in `value` over more than `levels` levels. What is nested too deeply can't be
 * written as JSON again: the whole answer would fail for it.
 */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isRawJson(value)) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
