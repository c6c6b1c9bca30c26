/** The arguments of `Query.runs`, checked. */
import { createHash } from 'node:crypto';
import { BadUserInput } from '../../core/errors.ts';
import type { Provider, QueryRunsArgs, RunOutcome } from '../../generated/types.ts';
import { readAfter, toPageSize } from '../../loaders/list-loader.ts';
import { providerNames } from '../../providers/index.ts';
import { type FeedCursor, maxFeedCursorChars, parseFeedCursor } from './feed-cursor.ts';

/** What a page is requested with. Times are Unix milliseconds. */
export interface FeedArguments {
  /** How many runs at most. */
  readonly first: number;
  /** The start of the window; minus infinity for none. */
  readonly since: number;
  readonly providers: readonly Provider[];
  /** Whether the client names the providers: only then a provider that isn't configured is a gap. */
  readonly providersGiven: boolean;
  /** `undefined` for all runs, and those that have no outcome yet. */
  readonly outcomes: ReadonlySet<RunOutcome> | undefined;
  /** Whether cached rows may be shown while a provider is down. It may change from page to page. */
  readonly allowStale: boolean;
  /** Stands for all arguments that must be the same on each page. */
  readonly fingerprint: string;
  /** When the first page was requested: what starts later belongs to no page. */
  readonly firstPageTime: number;
  /** The end of the window: `until`, or the time of the first page if that is earlier. */
  readonly snapshotTime: number;
  /** Where an earlier page ended; `undefined` on the first. */
  readonly cursor: FeedCursor | undefined;
}

/**
 * @param now Unix milliseconds
 * @throws {BadUserInput} when an argument is invalid
 */
export function readFeedArguments(args: QueryRunsArgs, now: number): FeedArguments {
  const first = toPageSize(args.first);
  const since = args.since ? Date.parse(args.since) : Number.NEGATIVE_INFINITY;
  const until = args.until ? Date.parse(args.until) : Number.POSITIVE_INFINITY;
  if (since > until) throw new BadUserInput('Expected `since` at or before `until`.');
  const providers = toChoice('providers', args.providers);
  const outcomes = toChoice('outcomes', args.outcomes);
  const fingerprint = toFingerprint([args.since ?? null, args.until ?? null, providers ?? null, outcomes ?? null]);
  const after = readAfter(args.after, maxFeedCursorChars);
  const cursor = after === undefined ? undefined : readCursor(after, fingerprint);
  return {
    first,
    since,
    providers: providers ?? providerNames,
    providersGiven: providers !== undefined,
    outcomes: outcomes && new Set(outcomes),
    allowStale: args.allowStale ?? false,
    fingerprint,
    firstPageTime: cursor?.firstPageTime ?? now,
    snapshotTime: cursor?.snapshotTime ?? Math.min(until, now),
    cursor,
  };
}

/** The same list for the same choice, whatever its order. */
function toChoice<Item extends string>(name: string, items: readonly Item[] | null | undefined): Item[] | undefined {
  if (!items) return undefined;
  if (items.length === 0) throw new BadUserInput(`Expected at least one of \`${name}\`, or none to be given.`);
  return [...new Set(items)].sort();
}

const toFingerprint = (values: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);

function readCursor(after: string, fingerprint: string): FeedCursor {
  const cursor = parseFeedCursor(after);
  if (cursor?.fingerprint !== fingerprint)
    throw new BadUserInput('Expected `after` to be a cursor of the same `runs`, with the same arguments.');
  return cursor;
}
