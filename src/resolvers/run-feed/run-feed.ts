/**
 * `Query.runs`: the newest runs of all monitors of all accounts. No provider lists runs across monitors, so the feed lists the
 * monitors and merges the lists of their runs, each read only as far as a page needs it.
 */
import { type Account, type AccountId, type RunKey, toAccountId } from '../../core/accounts.ts';
import { BadUserInput, ProviderError } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import type { Provider, QueryRunsArgs } from '../../generated/types.ts';
import type { SelectedOf } from '../../graphql/selected-fields.ts';
import { FeedGaps } from '../../loaders/gaps.ts';
import { type Feed, toPart } from '../../loaders/list-loader.ts';
import { countAwaited, explainExcluded, planRunFeed, toLatestRunAt } from '../../loaders/planner.ts';
import { fromMilliseconds } from '../../providers/date-time.ts';
import { providers } from '../../providers/index.ts';
import type { Body } from '../../upstream/read-response.ts';
import { FeedCache } from './feed-cache.ts';
import { type FeedArguments, type FeedContext, type FeedDefinition, readFeedArguments } from './feed-context.ts';
import { toFeedCursor } from './feed-cursor.ts';
import { compareKeys, type FeedRow, keyAt, type SortKey } from './feed-order.ts';
import { applyCursor, cutPage, hasRunsBehind, isSameProgress, mergeStreams, toProgress } from './feed-page.ts';
import { isReached, toTooManyMonitors } from './fleet.ts';
import { PageReader } from './page-reader.ts';
import { RunStream } from './run-stream.ts';

/** So many pages in a row may come no further while the cache still learns something. */
const maxRepeats = 50;

/**
 * A page of the feed.
 * @throws {BadUserInput} when an argument is invalid
 * @throws {OperationTooCostly} when lists have put too much into the response already, or there are too many feeds
 */
export async function readRunFeed(
  queryArgs: QueryRunsArgs,
  context: FeedContext,
  selectedOf: SelectedOf,
  definitions: Readonly<Record<Provider, FeedDefinition>> = providers,
): Promise<Feed> {
  const args = planAccounts(
    readFeedArguments(queryArgs, context.accounts, context.now, context.limits),
    context,
    definitions,
  );
  context.feedBudget.open();
  const gaps = new FeedGaps((error) => context.fetches.report(error, 'runs.gaps'));
  const inPage = selectedOf.inPage('RunFeedConnection');
  // No client goes on behind a page without a cursor: what was read for it needn't be remembered.
  const isPaged = args.cursor !== undefined || selectedOf.hasCursor('RunFeedConnection');
  const cache = isPaged ? createCache(args, context) : undefined;
  const reservedCalls = reserveCalls(args, inPage, context.limits);
  const reader = new PageReader({ args, context, definitions, budget: context.feedBudget, cache, gaps, reservedCalls });
  const boundary = args.cursor?.boundary ?? keyAt(args.snapshotTime);

  const { streams, failedAccounts, omitted } = await openStreams(args, context, definitions, reader, gaps, boundary);
  if (args.cursor !== undefined) applyCursor(streams, args.cursor);
  const before = toProgress(streams, boundary);
  const found = await mergeStreams({
    streams,
    boundary,
    first: args.first,
    isStuck: (args.cursor?.repeats ?? 0) > 0,
    resume: async (unknown) => cache?.resume(unknown, boundary),
    takeReadable: (chosen) => reader.takeReadable(chosen),
    read: (chosen) => reader.read(chosen),
  });
  const page = cutPage(streams, found, args.first, boundary);
  for (const { row, account, monitorId } of page.rows)
    if (row === undefined) gaps.add(account, monitorId, new ProviderError(account, 'UPSTREAM_BAD_RESPONSE'));
  const hasGrown = await rememberStreams(streams, page.boundary, cache, definitions, context);
  let after = toProgress(streams, page.boundary);
  let repeats =
    args.first > 0 && page.hasNextPage && isSameProgress(before, after) ? (args.cursor?.repeats ?? 0) + 1 : 0;
  // Without any call, another feed of the operation had them all.
  const hadCalls = streams.some(({ hasProgress }) => hasProgress);
  if (repeats > maxRepeats || (repeats > 1 && hadCalls && !hasGrown)) {
    // The calls of a page don't suffice for this monitor: without a gap, the client would page for ever.
    const stuck = streams.filter(({ isLive }) => isLive).sort((one, other) => compareKeys(one.head, other.head))[0];
    if (stuck !== undefined) {
      stuck.isFailed = true;
      gaps.add(stuck.account, stuck.monitorId, context.feedBudget.toError());
    }
    repeats = 0;
    after = toProgress(streams, page.boundary);
  }
  const hasNextPage =
    page.hasNextPage && (repeats > 0 || streams.some((stream) => hasRunsBehind(stream, page.boundary)));

  const searchedUntil = hasNextPage ? page.boundary.time : args.since;
  for (const [account, time] of omitted)
    if (isReached(time, { start: args.cursor?.boundary.time, end: searchedUntil }))
      gaps.add(account, null, toTooManyMonitors(context.limits));

  const isLossy = args.cursor?.isLossy === true || gaps.all().length > 0;
  const { fingerprint, snapshotTime, firstPageTime } = args;
  const base = { fingerprint, snapshotTime, firstPageTime, isLossy, failedAccounts };
  const table = args.accountTable;
  // Edges but the last have their position alone: their cursors are rarely sent back.
  const cursorOf = (key: SortKey) =>
    toFeedCursor({ ...base, repeats: 0, boundary: key, codes: new Map(), slot: undefined }, table);
  const endCursor = isPaged && hasNextPage ? toFeedCursor({ ...base, repeats, ...after }, table) : undefined;
  const runs = page.rows.filter((row) => row.row !== undefined) as (FeedRow & { readonly row: Body })[];
  const items = runs.map((row, place) => ({
    row,
    cursor: (place === runs.length - 1 ? endCursor : undefined) ?? (isPaged ? cursorOf(row) : ''),
  }));
  const nodes = toNodes(runs, streams, reader, context, inPage, args.allowStale);
  return {
    ...toPart('RunFeedConnection', 'MonitorRunEdge', items, nodes, {
      hasNextPage,
      hasPreviousPage: args.cursor !== undefined,
      ...(endCursor !== undefined && { endCursor }),
    }),
    gaps: gaps.all(),
    isComplete: !isLossy,
    searchedUntil: fromMilliseconds(searchedUntil) ?? null,
  };
}

/**
 * The arguments with those accounts alone that can have a run that is wanted.
 * @throws {BadUserInput} when the client names providers, and none of them has tags
 */
function planAccounts(
  args: FeedArguments,
  { callReport }: FeedContext,
  definitions: Readonly<Record<Provider, FeedDefinition>>,
): FeedArguments {
  const { accounts, excluded } = planRunFeed(args.accounts, args, ({ provider }) => {
    const { runs, monitors } = definitions[provider];
    return { hasTags: monitors.facts.tags !== undefined, phases: runs.listedPhases, outcomes: runs.listedOutcomes };
  });
  if (accounts.length === 0 && excluded.every(({ argument }) => argument === 'tags')) {
    const names = new Set(args.accounts.map(({ provider }) => provider));
    throw new BadUserInput(`Expected no \`tags\`: ${[...names].join(', ')} states no tags of its monitors.`);
  }
  for (const { account, argument } of excluded) callReport.recordPage(account, explainExcluded(argument), argument);
  return { ...args, accounts };
}

function createCache(
  args: FeedArguments,
  { runCache, limits, now, maxAgeMs, credentialOf }: FeedContext,
): FeedCache | undefined {
  if (runCache === undefined) return undefined;
  const digestOf = (account: Account) => credentialOf(account).digest;
  const ttlMs = Math.min(limits.runCacheTtlMs, maxAgeMs);
  return new FeedCache({ store: runCache, digestOf, args, ttlMs, freshMs: limits.freshMs, now });
}

/** A call for each run of the page, where something is selected that no list says; half of all calls at the most. */
function reserveCalls({ first, accounts }: FeedArguments, inPage: SelectedOf, { maxUpstreamCalls }: Limits): number {
  const needsCall = accounts.some(({ provider }) => {
    const { typeName, listed } = providers[provider].runs;
    return countAwaited(inPage(typeName), listed) > 0;
  });
  return needsCall ? Math.min(first, Math.floor(maxUpstreamCalls / 2)) : 0;
}

/** A stream for each monitor of each account that can be requested; what can't be read is a gap, once. */
async function openStreams(
  args: FeedArguments,
  context: FeedContext,
  definitions: Readonly<Record<Provider, FeedDefinition>>,
  reader: PageReader,
  gaps: FeedGaps,
  boundary: SortKey,
) {
  const failedAccounts = new Set<AccountId>(args.cursor?.failedAccounts);
  /** No run of a monitor beyond `runFeedMaxMonitors` is later. */
  const omitted = new Map<Account, number>();
  const window = { boundary, since: args.since, snapshotTime: args.snapshotTime, firstPageTime: args.firstPageTime };
  const accounts = args.accounts.filter((account) => !failedAccounts.has(toAccountId(account)));
  const opened = await Promise.all(
    accounts.map(async (account) => {
      if (!isConfigured(account, args, context, gaps)) {
        failedAccounts.add(toAccountId(account));
        return [];
      }
      const { monitors, undecided, errors, omittedUntil, isStale } = await reader.readFleet(account);
      // Once, as nothing of them comes on later pages either.
      if (args.cursor === undefined) for (const monitorId of undecided) gaps.addUndecided(account, monitorId);
      if (isStale) gaps.addStale(account, null);
      for (const error of errors) gaps.add(account, null, error);
      if (errors.length > 0 && monitors.length === 0) failedAccounts.add(toAccountId(account));
      omitted.set(account, omittedUntil);
      const { runs, monitors: definition } = definitions[account.provider];
      return monitors.map((row) => new RunStream(account, row, runs.pages, window, toLatestRunAt(row, definition)));
    }),
  );
  return { streams: opened.flat(), failedAccounts, omitted };
}

/** Whether there is a credential for the account; a gap when there is none, and the client may think that there is. */
function isConfigured(
  account: Account,
  { isNamed }: FeedArguments,
  { credentialOf }: FeedContext,
  gaps: FeedGaps,
): boolean {
  try {
    credentialOf(account);
    return true;
  } catch (error) {
    const isOff = error instanceof ProviderError && error.extensions.code === 'PROVIDER_NOT_CONFIGURED';
    if (isNamed(account) || !isOff) gaps.add(account, null, error);
    return false;
  }
}

/** @returns whether the cache knows more than before */
async function rememberStreams(
  streams: readonly RunStream[],
  boundary: SortKey,
  cache: FeedCache | undefined,
  definitions: Readonly<Record<Provider, FeedDefinition>>,
  context: FeedContext,
): Promise<boolean> {
  const read = streams.filter(({ hasProgress, isFailed, isStale }) => hasProgress && !isFailed && !isStale);
  if (cache === undefined) return false;
  const isFinalOf = (stream: RunStream) => {
    const { cacheability, toListedRun } = definitions[stream.account.provider].runs;
    return ({ row, readAt, account, monitorId, runId }: FeedRow) => {
      if (row === undefined) return true;
      const key: RunKey = { ...account, monitorId, runId };
      const run = toListedRun(key, row, { limits: context.limits, readAt, isStale: false });
      return cacheability(run, row, true) === 'lasting';
    };
  };
  const open = read.filter((stream) => hasRunsBehind(stream, boundary));
  await cache.remember(open, boundary, isFinalOf);
  return read.length > 0;
}

/** The runs of the page, paid for, and known to the loaders: what a list says of them isn't requested again. */
function toNodes(
  rows: readonly (FeedRow & { readonly row: Body })[],
  streams: readonly RunStream[],
  reader: PageReader,
  context: FeedContext,
  inPage: SelectedOf,
  allowStale: boolean,
) {
  const shown = new Set(rows.map(({ accountId, monitorId }) => `${accountId} ${monitorId}`));
  for (const { account, accountId, monitorId, monitor } of streams) {
    const readAt = reader.readAtOf.get(accountId) ?? 0;
    const isFresh = context.now - readAt <= context.limits.freshMs;
    if (isFresh && shown.has(`${accountId} ${monitorId}`)) context.monitors.note(account, monitor, readAt);
  }
  context.costBudget.chargeListItems(rows.length * inPage.places);
  const awaited = rows.reduce((sum, { account }) => {
    const { typeName, listed } = providers[account.provider].runs;
    return sum + countAwaited(inPage(typeName), listed);
  }, 0);
  context.costBudget.chargeDeferredFields(awaited);
  return rows.map(({ account, monitorId, runId, row, readAt, isStale = false }) => {
    if (readAt < context.now) context.callReport.noteReadAt(readAt);
    return context.runs.toListed({ ...account, monitorId, runId }, row, { readAt, isStale, allowStale });
  });
}
