/** Pages of the providers' lists, as Relay connections. */
import type { CostBudget } from '../core/cost-budget.ts';
import { BadUserInput, type ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { presentText } from '../core/operation-params.ts';
import type { MonitorKey, MonitorRunsArgs, Provider, QueryMonitorListArgs } from '../generated/types.ts';
import type { SelectedOf } from '../graphql/selected-fields.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { AllowStale } from '../providers/fields.ts';
import { providers } from '../providers/index.ts';
import type { Page } from '../providers/lists.ts';
import { maxCursorChars } from '../providers/lists.ts';
import type { CallReport } from '../upstream/call-report.ts';
import type { MonitorLoader } from './monitor-loader.ts';
import { countAwaited } from './planner.ts';
import type { RequestFetcher } from './request-fetcher.ts';
import type { RunLoader } from './run-loader.ts';

/** A connection, ready to be selected from. */
export interface Connection {
  readonly __typename: string;
  readonly edges: readonly Edge[];
  readonly nodes: readonly Node[];
  readonly pageInfo: PageInfo;
  readonly totalCount: number | null | ProviderError;
}

/** The newest runs of several monitors. */
export interface Feed extends Omit<Connection, 'totalCount'> {
  readonly gaps: readonly FeedGap[];
  readonly isComplete: boolean;
  /** RFC 3339, in UTC. */
  readonly searchedUntil: string | null;
}

/** A page of monitors. */
interface MonitorPage extends Connection {
  readonly gaps: readonly FeedGap[];
}

export interface FeedGap {
  readonly __typename: 'RunFeedGap';
  readonly provider: Provider;
  readonly monitorId: string | null;
  readonly code: string;
}

/** Cached rows are shown, as the provider is down: newer ones may be missing. */
export const toStaleGap = (provider: Provider, monitorId: string | null): FeedGap => ({
  __typename: 'RunFeedGap',
  provider,
  monitorId,
  code: 'STALE',
});

interface Edge {
  readonly __typename: string;
  readonly cursor: string;
  readonly node: Node;
}

type Node = object | ProviderError;

interface PageInfo {
  readonly __typename: 'PageInfo';
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

/** Maximum nodes of a page: a promise of the schema, and so no limit that could be set. */
const maxPerPage = 100;

/** @throws {BadUserInput} when it isn't the size of a page */
export function toPageSize(first: number | null | undefined): number {
  const size = first ?? 20;
  if (size < 0 || size > maxPerPage) throw new BadUserInput(`Expected \`first\` between 0 and ${maxPerPage}.`);
  return size;
}

/**
 * The cursor that a page is to begin behind, if there is any: an empty one counts as none.
 * @throws {BadUserInput} when it is longer than any cursor
 */
export function readAfter(after: string | null | undefined, maxChars = maxCursorChars): string | undefined {
  const cursor = presentText(after) ?? undefined;
  if (cursor !== undefined && cursor.length > maxChars)
    throw new BadUserInput(`Expected \`after\` to be a cursor, of at most ${maxChars} characters.`);
  return cursor;
}

/** @param name the type of its nodes: `MonitorRun` makes a `MonitorRunConnection` */
function toConnection<Row>(name: string, page: Page<Row>, toNode: (row: Row) => object): Connection {
  const nodes = page.items.map(({ row }) => (row instanceof Error ? row : toNode(row)));
  return {
    ...toPart(`${name}Connection`, `${name}Edge`, page.items, nodes, page),
    totalCount: page.totalCount,
  };
}

/** What every connection has. */
export function toPart(
  typename: string,
  edgeTypename: string,
  items: readonly { readonly cursor: string }[],
  nodes: readonly Node[],
  { hasNextPage, hasPreviousPage, endCursor }: Pick<Page<unknown>, 'hasNextPage' | 'hasPreviousPage' | 'endCursor'>,
): Omit<Connection, 'totalCount'> {
  return {
    __typename: typename,
    edges: items.map(({ cursor }, place) => ({ __typename: edgeTypename, cursor, node: nodes[place] as Node })),
    nodes,
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage,
      hasPreviousPage,
      startCursor: items[0]?.cursor ?? null,
      endCursor: endCursor ?? items.at(-1)?.cursor ?? null,
    },
  };
}

export interface ListsOptions {
  readonly fetches: RequestFetcher;
  readonly callReport: CallReport;
  readonly runs: RunLoader;
  readonly monitors: Pick<MonitorLoader, 'note'>;
  readonly limits: Pick<Limits, 'listPageSize' | 'maxTags' | 'maxTagLength'>;
  readonly log: RequestLog;
  /** One time for all of them, in Unix milliseconds, as it is part of the request of some pages. */
  readonly now: number;
}

/** The lists of a request: each page is requested once. */
export class ListLoader {
  readonly #options: ListsOptions;

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /**
   * A page of a monitor's runs; `null` when its provider has no such monitor.
   * @throws {BadUserInput} when an argument can't be
   * @throws {OperationTooCostly} when lists have put too much into the answer already
   * @throws {ProviderError} when the provider failed
   */
  async runsOf(
    { provider, monitorId, allowStale = false }: MonitorKey & AllowStale,
    args: MonitorRunsArgs,
    costBudget: CostBudget,
    selectedOf: SelectedOf,
  ) {
    // A list counts as at least one item, which is known before it is requested.
    costBudget.chargeListItems(1);
    const { fetches, limits, callReport, runs } = this.#options;
    const window = { ...args, ...toPage(args), pageSize: limits.listPageSize, now: this.#options.now };
    const step = { ...pageStep, list: monitorId, count: window.first };
    callReport.recordPage(provider, step, window.first, window.after, window.startedAfter, window.startedBefore);
    const tracked = fetches.track(provider, allowStale);
    const page = await providers[provider].runs.readPage(tracked.get, monitorId, window);
    if (page === null) return null;
    if (page.isOutOfOrder) this.#options.log.warn({ provider, monitorId }, 'list of runs out of order');
    const { typeName, listed } = providers[provider].runs;
    const inPage = selectedOf.inPage('MonitorRunConnection');
    spend(costBudget, page, inPage.places, countAwaited(inPage(typeName), listed));
    const { reading } = tracked;
    return toConnection('MonitorRun', page, ({ runId, row }) =>
      runs.toListed({ provider, monitorId, runId }, row, reading),
    );
  }

  /** A page of a provider's monitors. @throws like {@link Lists.runsOf} */
  async monitors(
    { provider, tags, allowStale, ...args }: QueryMonitorListArgs,
    costBudget: CostBudget,
    selectedOf: SelectedOf,
  ): Promise<MonitorPage> {
    costBudget.chargeListItems(1);
    const { typeName, listed, readPage, toListedMonitor } = providers[provider].monitors;
    const { fetches, limits, callReport, monitors } = this.#options;
    if (tags) checkTags(tags, provider, limits);
    const window = { ...args, ...toPage(args), tags, pageSize: limits.listPageSize };
    callReport.recordPage(provider, { ...pageStep, count: window.first }, window.first, window.after, tags);
    const tracked = fetches.track(provider, allowStale);
    const page = await readPage(tracked.get, window);
    const inPage = selectedOf.inPage('MonitorConnection');
    spend(costBudget, page, inPage.places, countAwaited(inPage(typeName), listed));
    const { reading } = tracked;
    const connection = toConnection('Monitor', page, (row) => {
      // Its runs lead back to it. What is stale is shown only where that is allowed.
      if (!reading.isStale) {
        monitors.note(provider, row, reading.readAt);
        fetches.noteMonitor(provider, row, reading.readAt);
      }
      return toListedMonitor(row.monitorId, row.row, reading);
    });
    return { ...connection, gaps: reading.isStale ? [toStaleGap(provider, null)] : [] };
  }
}

/** @throws {BadUserInput} when these can't be tags */
function checkTags(
  tags: readonly string[],
  provider: Provider,
  { maxTags, maxTagLength }: Pick<Limits, 'maxTags' | 'maxTagLength'>,
): void {
  if (tags.length > maxTags) throw new BadUserInput(`Expected at most ${maxTags} \`tags\`.`, provider);
  for (const tag of tags) {
    // Commas separate tags on the way to the provider.
    if (tag === '' || tag.includes(','))
      throw new BadUserInput('Expected `tags` that are not empty and have no comma.', provider);
    if (tag.length > maxTagLength)
      throw new BadUserInput(`Expected \`tags\` of at most ${maxTagLength} characters each.`, provider);
    // Half a surrogate pair would become another character in a URL.
    if (!tag.isWellFormed()) throw new BadUserInput('Expected `tags` of well-formed Unicode.', provider);
  }
}

const toPage = ({ first, after }: Pick<MonitorRunsArgs, 'first' | 'after'>) => ({
  first: toPageSize(first),
  after: readAfter(after),
});

const pageStep = { source: 'LIST', calls: 1, reason: 'A page of the list is selected.' } as const;

/**
 * Charges what a page has beyond the one node that is paid for.
 * @param places in which the response has each node
 * @param awaited how many fields of each node may have to be waited for, in all places
 */
function spend(
  costBudget: CostBudget,
  { items }: { readonly items: readonly unknown[] },
  places: number,
  awaited: number,
): void {
  costBudget.chargeListItems(Math.max(items.length * places - 1, 0));
  costBudget.chargeDeferredFields(items.length * awaited);
}
