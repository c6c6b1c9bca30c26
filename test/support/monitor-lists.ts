/** Lists of monitors at fake upstreams of both providers, whatever is in their rows, as their documents have the lists. */
import type { FakeUpstream } from './fake-upstream.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface MonitorLists {
  /** In the order of their ids. */
  readonly datafold: readonly Row[];
  readonly olostep: readonly Row[];
  /** The largest page of Datafold. @default any */
  readonly cap?: number;
  /** Whether Datafold's tags find monitors with all of them, any, or aren't a filter: no document says. @default none */
  readonly tags?: 'all' | 'any' | 'none';
}

/** Serves the lists alone: any other path is 404. */
export function serveMonitorLists(
  upstreams: { readonly datafold: FakeUpstream; readonly olostep: FakeUpstream },
  lists: MonitorLists,
): void {
  upstreams.datafold.onAny((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const body = url.pathname === '/api/v1/monitors' ? toDatafoldPage(lists, url.searchParams) : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { detail: 'Not Found' }));
  });
  upstreams.olostep.on('/v1/monitors', { body: { monitors: lists.olostep, count: lists.olostep.length } });
}

function toDatafoldPage(
  { datafold, cap = Number.POSITIVE_INFINITY, tags = 'none' }: MonitorLists,
  query: URLSearchParams,
) {
  const wanted = query.get('tags')?.split(',') ?? [];
  const isFound = (row: Row) => {
    // A row that lacks its tags has them all the same.
    if (wanted.length === 0 || tags === 'none' || row.tags === undefined) return true;
    const own = Array.isArray(row.tags) ? row.tags : [];
    return tags === 'all' ? wanted.every((tag) => own.includes(tag)) : wanted.some((tag) => own.includes(tag));
  };
  const found = datafold.filter(isFound);
  const page = Number(query.get('page'));
  const size = Math.min(Number(query.get('page_size')), cap);
  const monitors = found.slice((page - 1) * size, page * size);
  return { count: found.length, page, page_size: size, total_pages: Math.ceil(found.length / size), monitors };
}
