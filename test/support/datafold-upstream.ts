/** Datafold's fake upstream with lists, as its document has them: numbered pages over whatever the test has in them. */
import type { FakeUpstream, Handler } from './fake-upstream.ts';

export interface DatafoldData {
  /** The runs of a monitor, as single calls have them, in the order of the list. */
  runsOf?(monitorId: string): readonly DatafoldRunBody[] | undefined;
  /** All monitors, as single calls have them. */
  readonly monitors?: readonly DatafoldMonitorBody[];
  /** The largest page. @default any */
  readonly cap?: number;
}

type DatafoldRunBody = Json & { readonly run_id: unknown; readonly started_at?: string | null };
type DatafoldMonitorBody = Json & { readonly id: unknown; readonly tags?: readonly string[] | null };
type Json = Readonly<Record<string, unknown>>;

const path = /^\/api\/v1\/monitors(?:\/(\d+)(?:(\/runs)(?:\/(\d+))?)?)?$/;

/** Answers every path that has no other response from these data. */
export function serveDatafold(far: FakeUpstream, data: DatafoldData): void {
  const find = (url: URL): object | undefined => {
    const [found, monitorId, runs, runId] = path.exec(url.pathname) ?? [];
    if (found === undefined) return undefined;
    if (monitorId === undefined) return toMonitorList(data, url.searchParams);
    if (runs === undefined) return data.monitors?.find(({ id }) => String(id) === monitorId);
    const all = data.runsOf?.(monitorId);
    if (runId !== undefined) return all?.find(({ run_id }) => String(run_id) === runId);
    return all && toRunList(all, data, url.searchParams);
  };
  const answer: Handler = (request, response) => {
    const body = find(new URL(request.url ?? '', 'http://localhost'));
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { detail: 'Not Found' }));
  };
  far.onAny(answer);
}

function toMonitorList({ monitors = [], cap }: DatafoldData, query: URLSearchParams) {
  const tags = query.get('tags')?.split(',') ?? [];
  const found = monitors.filter((monitor) => tags.every((tag) => monitor.tags?.includes(tag)));
  const heavy = new Set(['description', 'schedule', 'dataset', 'alert', 'notifications']);
  const { items, ...numbers } = toPage(found, query, cap);
  return { ...numbers, monitors: items.map((item) => without(item, heavy)) };
}

function toRunList(runs: readonly DatafoldRunBody[], { cap }: DatafoldData, query: URLSearchParams) {
  const [start, end] = [query.get('start_time'), query.get('end_time')].map((text) => text && Date.parse(text));
  const found = runs.filter(({ started_at }) => {
    if (!start && !end) return true;
    const time = Date.parse(started_at ?? '');
    return time >= (start || Number.NEGATIVE_INFINITY) && time <= (end || Number.POSITIVE_INFINITY);
  });
  const { items, ...numbers } = toPage(found, query, cap);
  return { ...numbers, runs: items.map((item) => without(item, new Set(['error', 'warnings']))) };
}

function toPage<Item>(all: readonly Item[], query: URLSearchParams, cap = Number.POSITIVE_INFINITY) {
  const page = Number(query.get('page'));
  const size = Math.min(Number(query.get('page_size')), cap);
  const items = all.slice((page - 1) * size, page * size);
  return { count: all.length, page, page_size: size, total_pages: Math.ceil(all.length / size), items };
}

const without = (item: object, names: ReadonlySet<string>) =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !names.has(name)));
