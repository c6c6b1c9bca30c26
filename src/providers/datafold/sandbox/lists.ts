/** What the lists of Datafold's sandbox have of runs and monitors, and in which order. */
import { fromIsoText } from '../../date-time.ts';
import type { components } from '../openapi.d.ts';

type Schemas = components['schemas'];

/** The row of a run: nothing is said of errors and warnings. */
export function toListedRun(run: Schemas['MonitorRun']): Schemas['ListedRun'] {
  const { error: _error, warnings: _warnings, ...listed } = run;
  return listed;
}

/** Of these runs, newest last, those that the query requests, newest first. One without a start is in no window, as far as we know. */
export function findRuns(runs: readonly Schemas['MonitorRun'][], query: URLSearchParams): Schemas['MonitorRun'][] {
  const start = fromIsoText(query.get('start_time') ?? '');
  const end = fromIsoText(query.get('end_time') ?? '');
  return runs.toReversed().filter(({ started_at }) => {
    const time = fromIsoText(started_at ?? '');
    if (time === undefined) return start === undefined && end === undefined;
    return (start === undefined || time >= start) && (end === undefined || time <= end);
  });
}

/** The row of a monitor. */
export function toListedMonitor(monitor: Schemas['MonitorFull']): Schemas['ListedMonitor'] {
  const { description: _text, schedule: _when, dataset: _what, alert: _if, notifications: _whom, ...listed } = monitor;
  return listed;
}

/** Of these monitors those that have all of the query's tags, though no document says all or any, in the requested order. */
export function findMonitors(monitors: readonly Schemas['MonitorFull'][], query: URLSearchParams) {
  const tags = query.get('tags')?.split(',') ?? [];
  const orderBy = query.get('order_by') ?? 'id';
  const sign = query.get('sort_order') === 'asc' ? 1 : -1;
  return monitors
    .filter((monitor) => tags.every((tag) => monitor.tags?.includes(tag)))
    .sort((a, b) => sign * compare(toRank(a, orderBy), toRank(b, orderBy)));
}

function toRank(monitor: Schemas['MonitorFull'], orderBy: string): string | number {
  if (orderBy === 'id') return monitor.id;
  return (orderBy === 'name' ? monitor.name : monitor.last_run) ?? '';
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
