/** Cursors of a feed: a place among the runs of all monitors, and how far each monitor's own list has been read. */
import { isTime } from '../providers/date-time.ts';
import type { Place } from './order.ts';

/** How to go on with the list of one monitor. Times are Unix milliseconds. */
export interface Resume {
  /** No run that is left is later than this; minus infinity when none is left. */
  readonly bound: number;
  /** The provider's cursor, behind which the next page begins; `undefined` for the top of what is left. */
  readonly cursor: string | undefined;
  /** The end of the window that the cursor is of. */
  readonly end: number;
}

/** By the provider and the monitor. */
export type Resumes = ReadonlyMap<string, Resume>;

export const toLaneName = (provider: string, monitorId: string): string => `${provider} ${monitorId}`;

const none = Number.NEGATIVE_INFINITY;

export interface FeedCursor {
  /** What the feed was asked with. */
  readonly question: string;
  /** The latest time of all pages, in Unix milliseconds. */
  readonly pin: number;
  readonly place: Place;
  readonly resumes: Resumes;
}

/**
 * The most characters that all resumes of a cursor have, so that it fits wherever it is sent. A monitor whose resume is left
 * out starts anew from the time of the place: that shows the same, and may take more calls.
 */
const mostResumeChars = 4_000;

export function toCursor({ question, pin, place, resumes }: FeedCursor): string {
  const { time, provider, monitorId, runId } = place;
  const parts = [question, pin, [time, provider, monitorId, runId], [...toEntries(resumes)]];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Whether a cursor has room for all of them. */
export const hasRoom = (resumes: Resumes): boolean => [...toEntries(resumes)].length === resumes.size;

/** Those that spare the most come first: a call for each list that is at its end, then the lists whose turn is next. */
function* toEntries(resumes: Resumes): Iterable<readonly unknown[]> {
  const rank = ({ bound }: Resume) => (bound === none ? Number.POSITIVE_INFINITY : bound);
  let chars = 0;
  for (const [name, resume] of [...resumes].sort(([, a], [, b]) => rank(b) - rank(a) || 0)) {
    const { bound, cursor, end } = resume;
    // JSON has no infinity: `null` is what it makes of it.
    const entry = cursor === undefined || bound === none ? [name, bound] : [name, bound, cursor, end];
    chars += JSON.stringify(entry).length;
    if (chars > mostResumeChars) return;
    yield entry;
  }
}

/** What a text says as a cursor; `undefined` when it isn't one that {@link toCursor} made. */
export function parseCursor(text: string): FeedCursor | undefined {
  try {
    const [question, pin, place, resumes] = toList(JSON.parse(Buffer.from(text, 'base64url').toString()));
    const [time, provider, monitorId, runId] = toList(place);
    return {
      question: toText(question),
      pin: toTime(pin),
      place: { time: toTime(time), provider: toText(provider), monitorId: toText(monitorId), runId: toText(runId) },
      resumes: new Map(toList(resumes).map((entry) => toResume(toList(entry)))),
    };
  } catch {
    return undefined;
  }
}

function toResume([name, bound, cursor, end]: readonly unknown[]): [string, Resume] {
  const latest = bound === null ? none : toTime(bound);
  if (cursor === undefined) return [toText(name), { bound: latest, cursor, end: latest }];
  return [toText(name), { bound: latest, cursor: toText(cursor), end: toTime(end) }];
}

const toList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : fail());
const toText = (value: unknown): string => (typeof value === 'string' ? value : fail());
const toTime = (value: unknown): number => (typeof value === 'number' && isTime(value) ? value : fail());

function fail(): never {
  throw new Error('not a cursor of a feed');
}
