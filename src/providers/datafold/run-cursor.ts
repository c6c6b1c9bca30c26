/** Cursors of a monitor's runs: Datafold itself has page numbers alone, and new runs shift all pages. */
import { BadUserInput } from '../../core/errors.ts';
import { isObject } from '../../json/lossless.ts';
import { isTime } from '../date-time.ts';
import { isPlace, isWholeFrom } from './cursor.ts';

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
}: RunCursor): string =>
  Buffer.from(JSON.stringify({ list, place, runId, count, total, most, above, readAt, isUnordered })).toString(
    'base64url',
  );

export const unknownRunCursor = () =>
  new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', 'DATAFOLD');

/**
 * What a cursor of this list says; `undefined` when there is none.
 * @throws {BadUserInput} when it is none of this list
 */
export function parseRunCursor(list: string, text: string | null | undefined): RunCursor | undefined {
  if (text == null) return undefined;
  const cursor = parse(text);
  if (cursor?.list !== list) throw unknownRunCursor();
  return cursor;
}

function parse(text: string): RunCursor | undefined {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isObject(cursor) && isCursor(cursor) ? cursor : undefined;
  } catch {
    // Not one of ours.
    return undefined;
  }
}

function isCursor(value: object): value is RunCursor {
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
