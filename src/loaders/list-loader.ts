/** Pages of the providers' lists, as Relay connections. */
import type { Account, MonitorKey } from '../core/accounts.ts';
import type { CostBudget } from '../core/cost-budget.ts';
import { BadUserInput, ofAccount, ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { presentText } from '../core/operation-params.ts';
import type { MonitorRunsArgs, Provider, QueryMonitorListArgs } from '../generated/types.ts';
import type { SelectedOf } from '../graphql/selected-fields.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { Accounts, CredentialOf } from '../providers/accounts.ts';
import { toOtherIds } from '../providers/accounts.ts';
import type { AllowStale, Monitor, Reading } from '../providers/fields.ts';
import { providerNames, providers } from '../providers/index.ts';
import type { MonitorRow, MonitorWindow, Page } from '../providers/lists.ts';
import { maxCursorChars, toFingerprint } from '../providers/lists.ts';
import type { CallReport } from '../upstream/call-report.ts';
import { loadOf, withAccount } from './account-errors.ts';
import { type FeedGap, FeedGaps, toStaleGap } from './gaps.ts';
import {
  type FilterLimits,
  type MonitorFilter,
  matchMonitor,
  readMonitorFilter,
  toFilterText,
} from './monitor-filter.ts';
import type { MonitorLoader } from './monitor-loader.ts';
import { readMonitorPages } from './monitor-pages.ts';
import { countAwaited, explainExcluded, type MonitorListPlan, planMonitorList } from './planner.ts';
import type { RequestFetcher, TrackedGet } from './request-fetcher.ts';
import { checkWindow } from './run-counts.ts';
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
function toConnection<Row>(name: string, page: Page<Row>, account: Account, toNode: (row: Row) => object): Connection {
  const nodes = page.items.map(({ row }) => (row instanceof Error ? ofAccount(row, account) : toNode(row)));
  return {
    ...toPart(`${name}Connection`, `${name}Edge`, page.items, nodes, page),
    totalCount: withAccount(account, page.totalCount),
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
  readonly limits: Pick<Limits, 'listPageSize'> & FilterLimits;
  readonly accounts: Accounts;
  readonly credentialOf: CredentialOf;
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
    { provider, account: name, monitorId, allowStale = false }: MonitorKey & AllowStale,
    args: MonitorRunsArgs,
    costBudget: CostBudget,
    selectedOf: SelectedOf,
  ) {
    checkWindow(args.startedAfter, args.startedBefore);
    // A list counts as at least one item, which is known before it is requested.
    costBudget.chargeListItems(1);
    const { fetches, limits, callReport, runs } = this.#options;
    const account = { provider, account: name };
    const { typeName, listed } = providers[provider].runs;
    const inPage = selectedOf.inPage('MonitorRunConnection');
    const hasBelow = inPage(typeName).has('previous');
    const window = { ...args, ...toPage(args), pageSize: limits.listPageSize, now: this.#options.now, hasBelow };
    const step = { ...pageStep, list: monitorId, count: window.first };
    callReport.recordPage(account, step, window.first, window.after, window.startedAfter, window.startedBefore);
    const tracked = fetches.track(account, allowStale);
    const page = await loadOf(account, providers[provider].runs.readPage(tracked.get, monitorId, window));
    if (page === null) return null;
    if (page.isOutOfOrder) this.#options.log.warn({ ...account, monitorId }, 'list of runs out of order');
    spend(costBudget, page, inPage.places, countAwaited(inPage(typeName), listed));
    const { reading } = tracked;
    if (hasBelow) {
      const rows = [...page.items.map(({ row }) => row), ...(page.below === undefined ? [] : [page.below])];
      runs.notePage({ ...account, monitorId }, rows, reading.readAt);
    }
    return toConnection('MonitorRun', page, account, ({ runId, row }) =>
      runs.toListed({ ...account, monitorId, runId }, row, reading),
    );
  }

  /** A page of the monitors of an account, or of several. @throws like {@link Lists.runsOf} */
  async monitors(args: QueryMonitorListArgs, costBudget: CostBudget, selectedOf: SelectedOf): Promise<MonitorPage> {
    costBudget.chargeListItems(1);
    const { limits, callReport } = this.#options;
    const { allowStale = false, includeDeleted = false } = args;
    const provider = args.provider ?? undefined;
    const accounts = this.#accountsOf(provider, args.accounts);
    // The one that the client names: its failure is the field's.
    const only = provider !== undefined && accounts.length === 1 ? accounts[0] : undefined;
    const filter = readMonitorFilter(args, limits, only);
    const plan = planMonitorList(accounts, filter, (account) => providers[account.provider].monitors.facts);
    for (const { account, argument } of plan.excluded) {
      if (provider !== undefined) throw toImpossibleFilter(provider, argument, only);
      callReport.recordPage(account, explainExcluded(argument), argument);
    }
    const { first, after } = toPage(args);
    if (only !== undefined && plan.rows === 'first')
      return this.#monitorsOf(only, { first, after, includeDeleted }, allowStale, costBudget, selectedOf);
    const list = { plan, filter, first, after, provider, only, allowStale, includeDeleted };
    return this.#filteredMonitors(list, costBudget, selectedOf);
  }

  /** The accounts that the client names, or those that there is a credential for, or that the caller may think there is one for. */
  #accountsOf(provider: Provider | undefined, names: readonly string[] | null | undefined): readonly Account[] {
    const chosen = this.#options.accounts.select(provider === undefined ? providerNames : [provider], names);
    if (names || (provider !== undefined && chosen.length === 1)) return chosen;
    const configured = chosen.filter((account) => {
      try {
        this.#options.credentialOf(account);
        return true;
      } catch (error) {
        return !(error instanceof ProviderError && error.extensions.code === 'PROVIDER_NOT_CONFIGURED');
      }
    });
    return provider !== undefined && configured.length === 0 ? chosen.slice(0, 1) : configured;
  }

  /** A page of the whole list of an account. */
  async #monitorsOf(
    account: Account,
    { first, after, includeDeleted = false }: Pick<MonitorWindow, 'first' | 'after' | 'includeDeleted'>,
    allowStale: boolean,
    costBudget: CostBudget,
    selectedOf: SelectedOf,
  ): Promise<MonitorPage> {
    const { fetches, limits, callReport } = this.#options;
    callReport.recordPage(account, { ...pageStep, count: first }, first, after, includeDeleted);
    const tracked = fetches.track(account, allowStale);
    const { typeName, listed, readPage } = providers[account.provider].monitors;
    const window = { first, after, includeDeleted, pageSize: limits.listPageSize };
    const page = await loadOf(account, readPage(tracked.get, window));
    const inPage = selectedOf.inPage('MonitorConnection');
    spend(costBudget, page, inPage.places, countAwaited(inPage(typeName), listed));
    const connection = toConnection('Monitor', page, account, (row) => this.#toListed(account, row, tracked.reading));
    return { ...connection, gaps: tracked.reading.isStale ? [toStaleGap(account, null)] : [] };
  }

  /** The monitor in a row that is shown. */
  #toListed({ provider, account }: Account, row: MonitorRow, reading: Reading): Monitor {
    const { monitors, fetches } = this.#options;
    const key: MonitorKey = { provider, account, monitorId: row.monitorId };
    // Its runs lead back to it. What is stale is shown only where that is allowed.
    if (!reading.isStale) {
      monitors.note(key, row, reading.readAt);
      fetches.noteMonitor(key, row, reading.readAt);
    }
    return withAccount(key, providers[provider].monitors.toListedMonitor(key, row.row, reading));
  }

  async #filteredMonitors(
    { plan, filter, first, after, provider, only, allowStale, includeDeleted }: FilteredList,
    costBudget: CostBudget,
    selectedOf: SelectedOf,
  ): Promise<MonitorPage> {
    const { fetches, limits, callReport } = this.#options;
    const tracked = new Map(plan.accounts.map((account) => [account, fetches.track(account, allowStale)]));
    const trackedOf = (account: Account) => tracked.get(account) as TrackedGet;
    const isFiltered = plan.rows === 'page';
    const page = await readMonitorPages({
      ...{ accounts: plan.accounts, isOneAccount: only !== undefined, first, after },
      fingerprint: toFingerprint([
        ...[provider ?? null, toFilterText(filter)],
        ...(includeDeleted ? ['deleted'] : []),
        ...toOtherIds(plan.accounts),
      ]),
      pageSize: isFiltered ? limits.listPageSize : undefined,
      readPage(account, count, behind) {
        const step = isFiltered ? filterStep : { ...pageStep, count };
        callReport.recordPage(account, step, count, behind, filter.tags, includeDeleted);
        const window = {
          first: count,
          after: behind,
          tags: filter.tags,
          includeDeleted,
          pageSize: limits.listPageSize,
        };
        return loadOf(account, providers[account.provider].monitors.readPage(trackedOf(account).get, window));
      },
      matches: ({ provider }, { row }) => matchMonitor(filter, providers[provider].monitors.facts, row),
    });
    const { found, missing, hasNextPage } = page;
    const inPage = selectedOf.inPage('MonitorConnection');
    costBudget.chargeListItems(Math.max(found.length * inPage.places - 1, 0) + missing.length);
    for (const one of found) {
      const { typeName, listed } = providers[one.account.provider].monitors;
      costBudget.chargeDeferredFields(countAwaited(inPage(typeName), listed));
    }
    const gaps = new FeedGaps((error) => fetches.report(error, 'monitorList.gaps'));
    for (const { account, monitorId, error } of missing)
      if (error === undefined && monitorId !== null) gaps.addUndecided(account, monitorId);
      else gaps.add(account, monitorId, error);
    for (const [account, { reading }] of tracked) if (reading.isStale) gaps.addStale(account, null);
    const nodes = found.map(({ account, row }) =>
      row instanceof Error ? ofAccount(row, account) : this.#toListed(account, row, trackedOf(account).reading),
    );
    const isWhole = after === undefined && !hasNextPage && gaps.all().length === 0;
    return {
      ...toPart('MonitorConnection', 'MonitorEdge', found, nodes, {
        hasNextPage,
        hasPreviousPage: after !== undefined,
        ...(page.endCursor !== undefined && { endCursor: page.endCursor }),
      }),
      totalCount: isWhole ? found.length : null,
      gaps: gaps.all(),
    };
  }
}

/** A list that isn't the whole one of one account. */
interface FilteredList {
  readonly plan: MonitorListPlan<Account>;
  readonly filter: MonitorFilter;
  readonly first: number;
  readonly after: string | undefined;
  /** The one that the client names. */
  readonly provider: Provider | undefined;
  /** Its account, if that is one alone. */
  readonly only: Account | undefined;
  readonly allowStale: boolean;
  readonly includeDeleted: boolean;
}

const facts: Readonly<Record<string, string>> = { tags: 'tags', lastAlertAfter: 'alerts' };

/** The client names a provider whose monitors can't match. */
const toImpossibleFilter = (provider: Provider, argument: string, account: Account | undefined): BadUserInput =>
  new BadUserInput(`Expected no \`${argument}\`: ${provider} states no ${facts[argument]} of its monitors.`, account);

const filterStep = {
  source: 'LIST',
  count: 0,
  calls: 1,
  reason: 'The rows of the list say all that the filter needs.',
} as const;

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
