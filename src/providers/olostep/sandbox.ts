/** Olostep's sandbox: its responses, as Olostep's documents say them. */
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { createWorld, type World } from './sandbox/world.ts';

const apiKey = 'sandbox-olostep-key';
const anyPath = /^\/v1\/monitors(?:\/([^/]+)(?:\/(events)|\/runs\/([^/]+))?)?$/;

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  return {
    apiKey,
    answer({ path, query, authorization }) {
      const parts = anyPath.exec(path);
      if (parts === null) return noRoute;
      if (authorization !== `Bearer ${apiKey}`) return toRefusal(401, 'Invalid API key');
      const [, monitorId, events, runId] = parts;
      if (monitorId === undefined) return toAnswer(toList(world, query));
      // The prefixes are all that Olostep promises of its ids, and for a single run alone it documents that it checks them.
      if (runId !== undefined && !monitorId.startsWith('monitor_')) return toRefusal(400, 'Invalid monitor_id');
      if (runId?.startsWith('run_') === false) return toRefusal(400, 'Invalid run_id');
      if (!world.monitorIds.includes(monitorId)) return toRefusal(404, 'Monitor not found');
      if (events !== undefined) return toAnswer(toEventPage(world, monitorId, query));
      if (runId === undefined) return toAnswer(toMonitor(world, monitorId, query));
      // Olostep words its 404 for the monitor alone; what it says to an unknown run isn't documented.
      return toAnswer(world.findRun(monitorId, runId), 404, 'Run not found');
    },
  };
};

/** What the gateway in front of Olostep says of a path that there is none of, as Olostep's SDK knows it. */
const noRoute: SandboxAnswer = {
  status: 403,
  headers: { 'x-amzn-errortype': 'IncompleteSignatureException' },
  body: { message: 'Invalid key=value pair (missing equal-sign) in Authorization header.' },
};

/** The body, or a refusal where there is none. */
const toAnswer = (body: object | undefined, status = 404, error = 'Not found'): SandboxAnswer =>
  body === undefined ? toRefusal(status, error) : { status: 200, body };

/** Olostep documents the body of 400 alone. The others are taken to be alike. */
const toRefusal = (status: number, error: string): SandboxAnswer => ({
  status,
  body: { error } satisfies components['schemas']['ErrorResponse'],
});

type Schemas = components['schemas'];

/** All monitors; those that are deleted only if they are requested. */
function toList(world: World, query: URLSearchParams): Schemas['MonitorList'] {
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
function toMonitor(world: World, monitorId: string, query: URLSearchParams): Schemas['Monitor'] {
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
function toEventPage(world: World, monitorId: string, query: URLSearchParams): Schemas['MonitorEventPage'] {
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
