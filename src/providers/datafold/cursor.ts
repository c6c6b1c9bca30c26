/** Cursors of Datafold's list of monitors: Datafold itself has page numbers alone. */
import { BadUserInput } from '../../core/errors.ts';
import { isObject } from '../../json/lossless.ts';

/** Where an item stands. */
export interface Cursor {
  /** Which list, and which part of it: the cursor of another one is none of this. */
  readonly list: string;
  /** How many items stand before it. */
  readonly place: number;
  /** The most items that Datafold has sent in a page of which more were requested. @default unknown */
  readonly most?: number | undefined;
}

export const toCursor = ({ list, place, most }: Cursor): string =>
  Buffer.from(JSON.stringify({ list, place, most })).toString('base64url');

/**
 * What a cursor of this list says; `undefined` when there is none.
 * @throws {BadUserInput} when it is none of this list: `expected` says what is
 */
export function parseCursor(list: string, text: string | null | undefined, expected: string): Cursor | undefined {
  if (text === null || text === undefined) return undefined;
  const cursor = parse(text);
  if (cursor?.list !== list) throw new BadUserInput(expected, 'DATAFOLD');
  return cursor;
}

function parse(text: string): Cursor | undefined {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isObject(cursor) && isCursor(cursor) ? cursor : undefined;
  } catch {
    // Not one of ours.
    return undefined;
  }
}

const isCursor = (value: object): value is Cursor => {
  const { list, place, most } = value as { readonly [Name in keyof Cursor]: unknown };
  const isMost = most === undefined || isWholeFrom(1, most);
  return typeof list === 'string' && isPlace(place) && isMost;
};

/** The largest number of items that a list can have: its number of pages is an `int` at Datafold. */
const maxPlace = 2 ** 31 - 1;

/** Whether so many items can stand before one. It becomes the number of a page, so no other reaches Datafold. */
export const isPlace = (value: unknown): boolean => isWholeFrom(0, value) && Number(value) <= maxPlace;

export const isWholeFrom = (least: number, value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
