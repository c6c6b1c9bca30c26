/** The position of a run in Olostep's list: the cursors of this service, made of Olostep's. */
import { BadUserInput } from '../../core/errors.ts';
import { isTime } from '../date-time.ts';
import { isRunId } from './id.ts';

/** A place in the list. */
export interface Place {
  /** Olostep's cursor of the page; `null` for the first. */
  readonly page: string | null;
  /** The time by which rows at the top of the page are placed that say none, in Unix milliseconds. @default later than any */
  readonly above?: number | undefined;
  /** When the list was read first, in Unix milliseconds. @default now */
  readonly readAt?: number | undefined;
  /** Whether the list has turned out to be in another order than newest first. @default false */
  readonly isUnordered?: boolean | undefined;
  /** The run in the page, behind which to go on; from the page's beginning without. */
  readonly behind?: {
    /** Its number in the page, as it was. */
    readonly index: number;
    /** `null` when it couldn't be read. */
    readonly runId: string | null;
  };
}

/** @param list which list: the monitor and the window, as text */
export const toCursor = (list: string, { page, behind, above, readAt, isUnordered = false }: Place): string =>
  Buffer.from(
    JSON.stringify([
      list,
      page,
      behind?.index ?? null,
      behind?.runId ?? null,
      above ?? null,
      readAt ?? null,
      isUnordered,
    ]),
  ).toString('base64url');

/** @throws {BadUserInput} when it is no cursor of this list */
export function parseCursor(list: string, cursor: string): Place {
  try {
    const [ofList, page, index, runId, time, firstTime, flag] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (ofList !== list || !isPage(page)) throw unknownCursor();
    const more = { above: toTimeOrNone(time), readAt: toTimeOrNone(firstTime), isUnordered: flag === true };
    if (index == null && page !== null) return { page, ...more };
    if (isIndex(index) && (runId === null || (typeof runId === 'string' && isRunId(runId))))
      return { page, behind: { index, runId }, ...more };
  } catch {
    // Not one of ours.
  }
  throw unknownCursor();
}

/** Olostep's cursors are opaque; what can't be written into a URL is none. */
const isPage = (page: unknown): page is string | null =>
  page === null || (typeof page === 'string' && page !== '' && page.isWellFormed());

/** @throws {BadUserInput} when it is neither a time nor none */
function toTimeOrNone(time: unknown): number | undefined {
  if (time == null) return undefined;
  if (typeof time !== 'number' || !isTime(time)) throw unknownCursor();
  return time;
}

const isIndex = (index: unknown): index is number => Number.isInteger(index) && (index as number) >= 0;

/** Created each time, as an error is of the field that it comes from. */
export const unknownCursor = () =>
  new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', 'OLOSTEP');
