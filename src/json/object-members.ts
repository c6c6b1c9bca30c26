/** Members of a JSON object by their names, which are found without parsing anything else of the object. */
import { parseJson, tooLarge, type Unread, unreadable } from './lossless.ts';
import { measureClosed, sign, skipSpace, skipText, skipValue, valuesPerMember } from './scan.ts';

/** The members behind a place. They are skipped once, as each of several names would take as long. */
export class OtherNames {
  /**
   * What represents the members behind those that were found, if anything may be there: something can't be skipped, or there
   * are more of them than are looked for.
   */
  readonly rest: Unread | undefined;
  readonly #bytes: Buffer;
  #places = new Int32Array(1_024);
  #count = 0;

  /**
   * @param from the place behind the member before them
   * @param max how many are looked for
   */
  constructor(bytes: Buffer, from: number, max: number) {
    this.#bytes = bytes;
    this.rest = this.#passOver(from, max);
  }

  /** The first of this name: where its value begins. */
  find(name: string): { readonly start: number } | undefined {
    const bytes = this.#bytes;
    const places = this.#places;
    const count = this.#count;
    const first = name.charCodeAt(0);
    for (let step = 0; step < count; step++) {
      const place = places[step] as number;
      const byte = bytes[place + 1];
      // Most are distinguished by their first letter.
      if (byte !== first && byte !== sign.backslash && name !== '') continue;
      if (isName(bytes, place, name)) return { start: toValue(bytes, skipText(bytes, place)) };
    }
    return undefined;
  }

  /** What stands for the rest, if it didn't come to the object's end. */
  #passOver(from: number, max: number): Unread | undefined {
    const bytes = this.#bytes;
    try {
      for (let place = from; ; ) {
        const nameStart = toNextName(bytes, place, false);
        if (nameStart === undefined) return undefined;
        if (this.#count >= max) return tooLarge;
        const valueStart = toValue(bytes, skipText(bytes, nameStart));
        this.#add(nameStart);
        place = skipValue(bytes, valueStart);
      }
    } catch {
      return unreadable;
    }
  }

  #add(place: number): void {
    if (this.#count === this.#places.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.#count++] = place;
  }
}

/**
 * Where the values of these members begin, of the object that begins at `start`: of several members of one name, the first.
 * `undefined` where there is none, and for everything when it is no object. What follows the last of them is not read.
 * @throws {SyntaxError}
 */
export function findMembers(bytes: Buffer, start: number, names: readonly string[]): readonly (number | undefined)[] {
  const places: (number | undefined)[] = names.map(() => undefined);
  if (bytes[start] !== sign.openObject) return places;
  let missing = names.length;
  for (let place = start + 1, isFirst = true; missing > 0; isFirst = false) {
    const nameStart = toNextName(bytes, place, isFirst, true);
    if (nameStart === undefined) break;
    const valueStart = toValue(bytes, skipText(bytes, nameStart));
    const index = names.findIndex((name) => isName(bytes, nameStart, name));
    if (index !== -1 && places[index] === undefined) {
      places[index] = valueStart;
      missing--;
    }
    if (missing > 0) place = skipValue(bytes, valueStart);
  }
  return places;
}

/**
 * The number, `true`, `false` or `null` that begins there; {@link unreadable} for anything else. Of a number with very many digits it
 * is the nearest one.
 * @throws {SyntaxError}
 */
export function parseWord(bytes: Buffer, start: number): unknown {
  const first = bytes[start];
  if (first === sign.quote || first === sign.openObject || first === sign.openList) return unreadable;
  return JSON.parse(bytes.toString('latin1', start, skipValue(bytes, start)));
}

/** Makes what tells whether the string that begins at a place is this text. For ASCII no string is decoded. */
export function createTextCheck(text: string): (bytes: Buffer, start: number) => boolean {
  if (isAscii.test(text)) return (bytes, start) => bytes[start] === sign.quote && isName(bytes, start, text);
  return (bytes, start) => {
    if (bytes[start] !== sign.quote) return false;
    try {
      const end = skipText(bytes, start);
      const length = end - start - 2;
      // A character takes six bytes at the most, by its code.
      if (length < text.length || length > 6 * text.length) return false;
      return JSON.parse(bytes.toString('utf8', start, end)) === text;
    } catch {
      return false;
    }
  };
}

const isAscii = /^[\x20-\x7e]*$/;

/**
 * The place of the next member's name, given that behind the member before it; `undefined` when the object ends there.
 * @param isInside whether more may follow the object
 * @throws {SyntaxError}
 */
export function toNextName(bytes: Buffer, from: number, isFirst: boolean, isInside = false): number | undefined {
  const place = skipSpace(bytes, from);
  if (bytes[place] === sign.closeObject) {
    if (!isInside && skipSpace(bytes, place + 1) < bytes.length) throw new SyntaxError('more than an object');
    return undefined;
  }
  if (!isFirst && bytes[place] !== sign.comma) throw new SyntaxError('no comma');
  const nameStart = isFirst ? place : skipSpace(bytes, place + 1);
  if (bytes[nameStart] !== sign.quote) throw new SyntaxError('no name');
  return nameStart;
}

/** The place of a value, given that behind its name. @throws {SyntaxError} */
export function toValue(bytes: Buffer, nameEnd: number): number {
  const colonPlace = skipSpace(bytes, nameEnd);
  if (bytes[colonPlace] !== sign.colon) throw new SyntaxError('no colon');
  return skipSpace(bytes, colonPlace + 1);
}

/** Whether the text that begins at `start` is this name, which is ASCII: others are in no document. Nothing is decoded for it. */
function isName(bytes: Buffer, start: number, name: string): boolean {
  let place = start + 1;
  for (let step = 0; step < name.length; step++) {
    let code = bytes[place++];
    if (code === sign.quote) return false;
    if (code === sign.backslash) {
      const escaped = bytes[place++];
      if (escaped !== 0x75) code = escapes[escaped as number];
      else {
        code = 0;
        for (const end = place + 4; place < end; place++) code = 16 * code + toHexDigit(bytes[place]);
      }
    }
    if (code !== name.charCodeAt(step)) return false;
  }
  return bytes[place] === sign.quote;
}

const toHexDigit = (byte = 0): number => (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);

/** What stands for what behind a backslash, by its byte. */
const escapes: readonly (number | undefined)[] = Object.assign([] as number[], {
  [0x22]: 0x22,
  [0x5c]: 0x5c,
  [0x2f]: 0x2f,
  [0x62]: 0x08,
  [0x66]: 0x0c,
  [0x6e]: 0x0a,
  [0x72]: 0x0d,
  [0x74]: 0x09,
});

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
