/** Fake upstreams of both providers with monitors whose runs the test names by their times: what their lists and pages have of them. */
import { datafoldMonitorRow, olostepMonitorBody } from './bodies.ts';
import type { FakeUpstream, Handler } from './fake-upstream.ts';

/**
 * A monitor by its id, and its runs of 20 November 2026 in any order: `07:50`, or `07:50 alert` with Datafold's state (or `null`), and
 * `07:50 changed` at Olostep.
 */
export type Runs = Readonly<Record<string, string[]>>;

/** When it is in these worlds. */
export const now = '2026-11-20T08:00:00.000Z';
const toTime = (run: string): string => `2026-11-20T${run.slice(0, 'hh:mm'.length)}:00Z`;
const newestFirst = (runs: readonly string[]) => [...runs].sort().reverse();

const sendJson = (response: Parameters<Handler>[1], body: object | undefined) => {
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body ?? { detail: 'Not Found' }));
};

/** What is left of a list behind `from`. */
const toPart = <Item>(items: readonly Item[], from: number, size: number) => items.slice(from, from + size);

/** Datafold's runs have their times as ids: `740` of 07:40. */
export function serveDatafold(far: FakeUpstream, monitors: Runs): void {
  far.onAny((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', far.baseUrl);
    const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('page_size'))];
    const toList = <Item>(name: string, items: readonly Item[]) => {
      const pages = { count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size) };
      return { ...pages, [name]: toPart(items, (page - 1) * size, size) };
    };
    if (pathname === '/api/v1/monitors') {
      const toRow = ([id, runs]: [string, string[]]) => {
        const [last] = newestFirst(runs);
        // One that never ran has no state either.
        const lastRun = last ? { last_run: toTime(last) } : { last_run: null, state: null };
        return { ...datafoldMonitorRow, id: Number(id), name: `Monitor ${id}`, ...lastRun };
      };
      return sendJson(response, toList('monitors', Object.entries(monitors).map(toRow)));
    }
    const [, id = ''] = /^\/api\/v1\/monitors\/(\d+)\/runs$/.exec(pathname) ?? [];
    const [since, until] = ['start_time', 'end_time'].map((name) => Date.parse(searchParams.get(name) ?? ''));
    const found = newestFirst(monitors[id] ?? [])
      .map((run) => ({
        run_id: Number(run.slice(0, 'hh:mm'.length).replace(':', '')),
        monitor_id: Number(id),
        state: run.endsWith('null') ? null : run.slice('hh:mm '.length) || 'ok',
        started_at: toTime(run),
      }))
      .filter(
        ({ started_at }) => !(Date.parse(started_at) < Number(since)) && !(Date.parse(started_at) > Number(until)),
      );
    return sendJson(response, monitors[id] && toList('runs', found));
  });
}

/** Olostep's likewise: `monitor_a`, `run_0740`. */
export function serveOlostep(far: FakeUpstream, monitors: Runs): void {
  far.onAny((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', far.baseUrl);
    if (pathname === '/v1/monitors') {
      const rows = Object.entries(monitors).map(([id, runs]) => {
        const [last] = newestFirst(runs);
        const last_run = last ? { ...olostepMonitorBody.last_run, ran_at: toTime(last) } : null;
        return { ...olostepMonitorBody, id, query: `Monitor ${id}`, last_run };
      });
      return sendJson(response, { monitors: rows, count: rows.length });
    }
    const [, id = ''] = /^\/v1\/monitors\/(\w+)\/events$/.exec(pathname) ?? [];
    const rows = newestFirst(monitors[id] ?? []).map((run) => ({
      id: `event_${run.slice(0, 'hh:mm'.length)}`,
      run_id: `run_${run.slice(0, 'hh:mm'.length).replace(':', '')}`,
      created: Date.parse(toTime(run)) / 1_000,
      changed: run.endsWith('changed'),
      summary: null,
      snapshot_url: null,
    }));
    // Like keys of a database, such cursors don't move when snapshots come in before them.
    const from = rows.findIndex(({ run_id }) => run_id === searchParams.get('cursor')) + 1;
    const data = toPart(rows, from, Number(searchParams.get('limit')));
    const hasMore = from + data.length < rows.length;
    const next_cursor = hasMore ? data.at(-1)?.run_id : null;
    return sendJson(response, monitors[id] && { data, has_more: hasMore, next_cursor, total_count: rows.length });
  });
}
