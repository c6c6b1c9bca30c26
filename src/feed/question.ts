/** The arguments of a feed, checked. */
import { readAfter, toPageSize } from '../connection.ts';
import { BadUserInput } from '../errors.ts';
import type { Provider, QueryRunsArgs, RunOutcome } from '../generated/types.ts';
import { providerNames } from '../providers/index.ts';
import { type FeedCursor, parseCursor, type Resumes } from './cursor.ts';
import type { Span } from './lane.ts';
import { startOf } from './order.ts';

/** What a page is asked for. */
export interface Question extends Span {
  /** How many runs at most. */
  readonly size: number;
  readonly providers: readonly Provider[];
  /** Whether the client names the providers: only then it is told of those that aren't configured. */
  readonly isNamed: boolean;
  /** @default all, and those that have none yet */
  readonly outcomes: ReadonlySet<RunOutcome> | undefined;
  readonly resumes: Resumes;
  /** Whether it goes on behind another page. */
  readonly isContinued: boolean;
  /** What must be the same on all pages. */
  readonly text: string;
}

/**
 * @param now Unix milliseconds
 * @throws {BadUserInput} when an argument can't be
 */
export function toQuestion(args: QueryRunsArgs, now: number): Question {
  const size = toPageSize(args.first);
  const after = readAfter(args.after);
  const since = args.since ? Date.parse(args.since) : Number.NEGATIVE_INFINITY;
  const until = args.until ? Date.parse(args.until) : Number.POSITIVE_INFINITY;
  if (since > until) throw new BadUserInput('Expected `since` at or before `until`.');
  const providers = toChoice('providers', args.providers);
  const outcomes = toChoice('outcomes', args.outcomes);
  const text = JSON.stringify([args.since, args.until, providers, outcomes]);
  const cursor = after === undefined ? undefined : toFeedCursor(after, text);
  // What comes in while pages are turned belongs to none of them.
  const pin = cursor?.pin ?? Math.min(until, now);
  return {
    size,
    since,
    pin,
    start: cursor?.place ?? startOf(pin),
    text,
    providers: providers ?? providerNames,
    isNamed: providers !== undefined,
    outcomes: outcomes && new Set(outcomes),
    resumes: cursor?.resumes ?? new Map(),
    isContinued: cursor !== undefined,
  };
}

/** The same list for the same choice, whatever its order. */
function toChoice<Item extends string>(name: string, items: readonly Item[] | null | undefined): Item[] | undefined {
  if (!items) return undefined;
  if (items.length === 0) throw new BadUserInput(`Expected at least one of \`${name}\`, or none to be given.`);
  return [...new Set(items)].sort();
}

function toFeedCursor(after: string, text: string): FeedCursor {
  const cursor = parseCursor(after);
  if (cursor?.question !== text)
    throw new BadUserInput('Expected `after` to be the cursor of a run of the same `runs`, with the same arguments.');
  return cursor;
}
