/** Both providers of the day, on one port of this process: they answer from the truth, late, and not more often than they like. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from '../../src/generated/types.ts';
import { type DayWorld, isOver, lastRunAt, type Monitor, type Run } from './world.ts';

export interface DayUpstream {
  readonly url: string;
  /** Calls so far, those that were refused included. */
  readonly calls: Readonly<Record<Provider, number>>;
  /** How many were answered 429. */
  readonly refused: () => number;
  /** The milliseconds since the day began. */
  readonly now: () => number;
  stop(): void;
}

export interface DayUpstreamOptions {
  readonly world: DayWorld;
  readonly latencyMs: number;
  /** Calls of a key in any second; without, there is no limit. */
  readonly callsPerSecond: number | undefined;
}

export type Reply = readonly [status: number, body: object, headers?: Readonly<Record<string, string>>];

const absent: Reply = [404, { detail: 'Not Found' }];

/** Both providers without a network. */
export interface DayProviders extends Omit<DayUpstream, 'url' | 'stop'> {
  /** Resolves with the response to a GET, once it comes. @param target the path and the query */
  answer(target: string): Promise<Reply>;
}

export function createDayProviders(options: DayUpstreamOptions): DayProviders {
  const { world, latencyMs, callsPerSecond = Number.POSITIVE_INFINITY } = options;
  const origin = performance.now();
  const now = () => performance.now() - origin;
  const toReply = createReply(world, Date.now(), now);
  const calls: Record<Provider, number> = { DATAFOLD: 0, OLOSTEP: 0 };
  const accepted: Record<Provider, number[]> = { DATAFOLD: [], OLOSTEP: [] };
  let refused = 0;

  const answer = async (target: string): Promise<Reply> => {
    const provider: Provider = target.startsWith('/api/') ? 'DATAFOLD' : 'OLOSTEP';
    calls[provider]++;
    const time = now();
    const recent = accepted[provider].filter((one) => time - one < 1_000);
    const isRefused = recent.length >= callsPerSecond;
    accepted[provider] = isRefused ? recent : [...recent, time];
    if (isRefused) refused++;
    await sleep(latencyMs);
    const isOut = provider === 'DATAFOLD' && time >= world.outage.start && time < world.outage.end;
    if (isRefused) return [429, { detail: 'Too Many Requests' }, { 'retry-after': '1' }];
    return isOut ? [503, { detail: 'Service Unavailable' }] : toReply(target);
  };
  return { answer, calls, refused: () => refused, now };
}

export async function startDayUpstream(options: DayUpstreamOptions): Promise<DayUpstream> {
  const { answer, ...rest } = createDayProviders(options);
  const respond = async (target: string, response: ServerResponse) => {
    const [status, body, headers] = await answer(target);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const server = createServer(({ url = '' }, response) => void respond(url, response));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...rest,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param begun when the day began, in Unix milliseconds */
function createReply(world: DayWorld, begun: number, now: () => number): (target: string) => Reply {
  const toText = (time: number) => new Date(begun + time).toISOString();
  const toSeconds = (time: number) => Math.floor((begun + time) / 1_000);
  const of = (provider: Provider) => world.monitors.filter((monitor) => monitor.provider === provider);
  const stateOf = (run: Run) => (isOver(run, now()) ? run.state : 'checking');
  const startedOf = ({ runs }: Monitor) => runs.filter(({ start }) => start <= now()).reverse();
  const overOf = ({ runs }: Monitor) =>
    runs.filter((run) => isOver(run, now())).sort((one, other) => other.end - one.end);

  const toPage = (name: string, items: readonly object[], query: URLSearchParams): Reply => {
    const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('page_size') ?? 20)];
    const rows = items.slice((page - 1) * size, page * size);
    return [
      200,
      { count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size), [name]: rows },
    ];
  };
  const toDatafoldMonitor = (monitor: Monitor) => {
    const last = lastRunAt(monitor, now());
    return {
      ...{ id: Number(monitor.monitorId), name: `Monitor ${monitor.monitorId}`, monitor_type: 'diff', enabled: true },
      ...{ created_at: '2026-01-01T00:00:00Z', modified_at: '2026-01-01T00:00:00Z', tags: [] },
      ...{ last_run: last ? toText(last.start) : null, state: last ? stateOf(last) : null },
    };
  };
  const toDatafoldRow = (run: Run) => ({
    ...{ run_id: Number(run.runId), monitor_id: Number(run.monitorId) },
    ...{ state: stateOf(run), started_at: toText(run.start), diff_id: null },
  });
  const toDatafoldRun = (run: Run) => ({
    ...toDatafoldRow(run),
    error: isOver(run, now()) && run.state !== 'ok' ? `Run ${run.runId}: ${run.state}` : null,
    warnings: [],
  });
  const toOlostepMonitor = (monitor: Monitor) => {
    const [last] = overOf(monitor);
    return {
      ...{ id: monitor.monitorId, object: 'monitor', query: `Monitor ${monitor.monitorId}`, status: 'active' },
      last_run: last && {
        ...{ id: last.runId, status: 'completed', change_detected: last.state === 'alert', ran_at: toText(last.end) },
      },
    };
  };
  const toEventRow = (run: Run) => ({
    ...{ id: `event_${run.runId}`, run_id: run.runId, created: toSeconds(run.end) },
    ...{ changed: run.state === 'alert', summary: run.state === 'alert' ? 'A price fell.' : null, snapshot_url: null },
  });
  const toOlostepRun = (run: Run) => {
    const steps = Array.from({ length: Math.ceil((run.end - run.start) / 2_000) }, (_, step) => ({
      time: run.start + 2_000 * step,
      event: step === 0 ? 'work_received' : 'node_start',
    }));
    const log = [...steps, { time: run.end, event: 'run_complete' }].filter(({ time }) => time <= now());
    return {
      ...{ monitor_id: run.monitorId, run_id: run.runId, log_group: '/olostep/agents/fda_1' },
      snapshot: isOver(run, now()) ? { price: '19.90', currency: 'EUR' } : null,
      events: log.map(({ time, event }, place) => ({
        ...{ id: `${run.runId}-${place}`, ts: begun + time, ingestion_ts: begun + time + 200, stream: 'agent/1' },
        ...{ message: JSON.stringify({ event }), event: { event } },
      })),
    };
  };
  const toEvents = (monitor: Monitor, query: URLSearchParams): Reply => {
    const rows = overOf(monitor);
    const from = rows.findIndex(({ runId }) => runId === query.get('cursor')) + 1;
    const part = rows.slice(from, from + Number(query.get('limit') ?? 25));
    const hasMore = from + part.length < rows.length;
    const next = hasMore ? part.at(-1)?.runId : null;
    return [200, { data: part.map(toEventRow), has_more: hasMore, next_cursor: next, total_count: rows.length }];
  };

  return (target) => {
    const { pathname, searchParams } = new URL(target, 'http://localhost');
    if (pathname === '/api/v1/monitors') return toPage('monitors', of('DATAFOLD').map(toDatafoldMonitor), searchParams);
    if (pathname === '/v1/monitors') {
      const monitors = of('OLOSTEP').map(toOlostepMonitor);
      return [200, { monitors, count: monitors.length }];
    }
    const [, prefix, monitorId = '', list, runId] =
      /^(\/api)?\/v1\/monitors\/(\w+)(?:\/(runs|events)(?:\/(\w+))?)?$/.exec(pathname) ?? [];
    const provider: Provider = prefix === undefined ? 'OLOSTEP' : 'DATAFOLD';
    const monitor = world.find(provider, monitorId);
    if (monitor === undefined) return absent;
    if (list === undefined)
      return [200, provider === 'DATAFOLD' ? toDatafoldMonitor(monitor) : toOlostepMonitor(monitor)];
    if (list === 'events') return toEvents(monitor, searchParams);
    if (runId === undefined) return toPage('runs', startedOf(monitor).map(toDatafoldRow), searchParams);
    const run = monitor.runs.find((one) => one.runId === runId && one.start <= now());
    if (run === undefined) return absent;
    return [200, provider === 'DATAFOLD' ? toDatafoldRun(run) : toOlostepRun(run)];
  };
}
