/** The items of a JSON list, each parsed when it is first read. */
import { runInSteps } from '../core/run-in-steps.ts';
import { orUnreadable, parseJson, tooLarge, type Unread, unreadable } from './lossless.ts';
import { parsePartly } from './object-members.ts';
import { mayHoldMore, measureClosed, NestedPass, sign, skipSpace } from './scan.ts';

/** A list whose items are parsed when they are read, or one that is parsed already. */
export interface Items {
  readonly length: number;
  /**
   * The items from `start` on, without those from `end` on; in the place of one that can't be parsed is an {@link Unread}, and in
   * one that is too large in the place of what is too large in it.
   */
  slice(start?: number, end?: number): readonly unknown[];
  /** The items of these places, which together have no more values than may be parsed at once. */
  pick?(places: readonly number[]): readonly unknown[];
  /**
   * What `read` finds in each item, given the place in the bytes where the item begins: no item is parsed. `undefined` in the place
   * of an item at which it throws. From `start` on, and without those from `end` on. @default the items are parsed already
   */
  scan?<Found>(read: ScanItem<Found>, start?: number, end?: number): readonly (Found | undefined)[];
  /** The bytes that are scanned. */
  readonly bytes?: Buffer;
  /**
   * Parses all of them, however many values there are, in steps. @default they are parsed
   * @param owner for whom: the digest of a credential
   */
  load?(owner: string): Promise<unknown>;
}

/** Reads something of an item, given the bytes of the list and the place where the item begins. */
export type ScanItem<Found> = (bytes: Buffer, start: number) => Found;

/** So many values take a few milliseconds. */
const stepValues = 10_000;

/** Of a longer list no caller reads a part, and to note where so many items are would take longer than to parse them. */
export const maxItems = 200_000;

/**
 * Finds the items of the list that begins at `start`, and parses none; without `items` when there are too many.
 * @param maxValues how many values are parsed at once, as {@link measureClosed} counts them
 * @param pass has come to the end of the list, and has noted its commas. @default one that does so now
 * @throws {SyntaxError} when it has no end
 */
export function lazyArray(
  bytes: Buffer,
  start: number,
  maxValues = Number.POSITIVE_INFINITY,
  pass = passOver(bytes, start),
): { readonly end: number; readonly items?: Items } {
  const { end, commas } = pass;
  if (commas.length >= maxItems) return { end };
  if (commas.length === 0 && skipSpace(bytes, start + 1) === end - 1) return { end, items: [] };
  /** Where a bracket or a comma of the list stands: between two of them is an item. */
  const bounds = [start, ...commas, end - 1];
  return { end, items: new FoundItems(bytes, bounds, maxValues) };
}

function passOver(bytes: Buffer, start: number): NestedPass {
  const pass = new NestedPass(bytes, start, maxItems);
  pass.advance(bytes.length);
  return pass;
}

class FoundItems implements Items {
  readonly length: number;
  readonly bytes: Buffer;
  readonly #bounds: readonly number[];
  readonly #maxValues: number;
  #parsed: unknown[] | undefined;
  #isLoaded = false;

  constructor(bytes: Buffer, bounds: readonly number[], maxValues: number) {
    this.length = bounds.length - 1;
    this.bytes = bytes;
    this.#bounds = bounds;
    this.#maxValues = maxValues;
  }

  slice(start = 0, end = this.length): readonly unknown[] {
    this.#parsed ??= new Array<unknown>(this.length);
    const parsed = this.#parsed;
    const last = Math.min(end, this.length);
    if (!this.#isLoaded && this.#hasTooMany(start, last))
      return this.pick(Array.from({ length: last - start }, (_, index) => start + index));
    for (let place = start; place < last; place++) {
      if (parsed[place] !== undefined) continue;
      let next = place + 1;
      while (next < last && parsed[next] === undefined) next++;
      for (const item of this.#parse(place, next)) parsed[place++] = item;
    }
    return parsed.slice(start, last);
  }

  load(owner: string): Promise<unknown> {
    const parsed = new Array<unknown>(this.length);
    let place = 0;
    return runInSteps(owner, () => {
      const next = this.#endOfStep(place);
      // One that is alone may have more values than are parsed at once.
      const items = next === place + 1 ? this.slice(place, next) : this.#parse(place, next);
      for (const item of items) parsed[place++] = item;
      if (place < this.length) return undefined;
      this.#parsed = parsed;
      this.#isLoaded = true;
      return true;
    });
  }

  /** The place behind the items that are parsed in one step with that one. */
  #endOfStep(start: number): number {
    let left = stepValues;
    let place = start;
    while (place < this.length && left > 0) {
      left -= this.#countValues(place, place + 1, left);
      place++;
    }
    return place;
  }

  scan<Found>(read: ScanItem<Found>, start = 0, end = this.length): readonly (Found | undefined)[] {
    const bytes = this.bytes;
    const found = new Array<Found | undefined>(end - start);
    for (let index = 0; index < found.length; index++) {
      try {
        found[index] = read(bytes, skipSpace(bytes, this.#startOf(start + index)));
      } catch {
        found[index] = undefined;
      }
    }
    return found;
  }

  #hasTooMany(start: number, end: number): boolean {
    const max = this.#maxValues;
    if (end <= start || !mayHoldMore(this.#startOf(start), this.#endOf(end), max)) return false;
    return this.#countValues(start, end, max) > max;
  }

  #countValues(start: number, end: number, max: number): number {
    return measureClosed(this.bytes, this.#startOf(start), this.#endOf(end), max).values;
  }

  pick(places: readonly number[]): readonly unknown[] {
    let left = this.#maxValues;
    return places.map((place) => {
      const values = this.#countValues(place, place + 1, left);
      if (values > left) {
        const part = this.#parsePartly(place, left);
        left -= part.values;
        return part.item;
      }
      left -= values;
      return this.slice(place, place + 1)[0];
    });
  }

  /** An item that has too many values, without those of its members that have them. */
  #parsePartly(place: number, max: number): { readonly item: unknown; readonly values: number } {
    const bytes = this.bytes.subarray(this.#startOf(place), this.#endOf(place + 1));
    const start = skipSpace(bytes, 0);
    if (bytes[start] !== sign.openObject) return { item: tooLarge, values: 0 };
    const part = orUnreadable(() => parsePartly(bytes, start, max));
    if (part === unreadable) return { item: unreadable, values: 0 };
    return part === undefined ? { item: tooLarge, values: max } : { item: part.object, values: part.values };
  }

  /** All at once, which is quicker; one by one only to find which of them isn't JSON. */
  #parse(start: number, end: number): readonly unknown[] {
    const text = this.bytes.toString('utf8', this.#startOf(start), this.#endOf(end));
    const items = orUnreadable(() => parseJson(`[${text}]`));
    if (Array.isArray(items) && items.length === end - start) return items;
    if (end - start === 1) return [unreadable];
    return Array.from({ length: end - start }, (_, place) => this.#parse(start + place, start + place + 1)[0]);
  }

  #startOf(place: number): number {
    return (this.#bounds[place] as number) + 1;
  }

  /** The end of the item before that place. */
  #endOf(place: number): number {
    return this.#bounds[place] as number;
  }
}
