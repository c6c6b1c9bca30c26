/**
 * What a run feed works with: its operation and the providers, its arguments, the upstream calls that it may still make, and the
 * gaps that it notes.
 */
import type { Account, AccountId } from '../../core/accounts.ts';
import { BadUserInput, OperationTooCostly } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import type { QueryRunsArgs, RunOutcome, RunPhase } from '../../generated/types.ts';
import { readAfter, toPageSize } from '../../loaders/list-loader.ts';
import { checkTags, type FilterLimits } from '../../loaders/monitor-filter.ts';
import type { MonitorLoader } from '../../loaders/monitor-loader.ts';
import type { RequestFetcher } from '../../loaders/request-fetcher.ts';
import type { RunLoader } from '../../loaders/run-loader.ts';
import { type Accounts, type CredentialOf, toOtherIds } from '../../providers/accounts.ts';
import type { FieldContext } from '../../providers/fields.ts';
import { providerNames } from '../../providers/index.ts';
import { toFingerprint } from '../../providers/lists.ts';
import type { ProviderDefinition } from '../../providers/provider.ts';
import type { RunCache } from '../../run-cache/run-cache.ts';
import type { CallReport } from '../../upstream/call-report.ts';
import { type FeedCursor, maxFeedCursorChars, parseFeedCursor, toAccountTable } from './feed-cursor.ts';

/** What of its request the feed can reach. */
export interface FeedContext extends FieldContext {
  readonly runs: RunLoader;
  readonly monitors: FieldContext['monitors'] & Pick<MonitorLoader, 'note'>;
  readonly fetches: RequestFetcher;
  readonly feedBudget: RunFeedBudget;
  readonly accounts: Accounts;
  readonly credentialOf: CredentialOf;
  readonly callReport: CallReport;
  /** What outlives the request. @default nothing does */
  readonly runCache?: RunCache | undefined;
  /** When the request came, in Unix milliseconds. */
  readonly now: number;
  /** How old an answer may be for this client, in milliseconds, whatever the limits allow. */
  readonly maxAgeMs: number;
  readonly limits: Limits;
  /** How long the operation may still take, in milliseconds. */
  remainingMs(): number;
}

/** The part of a provider's definition that the feed needs. */
export interface FeedDefinition {
  readonly runs: Pick<
    ProviderDefinition['runs'],
    'pages' | 'toListedRun' | 'cacheability' | 'listedPhases' | 'listedOutcomes'
  >;
  readonly monitors: Pick<ProviderDefinition['monitors'], 'walk' | 'isKey' | 'lagMs' | 'facts'>;
}

/** What a page is requested with. Times are Unix milliseconds. */
export interface FeedArguments {
  /** How many runs at most. */
  readonly first: number;
  /** The start of the window; minus infinity for none. */
  readonly since: number;
  /** Each once, in the order of `Query.accounts`. */
  readonly accounts: readonly Account[];
  /** The chosen accounts by whose places cursors refer to them, those that can't have a run that is wanted included. */
  readonly accountTable: readonly AccountId[];
  /** Whether the client names what the account is chosen by: only then one that isn't configured is a gap. */
  readonly isNamed: (account: Account) => boolean;
  /** `undefined` for all runs, and those that have no outcome yet. */
  readonly outcomes: ReadonlySet<RunOutcome> | undefined;
  /** Monitors have to have all of them. */
  readonly tags: readonly string[];
  /** `undefined` for any. */
  readonly phases: ReadonlySet<RunPhase> | undefined;
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
 * @param configured the accounts that can be chosen
 * @param now Unix milliseconds
 * @throws {BadUserInput} when an argument is invalid
 */
export function readFeedArguments(
  args: QueryRunsArgs,
  configured: Accounts,
  now: number,
  limits: FilterLimits,
): FeedArguments {
  const first = toPageSize(args.first);
  const since = args.since ? Date.parse(args.since) : Number.NEGATIVE_INFINITY;
  const until = args.until ? Date.parse(args.until) : Number.POSITIVE_INFINITY;
  if (since > until) throw new BadUserInput('Expected `since` at or before `until`.');
  const providers = toChoice('providers', args.providers);
  const outcomes = toChoice('outcomes', args.outcomes);
  const phases = toChoice('phases', args.phases);
  if (outcomes && phases && !phases.includes('FINISHED'))
    throw new BadUserInput('Expected `phases` with FINISHED beside `outcomes`, which finished runs alone have.');
  const tags = [...new Set(args.tags ?? [])];
  checkTags(args.tags ?? [], undefined, limits);
  const accounts = configured.select(providers ?? providerNames, args.accounts);
  const fingerprint = toFingerprint([
    ...[args.since ?? null, args.until ?? null, providers ?? null, outcomes ?? null],
    ...[phases ?? null, tags.toSorted(), ...toOtherIds(accounts)],
  ]);
  const after = readAfter(args.after, maxFeedCursorChars);
  const accountTable = toAccountTable(accounts);
  const cursor = after === undefined ? undefined : readCursor(after, fingerprint, accountTable);
  const isAlone = ({ provider }: Account) => accounts.filter((one) => one.provider === provider).length === 1;
  return {
    first,
    since,
    accounts,
    accountTable,
    isNamed: (account) => args.accounts != null || (providers !== undefined && isAlone(account)),
    outcomes: outcomes && new Set(outcomes),
    tags,
    phases: phases && new Set(phases),
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

function readCursor(after: string, fingerprint: string, table: readonly AccountId[]): FeedCursor {
  const cursor = parseFeedCursor(after, table);
  if (cursor?.fingerprint !== fingerprint)
    throw new BadUserInput('Expected `after` to be a cursor of the same `runs`, with the same arguments and accounts.');
  return cursor;
}

type FeedLimits = Pick<Limits, 'maxRunFeeds' | 'runFeedMaxCalls'>;

/** How many upstream calls the run feeds of an operation may still make, all together. */
export class RunFeedBudget {
  readonly #limits: FeedLimits;
  #feeds = 0;
  #calls = 0;

  constructor(limits: FeedLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a feed.
   * @throws {OperationTooCostly} when there are as many as there may be
   */
  open(): void {
    const { maxRunFeeds } = this.#limits;
    if (this.#feeds === maxRunFeeds) throw new OperationTooCostly(`Expected \`runs\` at most ${maxRunFeeds} times.`);
    this.#feeds++;
  }

  /** How many calls are left. */
  get left(): number {
    return this.#limits.runFeedMaxCalls - this.#calls;
  }

  spend(): void {
    this.#calls++;
  }

  /** The call was not made. */
  refund(): void {
    this.#calls--;
  }

  toError(): OperationTooCostly {
    return new OperationTooCostly(
      `Expected at most ${this.#limits.runFeedMaxCalls} upstream calls for all \`runs\` of a request.`,
    );
  }
}
