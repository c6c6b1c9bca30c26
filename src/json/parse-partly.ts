/** An object of which a part has too many values to be parsed: its other members are parsed all the same. */
import { parseJson } from './lossless.ts';
import { measureClosed, valuesPerMember } from './measure.ts';
import { toNextName, toValue } from './other-names.ts';
import { skipText, skipValue } from './skip.ts';
import { tooLarge } from './unread.ts';

/**
 * The object that begins at `start` and is all there is from there on, with {@link tooLarge} in the place of each member with which
 * there would be more values than `max`.
 * @returns the object, and how many values were parsed of it; `undefined` when its names alone are too many
 * @throws {SyntaxError} when it isn't JSON
 */
export function parsePartly(
  bytes: Buffer,
  start: number,
  max: number,
): { readonly object: Readonly<Record<string, unknown>>; readonly values: number } | undefined {
  const object: Record<string, unknown> = {};
  let left = max;
  let place = start + 1;
  for (let count = 0; ; count++) {
    const nameStart = toNextName(bytes, place, count === 0);
    if (nameStart === undefined) return { object, values: max - left };
    left -= valuesPerMember;
    if (left < 0) return undefined;
    const nameEnd = skipText(bytes, nameStart);
    const valueStart = toValue(bytes, nameEnd);
    place = skipValue(bytes, valueStart);
    const { values, hasLongNumbers } = measureClosed(bytes, valueStart, place, left);
    const isParsed = values <= left;
    if (isParsed) left -= values;
    // Defined, not set: a name in JSON may be `__proto__`.
    Object.defineProperty(object, JSON.parse(bytes.toString('utf8', nameStart, nameEnd)), {
      value: isParsed ? parseJson(bytes.toString('utf8', valueStart, place), hasLongNumbers) : tooLarge,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}
