/** Fleets of monitors at fake providers: any number, with runs at regular times. For tests of the run feed, and its benchmark. */
import type { FakeUpstream, Handler } from './fake-upstream.ts';

export interface FleetRun {
  readonly id: number;
  /** Unix milliseconds; `null` for a run without a start. */
  readonly time: number | null;
  /** As Datafold has it; `alert` is a change at Olostep. */
  readonly state: string;
}

export interface FleetMonitor {
  readonly id: number;
  /** In the order of the list. */
  readonly runs: readonly FleetRun[];
  /** What its row in the list of monitors has otherwise. */
  readonly row?: Readonly<Record<string, unknown>>;
}

export interface FleetOptions {
  readonly count: number;
  /** When the first page is requested, in Unix milliseconds. */
  readonly now: number;
  /** How many runs each monitor has. */
  readonly runs: number;
  /** In how many milliseconds before `now` all of them ran last. @default the six hours between two runs */
  readonly spreadMs?: number;
  /** @default all are `ok` */
  readonly stateOf?: (monitor: number, run: number) => string;
}

export const hourMs = 3_600_000;
export const everyMs = 6 * hourMs;

/** Monitors that run every six hours, at times that are spread evenly; the last one ran a minute ago. */
export function createFleet({
  count,
  now,
  runs,
  spreadMs = everyMs,
  stateOf = () => 'ok',
}: FleetOptions): FleetMonitor[] {
  return Array.from({ length: count }, (_, place) => {
    const lastTime = now - 60_000 - ((place * 37) % count) * Math.floor(spreadMs / count);
    return {
      id: place + 1,
      runs: Array.from({ length: runs }, (_run, number) => ({
        id: (place + 1) * 1_000 + runs - number,
        time: lastTime - number * everyMs,
        state: stateOf(place, number),
      })),
    };
  });
}

/** One run of twenty fails: of each monitor another one. */
export const failsOfTwenty = (monitor: number, run: number): string =>
  (monitor * 7 + run * 13) % 20 === 0 ? 'error' : 'ok';

const toText = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
const lastTimeOf = ({ runs }: FleetMonitor): number | null => runs.find(({ time }) => time !== null)?.time ?? null;

const send = (response: Parameters<Handler>[1], body: object | undefined) => {
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body ?? { detail: 'Not Found' }));
};

/** Serves them as Datafold does. */
export function serveDatafoldFleet(far: FakeUpstream, monitors: readonly FleetMonitor[]): void {
  far.onAny((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', far.baseUrl);
    const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('page_size'))];
    const toPage = (name: string, items: readonly object[]) => ({
      ...{ count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size) },
      [name]: items.slice((page - 1) * size, page * size),
    });
    const toRow = (monitor: FleetMonitor) => ({
      ...{ id: monitor.id, name: `Monitor ${monitor.id}`, created_at: '2026-01-01T00:00:00Z' },
      ...{ last_run: toText(lastTimeOf(monitor)), state: monitor.runs[0]?.state ?? null },
      ...monitor.row,
    });
    if (pathname === '/api/v1/monitors') return send(response, toPage('monitors', monitors.map(toRow)));
    const single = monitors.find(({ id }) => pathname === `/api/v1/monitors/${id}`);
    if (single !== undefined) return send(response, toRow(single));
    const monitor = monitors.find(({ id }) => pathname === `/api/v1/monitors/${id}/runs`);
    const rows = monitor?.runs.map(({ id, time, state }) => ({
      ...{ run_id: id, monitor_id: monitor.id, state, started_at: toText(time) },
    }));
    if (rows !== undefined) return send(response, toPage('runs', rows));
    const [, monitorId, runId] = /^\/api\/v1\/monitors\/(\d+)\/runs\/(\d+)$/.exec(pathname) ?? [];
    const run = monitors.find(({ id }) => `${id}` === monitorId)?.runs.find(({ id }) => `${id}` === runId);
    const { id, time, state } = run ?? {};
    send(
      response,
      run && {
        ...{ run_id: id, monitor_id: Number(monitorId), state, started_at: toText(time ?? null) },
        ...{ error: null, warnings: [] },
      },
    );
  });
}

/** Serves them as Olostep does: `monitor_7`, `run_42`. Its times are whole seconds. */
export function serveOlostepFleet(far: FakeUpstream, monitors: readonly FleetMonitor[]): void {
  far.onAny((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', far.baseUrl);
    const toRow = (monitor: FleetMonitor) => ({
      ...{ id: `monitor_${monitor.id}`, query: `Monitor ${monitor.id}`, status: 'active' },
      last_run: { id: `run_${monitor.runs[0]?.id}`, ran_at: toText(lastTimeOf(monitor)) },
      ...monitor.row,
    });
    if (pathname === '/v1/monitors') return send(response, { monitors: monitors.map(toRow), count: monitors.length });
    const single = monitors.find(({ id }) => pathname === `/v1/monitors/monitor_${id}`);
    if (single !== undefined) return send(response, toRow(single));
    const monitor = monitors.find(({ id }) => pathname === `/v1/monitors/monitor_${id}/events`);
    const rows = (monitor?.runs ?? []).map(({ id, time, state }) => ({
      ...{
        id: `event_${id}`,
        run_id: `run_${id}`,
        created: Math.floor((time ?? 0) / 1_000),
        changed: state === 'alert',
      },
    }));
    const from = rows.findIndex(({ run_id }) => run_id === searchParams.get('cursor')) + 1;
    const data = rows.slice(from, from + Number(searchParams.get('limit')));
    const has_more = from + data.length < rows.length;
    const next_cursor = has_more ? data.at(-1)?.run_id : null;
    send(response, monitor && { data, has_more, next_cursor, total_count: rows.length });
  });
}

/** The ids of the runs in a window, in the order of the run feed. Of Olostep's, times are cut to seconds. */
export function toExpectedIds(
  fleets: { readonly DATAFOLD?: readonly FleetMonitor[]; readonly OLOSTEP?: readonly FleetMonitor[] },
  since: number,
  isWanted: (run: FleetRun) => boolean = () => true,
): string[] {
  const toRows = (provider: 'DATAFOLD' | 'OLOSTEP') =>
    (fleets[provider] ?? []).flatMap(({ id, runs }) =>
      runs.filter(isWanted).map((run) => {
        const [monitor, name] = provider === 'DATAFOLD' ? [`${id}`, `${run.id}`] : [`monitor_${id}`, `run_${run.id}`];
        const time = provider === 'DATAFOLD' ? Number(run.time) : Math.floor(Number(run.time) / 1_000) * 1_000;
        return { time, monitor: `${provider}:${monitor}`, id: `${provider}:${monitor}:${name}` };
      }),
    );
  return [...toRows('DATAFOLD'), ...toRows('OLOSTEP')]
    .filter(({ time }) => time >= since)
    .sort((one, other) => other.time - one.time || compare(one.monitor, other.monitor) || compare(one.id, other.id))
    .map(({ id }) => id);
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
