/** Pages of lists as Relay connections. */
import { BadUserInput, type ProviderError } from '../core/errors.ts';
import { presentText } from '../core/operation-params.ts';
import type { Provider } from '../generated/types.ts';
import { maxCursorChars } from '../providers/cursor.ts';
import type { Page } from '../providers/provider.ts';

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
export interface MonitorPage extends Connection {
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
export function toConnection<Row>(name: string, page: Page<Row>, toNode: (row: Row) => object): Connection {
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
