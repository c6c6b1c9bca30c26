/** Cursors of Datafold's lists: Datafold itself has page numbers alone, and new runs shift all pages of a monitor's runs. */
import { BadUserInput } from '../../core/errors.ts';
import { isObject } from '../../json/lossless.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { isTime } from '../date-time.ts';

/** Where an item stands. */
export interface Cursor {
  /** Which list, and which part of it: the cursor of another one is none of this. */
  readonly list: string;
  /** How many items stand before it. */
  readonly place: number;
  /** The most items that Datafold has sent in a page of which more were requested. @default unknown */
  readonly most?: number | undefined;
}

export const toCursor = ({ list, place, most }: Cursor): string => encodeCursor({ list, place, most });

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
  const cursor = decodeCursor(text);
  return isObject(cursor) && isCursor(cursor) ? cursor : undefined;
}

const isCursor = (value: object): value is Cursor => {
  const { list, place, most } = value as { readonly [Name in keyof Cursor]: unknown };
  const isMost = most === undefined || isWholeFrom(1, most);
  return typeof list === 'string' && isPlace(place) && isMost;
};

/** The largest number of items that a list can have: its number of pages is an `int` at Datafold. */
const maxPlace = 2 ** 31 - 1;

/** Whether so many items can stand before one. It becomes the number of a page, so no other reaches Datafold. */
const isPlace = (value: unknown): boolean => isWholeFrom(0, value) && Number(value) <= maxPlace;

const isWholeFrom = (least: number, value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

/** Where reading goes on. */
export interface RunCursor {
  /** Which list, and which window of it: the cursor of another one is none of this. */
  readonly list: string;
  /** How many runs stood before that one when the list had `count` runs. */
  readonly place: number;
  /** The run at that place, behind which to go on; `null` when it couldn't be read. */
  readonly runId: string | null;
  /** @default unknown */
  readonly count?: number | undefined;
  /** How many runs the list had when its first page was read. @default unknown */
  readonly total?: number | undefined;
  /** The most runs that Datafold has sent in a page of which more were requested. @default unknown */
  readonly most?: number | undefined;
  /** The time by which the run there is placed, in Unix milliseconds. @default later than any */
  readonly above?: number | undefined;
  /** When the list was read first, in Unix milliseconds. @default now */
  readonly readAt?: number | undefined;
  /** Whether the list has turned out to be in another order. @default false */
  readonly isUnordered?: boolean | undefined;
}

export const toRunCursor = ({
  list,
  place,
  runId,
  count,
  total,
  most,
  above,
  readAt,
  isUnordered,
}: RunCursor): string => encodeCursor({ list, place, runId, count, total, most, above, readAt, isUnordered });

export const unknownRunCursor = () =>
  new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', 'DATAFOLD');

/**
 * What a cursor of this list says; `undefined` when there is none.
 * @throws {BadUserInput} when it is none of this list
 */
export function parseRunCursor(list: string, text: string | null | undefined): RunCursor | undefined {
  if (text == null) return undefined;
  const cursor = parseRun(text);
  if (cursor?.list !== list) throw unknownRunCursor();
  return cursor;
}

function parseRun(text: string): RunCursor | undefined {
  const cursor = decodeCursor(text);
  return isObject(cursor) && isRunCursor(cursor) ? cursor : undefined;
}

function isRunCursor(value: object): value is RunCursor {
  const { list, place, runId, count, total, most, above, readAt, isUnordered } = value as {
    readonly [Name in keyof RunCursor]: unknown;
  };
  const isIdOrNone = runId === null || typeof runId === 'string';
  const areTimes = isTimeOrNone(above) && isTimeOrNone(readAt);
  const isFlag = isUnordered === undefined || typeof isUnordered === 'boolean';
  const areWhole =
    isPlace(place) && isWholeFrom(0, count ?? 0) && isWholeFrom(0, total ?? 0) && isWholeFrom(1, most ?? 1);
  return typeof list === 'string' && areWhole && isIdOrNone && areTimes && isFlag;
}

const isTimeOrNone = (value: unknown): boolean => value == null || (typeof value === 'number' && isTime(value));
