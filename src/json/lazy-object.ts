/** The members of a JSON object, each found and parsed when it is first read. */
import { runInSteps } from '../core/run-in-steps.ts';
import { type Items, lazyArray, maxItems } from './lazy-array.ts';
import { isObject, isUnread, orUnreadable, parseJson, tooLarge, type Unread, unreadable } from './lossless.ts';
import { OtherNames, toNextName, toValue } from './object-members.ts';
import {
  type Measured,
  measureClosed,
  measureNested,
  NestedPass,
  sign,
  skipText,
  skipValue,
  valuesPerMember,
} from './scan.ts';

/** So many members are noted as they are passed; those behind are looked for by name: documented answers have a dozen. */
const maxNoted = 1_000;

/** So many bytes are skipped in a step: that takes a few milliseconds, whatever they are. */
const bytesPerStep = 1024 * 1024;

/** Of a string or a number of so few bytes the values aren't counted: how much there is to parse. */
const maxSmallBytes = 16 * 1024;

/** The members of an object. */
export interface Members {
  /** The value of a member, parsed without loss; `undefined` when there is none; an {@link Unread} when it can't be parsed. */
  get(name: string): unknown;
  /** The items of a member that is a list; `undefined` when it is none, or one that is to be had whole only. */
  items(name: string): Items | undefined;
  /** Whether a member is an object. */
  isObject(name: string): boolean;
  /** Whether the ASCII letters of `word` may be in a text of the object; `false` is certain. */
  mayHold(word: string): boolean;
  /**
   * The object as JSON in UTF-8, digit for digit. It may be a part of something larger, and isn't to be written to.
   * @throws {RangeError} when it is nested deeper than can be written, or a part of it is too large
   */
  toBytes(): Buffer;
  /** How many bytes it was read from; 0 where that isn't known. */
  readonly byteLength: number;
  /**
   * Skips all members in steps, so that none has to be skipped when another one is read. @default there is nothing to skip
   * @param owner for whom: the digest of a credential
   */
  index?(owner: string): Promise<unknown>;
}

/** The members of an object that is parsed already. A class, as most answers are one: methods of a prototype cost it nothing. */
export class ParsedObject implements Members {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #bytes: Buffer | undefined;

  /** @param bytes what it was parsed from, if that was nothing but it */
  constructor(object: Readonly<Record<string, unknown>>, bytes?: Buffer) {
    this.#object = object;
    this.#bytes = bytes;
  }

  get(name: string): unknown {
    return this.#object[name];
  }

  items(name: string): Items | undefined {
    const value = this.#object[name];
    return Array.isArray(value) ? value : undefined;
  }

  isObject(name: string): boolean {
    return isObject(this.#object[name]);
  }

  mayHold(): boolean {
    return true;
  }

  get byteLength(): number {
    return this.#bytes?.length ?? 0;
  }

  toBytes(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes;
    if (Object.values(this.#object).some(isUnread)) throw new RangeError('a part that could not be parsed');
    return Buffer.from(JSON.stringify(this.#object));
  }
}

/** Where a member's value is, and what is known of it so far. */
interface Member {
  readonly start: number;
  /** The place behind it. */
  end?: number;
  value?: unknown;
  /** `null` when it is to be had whole only. */
  items?: Items | null;
  /** How much there is to parse in it, if it is large. */
  measured?: Measured;
}

/**
 * The members of the object that begins at `start`. Its bytes are looked at no further than to the requested member,
 * and what is before it is skipped unread; so of several members of one name it is the first one that counts.
 * @param maxValues how many values are parsed of it in all, and of a page of its lists each time, as {@link measureNested} counts
 * them; in an object of more members, those behind are {@link tooLarge}
 */
export function lazyObject(bytes: Buffer, start: number, maxValues = Number.POSITIVE_INFINITY): Members {
  const members = new Map<string, Member | Unread | undefined>();
  let latest: Member | undefined;
  let passed = 0;
  let state: 'open' | 'ended' | 'broken' = 'open';
  /** Those behind the noted ones, once any of them is read. */
  let others: OtherNames | undefined;
  let valuesLeft = maxValues;

  /** Goes on to the next member, and notes it. @throws {SyntaxError} */
  const goOn = () => {
    const nameStart = toNextName(bytes, latest === undefined ? start + 1 : endOf(bytes, latest), latest === undefined);
    if (nameStart === undefined) {
      state = 'ended';
      return;
    }
    passed++;
    const nameEnd = skipText(bytes, nameStart);
    latest = { start: toValue(bytes, nameEnd) };
    const name = JSON.parse(bytes.toString('utf8', nameStart, nameEnd));
    if (!members.has(name)) members.set(name, latest);
  };

  const findBeyond = (name: string): Member | Unread | undefined => {
    others ??= new OtherNames(bytes, endOf(bytes, latest as Member), maxValues / valuesPerMember);
    const found = others.find(name) ?? others.rest;
    // Callers read only a few names, which are documented.
    members.set(name, found);
    return found;
  };

  const find = (name: string): Member | Unread | undefined => {
    while (!members.has(name) && state === 'open') {
      try {
        if (passed === maxNoted) return findBeyond(name);
        goOn();
      } catch {
        state = 'broken';
      }
    }
    // What follows a part that can't be skipped is unknown.
    return members.get(name) ?? (state === 'broken' ? unreadable : undefined);
  };

  const findOfKind = (name: string, firstByte: number) => {
    const member = find(name);
    return typeof member === 'object' && bytes[member.start] === firstByte ? member : undefined;
  };

  /** @throws {SyntaxError} when the member has no end, or isn't JSON */
  const parse = (member: Member): unknown => {
    const { start } = member;
    const first = bytes[start];
    if (first !== sign.openObject && first !== sign.openList) {
      const end = endOf(bytes, member);
      if (end - start > maxSmallBytes) {
        const { values } = measureClosed(bytes, start, end, valuesLeft);
        if (values > valuesLeft) return tooLarge;
        valuesLeft -= values;
      }
      return parseJson(bytes.toString('utf8', start, end), first === sign.quote ? false : undefined);
    }
    const { values, end, hasLongNumbers } = member.measured ?? measureNested(bytes, start, valuesLeft);
    if (end === undefined || values > valuesLeft) return tooLarge;
    member.end = end;
    valuesLeft -= values;
    return parseJson(bytes.toString('utf8', start, end), hasLongNumbers);
  };

  /** Goes on over all members, with a step each time that so many bytes are passed. @throws {SyntaxError} */
  function* passAll(): Generator<undefined> {
    let passedFrom = start;
    while (state === 'open' && passed < maxNoted) {
      goOn();
      const member = latest as Member;
      if (state !== 'open') return;
      yield* passMember(member);
      if (endOf(bytes, member) - passedFrom < bytesPerStep) continue;
      passedFrom = endOf(bytes, member);
      yield;
    }
  }

  function* passMember(member: Member): Generator<undefined> {
    const first = bytes[member.start];
    if (first !== sign.openObject && first !== sign.openList) return;
    const pass = new NestedPass(bytes, member.start, first === sign.openList ? maxItems : 0);
    while (!pass.advance(bytesPerStep)) yield;
    if (first === sign.openList) member.items = lazyArray(bytes, member.start, maxValues, pass).items ?? null;
    member.end = pass.end;
    if (pass.end - member.start < bytesPerStep) return;
    yield;
    member.measured = measureNested(bytes, member.start, maxValues);
    yield;
  }

  return {
    byteLength: bytes.length - start,
    index(owner) {
      const steps = passAll();
      return runInSteps(owner, () => {
        try {
          return steps.next().done ? true : undefined;
        } catch {
          // What has been noted before can be read.
          state = 'broken';
          return true;
        }
      });
    },
    get(name) {
      const member = find(name);
      if (typeof member !== 'object') return member;
      member.value ??= orUnreadable(() => parse(member));
      return member.value;
    },
    items(name) {
      const member = findOfKind(name, sign.openList);
      if (member === undefined || isUnread(member.value)) return undefined;
      if (member.items === undefined) {
        const found = orUnreadable(() => lazyArray(bytes, member.start, maxValues));
        if (isUnread(found)) member.value = found;
        else Object.assign(member, { items: null, ...found });
      }
      return member.items ?? undefined;
    },
    isObject: (name) => findOfKind(name, sign.openObject) !== undefined,
    // A letter can also be written by its code, behind these two.
    mayHold: (word) => bytes.includes(word) || bytes.includes('\\u'),
    toBytes: () => bytes.subarray(start),
  };
}

function endOf(bytes: Buffer, member: Member): number {
  member.end ??= skipValue(bytes, member.start);
  return member.end;
}
