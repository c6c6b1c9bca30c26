/** The service with providers whose runs a test names, and the pages of its run feed. */
import { expect } from 'vitest';
import { type Runs, serveDatafold, serveOlostep } from './feed-upstreams.ts';
import { createListingWorld, type World } from './world.ts';

/** One of them hasn't run for hours. */
export const datafold = () => ({ 7: ['07:50', '07:40', '07:20 alert', '06:00'], 8: ['05:00 alert', '04:00'] });
export const olostep = () => ({
  monitor_a: ['07:45 changed', '07:15'],
  monitor_b: ['07:30', '07:10 changed', '03:00'],
});

export type WorldConfig = NonNullable<Parameters<typeof createListingWorld>[0]>;

export async function createFeedWorld(config: WorldConfig = {}, runs: { datafold?: Runs; olostep?: Runs } = {}) {
  const world = await createListingWorld(config);
  serveDatafold(world.datafold, runs.datafold ?? datafold());
  serveOlostep(world.olostep, runs.olostep ?? olostep());
  return world;
}

export const selection =
  'nodes { id } pageInfo { hasNextPage endCursor } gaps { provider monitorId code } isComplete searchedUntil';

export interface FeedPage {
  readonly ids: readonly string[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly gaps: readonly { readonly provider: string; readonly monitorId: string | null; readonly code: string }[];
  readonly isComplete: boolean;
  readonly searchedUntil: string | null;
  /** How many upstream calls it took. */
  readonly calls: number;
}

/** Requests a page, given its arguments as GraphQL has them. */
export async function requestPage(world: World, given: string, after?: string | null): Promise<FeedPage> {
  const query = `query ($after: String) { runs(${given} after: $after) { ${selection} } }`;
  const before = countCalls(world);
  const { data, errors } = await world.execute(query, { after });
  expect(errors).toBeUndefined();
  const { nodes, ...page } = data.runs;
  return { ...page, ids: nodes.map(({ id }: { id: string }) => id), calls: countCalls(world) - before };
}

/** More pages than any fleet of a test takes: a feed that doesn't end fails. */
const maxPages = 500;

/** Requests pages until `hasNextPage` is false. */
export async function pageThrough(world: World, given: string): Promise<readonly FeedPage[]> {
  const pages: FeedPage[] = [];
  let after: string | null = null;
  do {
    const page: FeedPage = await requestPage(world, given, after);
    pages.push(page);
    expect(pages.length).toBeLessThanOrEqual(maxPages);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return pages;
}

export const idsOf = (pages: readonly FeedPage[]) => pages.flatMap(({ ids }) => ids);
export const gapsOf = (pages: readonly FeedPage[]) => pages.flatMap(({ gaps }) => gaps);
export const callsOf = (pages: readonly FeedPage[]) => pages.reduce((sum, { calls }) => sum + calls, 0);

const countCalls = ({ datafold: one, olostep: other }: World) => one.paths.length + other.paths.length;

/** What both providers were requested for, in no order. */
export const pathsOf = (world: World) =>
  [...world.datafold.paths, ...world.olostep.paths].map((path) => decodeURIComponent(path)).sort();

export const lists = ['/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc', '/v1/monitors'] as const;
export const [datafoldList, olostepList] = lists;
/** The first page of a Datafold monitor's runs: of one size, and without a window. */
export const runsOf = (id: number) => `/api/v1/monitors/${id}/runs?page=1&page_size=100`;
export const eventsOf = (id: string) => `/v1/monitors/monitor_${id}/events?limit=100`;
