/**
 * Which upstream calls answer what is asked for. Pure: it is told what is selected of which things, and says what to fetch,
 * and why.
 */

import type { SelectedFields } from '../graphql/selected-fields.ts';
import type { ListedFields, Selected } from '../providers/provider.ts';
import type { PlannedStep } from '../upstream/call-report.ts';

/**
 * What of a thing is needed: `light`, what a list says of it as well; `full`, more than that; `row`, what only a list says;
 * `both`, that and more.
 */
export type Need = 'light' | 'full' | 'row' | 'both';

/** What costs nothing once a thing is there. */
const made: Selected = new Set(['id', 'provider', 'monitorId', 'runId', 'readAt', 'isStale', 'monitor', 'runs']);

/** What is needed of a thing of which these fields are selected. */
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

/** The fields that lead from one thing to others, by calls of their own. */
const ways = ['monitor', 'runs', 'lastRun'];

/** How many fields of a thing in a list may have to be waited for: all or none, as those fail together that take a call. */
export function countAwaited(selected: SelectedFields, listed?: ListedFields): number {
  const need = listed && needOf(selected, listed);
  const isAwaited = need === 'full' || need === 'both' || ways.some((name) => selected.has(name));
  return isAwaited ? selected.count : 0;
}

/** A thing that is wanted. */
export interface Want {
  /** The list that it would be in. */
  readonly list: string;
  readonly need: Need;
}

/** What to fetch. */
export interface FetchPlan<W extends Want> {
  /** Each by a call of its own. */
  readonly singly: readonly W[];
  /** By reading their list first; those that its pages don't have follow singly, as a miss never means absence. */
  readonly listed: ReadonlyMap<string, readonly W[]>;
}

/**
 * Plans the fetches of things that are neither kept nor fetched yet.
 * @param listFetchThreshold from how many light things of a list on a page of it is read first
 */
export function planFetches<W extends Want>(
  wants: readonly W[],
  listFetchThreshold = Number.POSITIVE_INFINITY,
): FetchPlan<W> {
  if (wants.length < listFetchThreshold) return { singly: wants, listed: new Map() };
  const lightOf = new Map<string, number>();
  let largestGroup = 0;
  for (const { need, list } of wants) {
    if (need !== 'light') continue;
    const light = (lightOf.get(list) ?? 0) + 1;
    lightOf.set(list, light);
    largestGroup = Math.max(largestGroup, light);
  }
  // Counted first, as mostly there is no list of which so many are wanted.
  if (largestGroup < listFetchThreshold) return { singly: wants, listed: new Map() };
  const isListed = ({ need, list }: Want) => need === 'light' && (lightOf.get(list) ?? 0) >= listFetchThreshold;
  return {
    singly: wants.filter((want) => !isListed(want)),
    listed: Map.groupBy(wants.filter(isListed), ({ list }) => list),
  };
}

/** The plan in words. */
export function explain<W extends Want>({ singly, listed }: FetchPlan<W>): PlannedStep[] {
  const steps: PlannedStep[] = [...listed].map(([list, { length }]) => ({
    fetch: 'LIST',
    list,
    things: length,
    calls: 1,
    why: `${length} of one list, and a page of it has all that is selected of them.`,
  }));
  const full = singly.filter(({ need }) => need === 'full').length;
  if (full > 0) steps.push(toSingle(full, 'More is selected than a list has.'));
  if (singly.length > full)
    steps.push(toSingle(singly.length - full, 'Too few of one list for a page of it to save a call.'));
  return steps;
}

const toSingle = (things: number, why: string): PlannedStep => ({ fetch: 'SINGLE', things, calls: things, why });

/** What needs no fetch. */
export const explainKept = (things: number): PlannedStep => ({
  fetch: 'KEPT',
  things,
  calls: 0,
  why: 'They have ended, and what was said of them is kept.',
});
