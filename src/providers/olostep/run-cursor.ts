/** Where a run stands in Olostep's list: the cursors of this service, made of Olostep's. */
import { BadUserInput } from '../../errors.ts';
import { isRunId } from './id.ts';

/** A place in the list. */
export interface Place {
  /** Olostep's cursor of the page; `null` for the first. */
  readonly page: string | null;
  /** The run in the page, behind which to go on; from the page's beginning without. */
  readonly behind?: {
    /** Its number in the page, as it was. */
    readonly index: number;
    /** `null` when it couldn't be read. */
    readonly runId: string | null;
  };
}

/** @param list which list: the monitor and the window, as text */
export const toCursor = (list: string, { page, behind }: Place): string =>
  Buffer.from(JSON.stringify(behind === undefined ? [list, page] : [list, page, behind.index, behind.runId])).toString(
    'base64url',
  );

/** @throws {BadUserInput} when it is no cursor of this list */
export function parseCursor(list: string, cursor: string): Place {
  try {
    const [ofList, page, index, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (ofList !== list || !isPage(page)) throw unknownCursor();
    if (index === undefined && page !== null) return { page };
    if (isIndex(index) && (runId === null || (typeof runId === 'string' && isRunId(runId))))
      return { page, behind: { index, runId } };
  } catch {
    // Not one of ours.
  }
  throw unknownCursor();
}

/** Olostep's cursors are opaque; what can't be written into a URL is none. */
const isPage = (page: unknown): page is string | null =>
  page === null || (typeof page === 'string' && page !== '' && page.isWellFormed());

const isIndex = (index: unknown): index is number => Number.isInteger(index) && (index as number) >= 0;

/** Made anew each time, as an error is of the field that it comes from. */
export const unknownCursor = () =>
  new BadUserInput('Expected `after` to be the cursor of a run of this monitor and window.', 'OLOSTEP');
