/**
 * `Query.runs`: the newest runs of all monitors of all providers. No provider lists runs across monitors, so the feed lists the
 * monitors and merges the lists of their runs, each read only as far as a page needs it.
 */
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
  const args = planProviders(readFeedArguments(queryArgs, context.now, context.limits), context, definitions);
  context.feedBudget.open();
  const gaps = new FeedGaps((error) => context.fetches.report(error, 'runs.gaps'));
  const inPage = selectedOf.inPage('RunFeedConnection');
  // No client goes on behind a page without a cursor: what was read for it needn't be remembered.
  const isPaged = args.cursor !== undefined || selectedOf.hasCursor('RunFeedConnection');
  const cache = isPaged ? createCache(args, context) : undefined;
  const reservedCalls = reserveCalls(args, inPage, context.limits);
  const reader = new PageReader({ args, context, definitions, budget: context.feedBudget, cache, gaps, reservedCalls });
  const boundary = args.cursor?.boundary ?? keyAt(args.snapshotTime);

  const { streams, failedProviders, omitted } = await openStreams(args, context, definitions, reader, gaps, boundary);
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
  for (const { row, provider, monitorId } of page.rows)
    if (row === undefined) gaps.add(provider, monitorId, new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE'));
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
      gaps.add(stuck.provider, stuck.monitorId, context.feedBudget.toError());
    }
    repeats = 0;
    after = toProgress(streams, page.boundary);
  }
  const hasNextPage =
    page.hasNextPage && (repeats > 0 || streams.some((stream) => hasRunsBehind(stream, page.boundary)));

  const searchedUntil = hasNextPage ? page.boundary.time : args.since;
  for (const [provider, time] of omitted)
    if (isReached(time, { start: args.cursor?.boundary.time, end: searchedUntil }))
      gaps.add(provider, null, toTooManyMonitors(context.limits));

  const isLossy = args.cursor?.isLossy === true || gaps.all().length > 0;
  const { fingerprint, snapshotTime, firstPageTime } = args;
  const base = { fingerprint, snapshotTime, firstPageTime, isLossy, failedProviders };
  // Edges but the last have their position alone: their cursors are rarely sent back.
  const cursorOf = (key: SortKey) =>
    toFeedCursor({ ...base, repeats: 0, boundary: key, codes: new Map(), slot: undefined });
  const endCursor = isPaged && hasNextPage ? toFeedCursor({ ...base, repeats, ...after }) : undefined;
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
 * The arguments with those providers alone that can have a run that is wanted.
 * @throws {BadUserInput} when the client names providers, and none of them has tags
 */
function planProviders(
  args: FeedArguments,
  { callReport }: FeedContext,
  definitions: Readonly<Record<Provider, FeedDefinition>>,
): FeedArguments {
  const { providers: names, excluded } = planRunFeed(args.providers, args, (name) => {
    const { runs, monitors } = definitions[name];
    return { hasTags: monitors.facts.tags !== undefined, phases: runs.listedPhases, outcomes: runs.listedOutcomes };
  });
  if (names.length === 0 && excluded.every(({ argument }) => argument === 'tags'))
    throw new BadUserInput(`Expected no \`tags\`: ${args.providers.join(', ')} states no tags of its monitors.`);
  for (const { provider, argument } of excluded) callReport.recordPage(provider, explainExcluded(argument), argument);
  return { ...args, providers: names };
}

function createCache(
  args: FeedArguments,
  { runCache, limits, now, maxAgeMs, credentialOf }: FeedContext,
): FeedCache | undefined {
  if (runCache === undefined) return undefined;
  const digestOf = (provider: Provider) => credentialOf(provider).digest;
  const ttlMs = Math.min(limits.runCacheTtlMs, maxAgeMs);
  return new FeedCache({ store: runCache, digestOf, args, ttlMs, freshMs: limits.freshMs, now });
}

/** A call for each run of the page, where something is selected that no list says; half of all calls at the most. */
function reserveCalls(
  { first, providers: names }: FeedArguments,
  inPage: SelectedOf,
  { maxUpstreamCalls }: Limits,
): number {
  const needsCall = names.some((name) => {
    const { typeName, listed } = providers[name].runs;
    return countAwaited(inPage(typeName), listed) > 0;
  });
  return needsCall ? Math.min(first, Math.floor(maxUpstreamCalls / 2)) : 0;
}

/** A stream for each monitor of each provider that can be requested; what can't be read is a gap, once. */
async function openStreams(
  args: FeedArguments,
  context: FeedContext,
  definitions: Readonly<Record<Provider, FeedDefinition>>,
  reader: PageReader,
  gaps: FeedGaps,
  boundary: SortKey,
) {
  const failedProviders = new Set(args.cursor?.failedProviders);
  /** No run of a monitor beyond `runFeedMaxMonitors` is later. */
  const omitted = new Map<Provider, number>();
  const window = { boundary, since: args.since, snapshotTime: args.snapshotTime, firstPageTime: args.firstPageTime };
  const names = args.providers.filter((provider) => !failedProviders.has(provider));
  const opened = await Promise.all(
    names.map(async (provider) => {
      if (!isConfigured(provider, args, context, gaps)) {
        failedProviders.add(provider);
        return [];
      }
      const { monitors, undecided, errors, omittedUntil, isStale } = await reader.readFleet(provider);
      // Once, as nothing of them comes on later pages either.
      if (args.cursor === undefined) for (const monitorId of undecided) gaps.addUndecided(provider, monitorId);
      if (isStale) gaps.addStale(provider, null);
      for (const error of errors) gaps.add(provider, null, error);
      if (errors.length > 0 && monitors.length === 0) failedProviders.add(provider);
      omitted.set(provider, omittedUntil);
      const { runs, monitors: definition } = definitions[provider];
      return monitors.map((row) => new RunStream(provider, row, runs.pages, window, toLatestRunAt(row, definition)));
    }),
  );
  return { streams: opened.flat(), failedProviders, omitted };
}

/** Whether there is a credential for the provider; a gap when there is none, and the client may think that there is. */
function isConfigured(
  provider: Provider,
  { providersGiven }: FeedArguments,
  { credentialOf }: FeedContext,
  gaps: FeedGaps,
): boolean {
  try {
    credentialOf(provider);
    return true;
  } catch (error) {
    const isOff = error instanceof ProviderError && error.extensions.code === 'PROVIDER_NOT_CONFIGURED';
    if (providersGiven || !isOff) gaps.add(provider, null, error);
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
    const { cacheability, toListedRun } = definitions[stream.provider].runs;
    return ({ row, readAt, ...key }: FeedRow) => {
      if (row === undefined) return true;
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
  const shown = new Set(rows.map(({ provider, monitorId }) => `${provider} ${monitorId}`));
  for (const { provider, monitorId, monitor } of streams) {
    const readAt = reader.readAtOf.get(provider) ?? 0;
    const isFresh = context.now - readAt <= context.limits.freshMs;
    if (isFresh && shown.has(`${provider} ${monitorId}`)) context.monitors.note(provider, monitor, readAt);
  }
  context.costBudget.chargeListItems(rows.length * inPage.places);
  const awaited = rows.reduce((sum, { provider }) => {
    const { typeName, listed } = providers[provider].runs;
    return sum + countAwaited(inPage(typeName), listed);
  }, 0);
  context.costBudget.chargeDeferredFields(awaited);
  return rows.map(({ provider, monitorId, runId, row, readAt, isStale = false }) => {
    if (readAt < context.now) context.callReport.noteReadAt(readAt);
    return context.runs.toListed({ provider, monitorId, runId }, row, { readAt, isStale, allowStale });
  });
}
