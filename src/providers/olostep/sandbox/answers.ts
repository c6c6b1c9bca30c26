/** What Olostep's stand-in answers of the monitors that it has, as Olostep's documents say it. */
import type { components } from '../openapi.d.ts';
import type { World } from './world.ts';

type Schemas = components['schemas'];

/** All monitors; those that are deleted only if they are requested. */
export function toList(world: World, query: URLSearchParams): Schemas['MonitorList'] {
  const withDeleted = isTrue(query.get('include_deleted'));
  const monitors = world.monitorIds.flatMap((monitorId) => {
    const {
      total_count: _count,
      mermaid_diagram: _diagram,
      last_run = null,
      ...row
    } = world.findMonitor(monitorId) ?? {};
    if (row.status === 'deleted' && !withDeleted) return [];
    return [world.isLastRunListed(monitorId) ? { ...row, last_run } : row];
  });
  return { monitors, count: monitors.length };
}

/** One monitor; its snapshots are counted unless that is declined, and its diagram is drawn on request. */
export function toMonitor(world: World, monitorId: string, query: URLSearchParams): Schemas['Monitor'] {
  const { total_count = null, mermaid_diagram, ...record } = world.findMonitor(monitorId) ?? {};
  const isCounted = isTrue(query.get('include_total_count') ?? 'true');
  return {
    ...record,
    total_count: isCounted ? total_count : null,
    ...(isTrue(query.get('include-diagram')) && { mermaid_diagram }),
  };
}

/**
 * A page of the monitor's snapshots. Olostep checks little of its parameters, and how it reads unusual ones isn't
 * documented: here a cursor that is none counts for nothing, and so does such a limit.
 */
export function toEventPage(world: World, monitorId: string, query: URLSearchParams): Schemas['MonitorEventPage'] {
  const limit = toLimit(query.get('limit'));
  const snapshots = world.snapshotsOf(monitorId);
  const cursor = query.get('cursor');
  const start = cursor === null ? 0 : snapshots.findIndex(({ run_id }) => toCursor(run_id) === cursor) + 1;
  const data = snapshots.slice(start, start + limit);
  const last = data.at(-1);
  const hasMore = last !== undefined && start + limit < snapshots.length;
  return {
    data,
    has_more: hasMore,
    next_cursor: hasMore ? toCursor(last.run_id) : null,
    total_count: snapshots.length,
  };
}

const defaultLimit = 25;
const maxPerPage = 100;

function toLimit(text: string | null): number {
  const limit = text === null || text === '' ? defaultLimit : Number(text);
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, maxPerPage) : defaultLimit;
}

/** The page behind that run. What is in Olostep's own cursors isn't documented. */
const toCursor = (runId: string) => Buffer.from(runId).toString('base64url');

const isTrue = (text: string | null) => text === 'true' || text === '1';
