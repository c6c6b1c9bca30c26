/** What is shown of all that has been read, and where the next page goes on. */
import type { MonitorRunKey } from '../generated/types.ts';
import type { Body } from '../upstream/body.ts';
import { hasRoom, type Resumes, toCursor, toLaneName } from './cursor.ts';
import { isOpen, type Lane, likelyHeadOf, toResume } from './lane.ts';
import type { Merged } from './merge.ts';
import { compare, type Place } from './order.ts';
import type { Question } from './question.ts';

export interface FeedPage {
  readonly items: readonly { readonly cursor: string; readonly key: MonitorRunKey; readonly row: Body }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly endCursor?: string;
  /** The lanes of which runs may be missing in the page: the budget didn't suffice for them. */
  readonly unread: readonly Lane[];
  /** The earliest time that the page reaches, in Unix milliseconds. */
  readonly earliest: number;
}

/**
 * The page that the lanes make. Where some should have been read on, it ends before the first run that one of them probably
 * has, even if that makes it short: so the next page has that run. What may be anywhere, or a little later than is probable,
 * can't be waited for, or a page would be empty as long as there is such a lane.
 */
export function toFeedPage(lanes: readonly Lane[], merged: Merged, question: Question): FeedPage {
  const { size, start, since, text, pin, isContinued } = question;
  const { rows: found, hasMore, open } = merged;
  const waiting = open.find(({ isDated }) => isDated);
  const head = waiting && laterOf(likelyHeadOf(waiting), start);
  // Nor is there waiting at the same place with runs at hand, which would be there again.
  const cut = head === start && found.length > 0 ? undefined : head;
  const rows = cut === undefined ? found : found.filter((row) => compare(row, cut) < 0);
  // A full page ends with its last run, however far off what is waited for is: there may be others in between.
  const isFull = rows.length === size;
  const end = (isFull ? rows.at(-1) : cut) ?? rows.at(-1) ?? start;

  const resumes = toResumes(lanes, end);
  const isMoving = compare(start, end) < 0 || (lanes.some(({ isRead }) => isRead) && hasRoom(resumes));
  // A page that can't get any further than the one before leads nowhere: its gaps say what is missing.
  const hasNextPage = hasMore || (lanes.some(isOpen) && (size === 0 || isMoving));
  // All edges but the last have a cursor of their place alone: they are rarely sent back, and resumes are long.
  const toPlaceCursor = (place: Place) => toCursor({ question: text, pin, place, resumes: new Map() });
  const endCursor = toCursor({ question: text, pin, place: end, resumes });
  const isLast = (place: number) => hasNextPage && place === rows.length - 1;
  return {
    items: rows.map((row, place) => {
      const { provider, monitorId, runId } = row;
      const cursor = isLast(place) ? endCursor : toPlaceCursor(row);
      return { cursor, key: { provider, monitorId, runId }, row: row.row };
    }),
    hasNextPage,
    hasPreviousPage: isContinued,
    ...(hasNextPage && { endCursor }),
    unread: open,
    earliest: hasNextPage ? end.time : Math.max(since, Number.MIN_SAFE_INTEGER),
  };
}

const laterOf = (one: Place, other: Place): Place => (compare(one, other) <= 0 ? other : one);

function toResumes(lanes: readonly Lane[], end: Place): Resumes {
  const resumes = new Map<string, NonNullable<ReturnType<typeof toResume>>>();
  for (const lane of lanes) {
    const resume = toResume(lane, end);
    if (resume !== undefined) resumes.set(toLaneName(lane.provider, lane.monitorId), resume);
  }
  return resumes;
}
