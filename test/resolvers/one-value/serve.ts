/** Both providers' endpoints over a world that stands still. */
import type { ServerResponse } from 'node:http';
import type { FakeUpstream } from '../../support/fake-upstream.ts';
import type { Json, UpstreamMonitor, UpstreamWorld } from './upstream-world.ts';

/** The largest page of events: fewer than are requested, so that older runs are pages away. */
const maxRows = 5;

export function serveWorld(
  { datafold, olostep }: Readonly<Record<'datafold' | 'olostep', FakeUpstream>>,
  world: UpstreamWorld,
): void {
  const serve = (far: FakeUpstream, find: (url: URL) => Json | undefined) =>
    far.onAny((request, response) => send(response, find(new URL(request.url ?? '', far.baseUrl))));
  serve(datafold, (url) => findDatafold(world.datafold, url));
  serve(olostep, (url) => findOlostep(world.olostep, url));
}

function send(response: ServerResponse, body: Json | undefined): void {
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body ?? { detail: 'Not Found' }));
}

const rowsOf = (items: readonly { readonly row: Json | undefined }[]): Json[] =>
  items.flatMap(({ row }) => (row === undefined ? [] : [row]));

function findDatafold(monitors: readonly UpstreamMonitor[], { pathname, searchParams }: URL): Json | undefined {
  const [, diffId, summary] = /^\/api\/v1\/datadiffs\/(\d+)(\/summary)?$/.exec(pathname) ?? [];
  if (diffId !== undefined) return toDiff(Number(diffId), summary !== undefined);
  const [, monitorId, runs, runId] = /^\/api\/v1\/monitors(?:\/(\d+)(?:(\/runs)(?:\/(\d+))?)?)?$/.exec(pathname) ?? [];
  const page = Number(searchParams.get('page'));
  const size = Number(searchParams.get('page_size'));
  const toPage = (name: string, rows: readonly Json[]) => ({
    ...{ count: rows.length, page, page_size: size, total_pages: Math.ceil(rows.length / size) },
    [name]: rows.slice((page - 1) * size, page * size),
  });
  if (monitorId === undefined) return toPage('monitors', rowsOf(monitors));
  const monitor = monitors.find((one) => one.monitorId === monitorId);
  if (runs === undefined) return monitor?.body;
  if (runId === undefined) return monitor && toPage('runs', rowsOf(monitor.runs));
  return monitor?.runs.find((run) => run.runId === runId)?.body;
}

/** Some are finished. None is absent, as `diff` is never null where its ids alone are selected. */
function toDiff(id: number, isSummary: boolean): Json {
  const status = id % 2 === 0 ? 'processing' : 'done';
  if (isSummary) return { id, status, feedback: `${id} rows differ.` };
  const progress = { completed_steps: id % 5, total_steps: 5 };
  if (status === 'processing') return { id, status, done: false, result: null, diff_progress: progress };
  const stats = { match_ratio: 0.5, rows_added: id, rows_removed: 0, diff_rows_count: 1 };
  return { id, status, done: true, result: 'different', finished_at: '2026-11-20T08:00:00Z', diff_stats: stats };
}

function findOlostep(monitors: readonly UpstreamMonitor[], { pathname, searchParams }: URL): Json | undefined {
  const [, monitorId, part, runId] =
    /^\/v1\/monitors(?:\/(\w+)(?:\/(events|runs|planning)(?:\/(\w+))?)?)?$/.exec(pathname) ?? [];
  if (monitorId === undefined) return { monitors: rowsOf(monitors), count: monitors.length };
  const monitor = monitors.find((one) => one.monitorId === monitorId);
  if (monitor === undefined) return undefined;
  if (part === 'runs') return monitor.runs.find((run) => run.runId === runId)?.body;
  if (part === 'planning') return { spec: { status: 'saved', goal: monitor.body.query, steps: [monitorId] } };
  if (part === 'events') {
    const rows = rowsOf(monitor.runs);
    const start = Number(searchParams.get('cursor') ?? 0);
    const end = start + Math.min(maxRows, Number(searchParams.get('limit')));
    const hasMore = end < rows.length;
    const next_cursor = hasMore ? String(end) : null;
    return { data: rows.slice(start, end), has_more: hasMore, next_cursor, total_count: rows.length };
  }
  const { total_count, mermaid_diagram, ...body } = monitor.body;
  return {
    ...body,
    total_count: searchParams.get('include_total_count') === 'true' ? total_count : null,
    ...(searchParams.get('include-diagram') === 'true' && { mermaid_diagram }),
  };
}
