/**
 * Which upstream calls fetch what is selected, and why; and the search in a list, where the plan reads one first. The planner is pure:
 * its input is what is selected of which objects, its result what to fetch.
 */
import { isEndpointSpecific } from '../core/errors.ts';
import type { RunOutcome, RunPhase } from '../generated/types.ts';
import type { SelectedFields } from '../graphql/selected-fields.ts';
import type { ListedFields, Selected } from '../providers/fields.ts';
import type { Get, ListScan, MonitorRow } from '../providers/lists.ts';
import type { MonitorDefinition, MonitorFacts } from '../providers/provider.ts';
import type { PlannedStep } from '../upstream/call-report.ts';
import type { Body } from '../upstream/read-response.ts';
import { isOpenFilter, type MonitorFilter, whyNone } from './monitor-filter.ts';

/**
 * What of an object is needed: `light`, what a list says of it as well; `full`, more than that; `row`, what only a list says;
 * `both`, that and more.
 */
export type Need = 'light' | 'full' | 'row' | 'both';

/** What costs nothing once an object is there. */
const made: Selected = new Set([
  'id',
  'provider',
  'account',
  'monitorId',
  'runId',
  'readAt',
  'isStale',
  'monitor',
  'runs',
  'runCounts',
]);

/** What is needed of an object of which these fields are selected. */
export function needOf(selected: Selected, { fields, only }: ListedFields): Need {
  let isLight = true;
  let isInRow = false;
  for (const name of selected) {
    if (made.has(name)) continue;
    if (!fields.has(name)) isLight = false;
    else if (only.has(name)) isInRow = true;
  }
  if (isInRow) return isLight ? 'row' : 'both';
  return isLight ? 'light' : 'full';
}

/** The fields that lead from one object to others, by further calls. */
const ways = ['monitor', 'runs', 'runCounts', 'lastRun', 'previous', 'diff', 'planning'];

/** How many fields of an object in a list may have to be waited for: all or none, as those fail together that take a call. */
export function countAwaited(selected: SelectedFields, listed?: ListedFields): number {
  const need = listed && needOf(selected, listed);
  const isAwaited = need === 'full' || need === 'both' || ways.some((name) => selected.has(name));
  return isAwaited ? selected.count : 0;
}

/** A wanted run or monitor. */
export interface Want {
  /** The list that it would be in. */
  readonly list: string;
  readonly need: Need;
}

/** What to fetch. */
export interface FetchPlan<W extends Want> {
  /** Each by a separate call. */
  readonly singly: readonly W[];
  /** How many of them would be listed, if the first page of their list could have any of them. */
  readonly older: number;
  /** By reading their list first; those that its pages don't have follow singly, as a miss never means absence. */
  readonly listed: ReadonlyMap<string, readonly W[]>;
}

/**
 * Plans the fetches of objects that are neither cached nor fetched yet.
 * @param listFetchThreshold from how many light objects of a list on a page of it is read first
 * @param isOlder whether an object is older than all that the first page of its list had last
 */
export function planFetches<W extends Want>(
  wants: readonly W[],
  listFetchThreshold = Number.POSITIVE_INFINITY,
  isOlder: (want: W) => boolean = () => false,
): FetchPlan<W> {
  const unlisted: FetchPlan<W> = { singly: wants, older: 0, listed: new Map() };
  if (wants.length < listFetchThreshold) return unlisted;
  const lightOf = new Map<string, number>();
  let largestGroup = 0;
  for (const { need, list } of wants) {
    if (need !== 'light') continue;
    const light = (lightOf.get(list) ?? 0) + 1;
    lightOf.set(list, light);
    largestGroup = Math.max(largestGroup, light);
  }
  // Counted first, as mostly there is no list of which so many are wanted.
  if (largestGroup < listFetchThreshold) return unlisted;
  const isMany = ({ need, list }: Want) => need === 'light' && (lightOf.get(list) ?? 0) >= listFetchThreshold;
  const groups = Map.groupBy(wants.filter(isMany), ({ list }) => list);
  // A page that has one of them is read: the pages behind it may have the others.
  const listed = new Map([...groups].filter(([, group]) => !group.every(isOlder)));
  const singly = wants.filter((want) => !isMany(want) || !listed.has(want.list));
  return { singly, older: singly.filter(isMany).length, listed };
}

/** What a page of a list of monitors reads. */
export interface MonitorListPlan<Name> {
  /** Those whose lists are read, one after the other, until the page is full. */
  readonly accounts: readonly Name[];
  /** Those whose monitors can't match, and which argument says so: no call is made for them. */
  readonly excluded: readonly { readonly account: Name; readonly argument: string }[];
  /** `first`: as many rows as are wanted. `page`: whole pages, as rows may not match. */
  readonly rows: 'first' | 'page';
}

/** Plans a page of the monitors of these accounts. No filter costs a call of a monitor: the rows of the lists decide. */
export function planMonitorList<Name>(
  names: readonly Name[],
  filter: MonitorFilter,
  factsOf: (name: Name) => MonitorFacts,
): MonitorListPlan<Name> {
  const excluded = names.flatMap((account) => {
    const argument = whyNone(filter, factsOf(account));
    return argument === undefined ? [] : [{ account, argument }];
  });
  return {
    accounts: names.filter((name) => !excluded.some(({ account }) => account === name)),
    excluded,
    rows: isOpenFilter(filter) ? 'first' : 'page',
  };
}

/** What the runs of a provider's lists can be. */
export interface RunListTraits {
  readonly hasTags: boolean;
  /** `undefined` for any. */
  readonly phases: ReadonlySet<RunPhase> | undefined;
  readonly outcomes: ReadonlySet<RunOutcome> | undefined;
}

/** Which runs a feed wants: `undefined` for any. */
export interface RunFilter {
  /** Of monitors with all of them. */
  readonly tags: readonly string[];
  readonly phases: ReadonlySet<RunPhase> | undefined;
  readonly outcomes: ReadonlySet<RunOutcome> | undefined;
}

/** Plans a page of the run feed: which accounts' monitors and runs it reads, as the lists of others have no run that is wanted. */
export function planRunFeed<Name>(
  names: readonly Name[],
  { tags, phases, outcomes }: RunFilter,
  traitsOf: (name: Name) => RunListTraits,
): Pick<MonitorListPlan<Name>, 'accounts' | 'excluded'> {
  const excluded = names.flatMap((account) => {
    const traits = traitsOf(account);
    if (tags.length > 0 && !traits.hasTags) return [{ account, argument: 'tags' }];
    if (!overlap(phases, traits.phases)) return [{ account, argument: 'phases' }];
    return overlap(outcomes, traits.outcomes) ? [] : [{ account, argument: 'outcomes' }];
  });
  return { accounts: names.filter((name) => !excluded.some(({ account }) => account === name)), excluded };
}

const overlap = <Item>(wanted: ReadonlySet<Item> | undefined, possible: ReadonlySet<Item> | undefined): boolean =>
  wanted === undefined || possible === undefined || [...wanted].some((item) => possible.has(item));

/** `none`: no run can be in the window. `list`: the pages of the monitor's runs that the window reaches. */
export type RunCountsPlan = 'none' | 'list';

/**
 * Plans the counts of a monitor's runs.
 * @param latestRunAt no run of the monitor is later, by its row; `undefined` when that is unknown. Both are Unix milliseconds.
 */
export const planRunCounts = (latestRunAt: number | undefined, startedAfter: number): RunCountsPlan =>
  latestRunAt !== undefined && latestRunAt < startedAfter ? 'none' : 'list';

/**
 * No run of the monitor is later, in Unix milliseconds, as far as its row in the list of monitors says. Of one that doesn't say when it
 * ran last, the last run may be the newest of all: infinity. Of one that never ran, it is minus infinity.
 */
export function toLatestRunAt(
  { lastRunAt, hasNeverRun }: Pick<MonitorRow, 'lastRunAt' | 'hasNeverRun'>,
  { lagMs = 0 }: Pick<MonitorDefinition, 'lagMs'>,
): number {
  if (hasNeverRun) return Number.NEGATIVE_INFINITY;
  return lastRunAt === undefined ? Number.POSITIVE_INFINITY : lastRunAt + lagMs;
}

/** Why no call is made for an account. */
export const explainExcluded = (argument: string): PlannedStep => ({
  source: 'LIST',
  count: 0,
  calls: 0,
  reason: `Nothing of it can match \`${argument}\`.`,
});

/** The plan in words. */
export function explain<W extends Want>({ singly, older, listed }: FetchPlan<W>): PlannedStep[] {
  const steps: PlannedStep[] = [...listed].map(([list, { length }]) => ({
    source: 'LIST',
    list,
    count: length,
    calls: 1,
    reason: `${length} of one list, and a page of it has all that is selected of them.`,
  }));
  const full = singly.filter(({ need }) => need === 'full').length;
  if (full > 0) steps.push(toDetail(full, 'More is selected than a list has.'));
  if (older > 0) steps.push(toDetail(older, 'They are older than what the first page of their list had last.'));
  const few = singly.length - full - older;
  if (few > 0) steps.push(toDetail(few, 'Too few of one list for a page of it to save a call.'));
  return steps;
}

const toDetail = (count: number, reason: string): PlannedStep => ({ source: 'DETAIL', count, calls: count, reason });

/** What needs no fetch. */
export const explainCached = (count: number): PlannedStep => ({
  source: 'CACHE',
  count,
  calls: 0,
  reason: 'They have finished, and are in the run cache.',
});

export interface Search<Row> {
  /** When a page was received, in Unix milliseconds; `undefined` for just now. */
  readAtOf(page: Body): number | undefined;
  readonly walk: ListScan<Row>;
  /** The ids that are looked for. */
  readonly ids: ReadonlySet<string>;
  idOf(row: Row): string;
  readonly maxPages: number;
  /** Another page is read as long as so many are missing, and the last one had any. @default one, whatever the last one had */
  readonly worthFrom?: number;
}

/** A row, and when its page was received, in Unix milliseconds; `undefined` for just now. */
export interface FoundRow<Row> {
  readonly row: Row;
  readonly readAt: number | undefined;
}

/** What was found. */
export interface Found<Row> {
  /** By id. */
  readonly rows: ReadonlyMap<string, FoundRow<Row>>;
  /** Whether the pages had rows that can't be read, or led nowhere though the list goes on: one that is missing may be there. */
  readonly hasUnread: boolean;
  /** Why a page behind the first couldn't be read: what was found before is there all the same. */
  readonly failure?: unknown;
}

const nothingFound: Found<never> = { rows: new Map<string, FoundRow<never>>(), hasUnread: false };

/**
 * The rows of the objects, as far as the pages that were read have them: that one is missing says nothing of it.
 * @throws what the first page fails with
 */
export async function scanList<Row>(get: Get, search: Search<Row>): Promise<Found<Row>> {
  const { walk, ids, idOf, maxPages, worthFrom = 0 } = search;
  const found = new Map<string, FoundRow<Row>>();
  let hasUnread = false;
  let request: ListScan<Row>['first'] | undefined = walk.first;
  for (let pages = 0; request !== undefined && pages < maxPages; pages++) {
    let page: Body | null;
    try {
      page = await get(request);
    } catch (failure) {
      if (pages === 0) throw failure;
      return { rows: found, hasUnread, failure };
    }
    if (page === null) {
      hasUnread ||= pages > 0;
      break;
    }
    const before = found.size;
    const { rows, next, unread = false } = walk.read(page);
    hasUnread ||= unread;
    // The first row of an object is the one that lists show.
    const readAt = search.readAtOf(page);
    for (const row of rows) if (ids.has(idOf(row)) && !found.has(idOf(row))) found.set(idOf(row), { row, readAt });
    const isDone = ids.size - found.size < Math.max(worthFrom, 1);
    if (isDone || (worthFrom > 0 && found.size === before)) break;
    request = next;
  }
  return { rows: found, hasUnread };
}

/** What a list that fails is replaced by, where another request to the provider may succeed. @param report tells the log */
export const orNothing =
  (report: (error: unknown) => void) =>
  (error: unknown): Found<never> => {
    if (!isEndpointSpecific(error)) throw error;
    report(error);
    return nothingFound;
  };

/** The failure of a list, where no other request to the provider would succeed either. */
export function throwFailure({ failure }: Found<unknown>): void {
  if (failure !== undefined && !isEndpointSpecific(failure)) throw failure;
}
