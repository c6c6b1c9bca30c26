/** The next page of a monitor's own list. */
import { BadUserInput, ProviderError } from '../errors.ts';
import type { MonitorRunKey } from '../generated/types.ts';
import { fromMilliseconds } from '../providers/date-time.ts';
import type { RunRow } from '../providers/provider.ts';
import { isCostly } from './gaps.ts';
import { close, type Lane } from './lane.ts';
import { compare } from './order.ts';
import type { FeedSource } from './source.ts';

/** The most runs that a page of any list has. */
const mostRows = 100;

/** Reads on; what can't be read is a gap. That the budget is spent leaves the lane as it is, and gives `false`. */
export async function readLane(source: FeedSource, lane: Lane): Promise<boolean> {
  try {
    await readPage(source, lane);
  } catch (error) {
    if (isCostly(error)) return false;
    if (error instanceof BadUserInput && startAnew(source, lane)) return true;
    source.gaps.add(source.provider, lane.monitorId, error);
    lane.isFailed = true;
  }
  return true;
}

async function readPage(source: FeedSource, lane: Lane): Promise<void> {
  const { provider, context, runs, get, gaps, question } = source;
  const { monitorId, end } = lane;
  const first = toRowCount(source, lane);
  const step = { ...laneStep, list: monitorId, things: first };
  context.price.explainPage(provider, step, first, lane.cursor, question.since, end);
  const page = await runs.readPage(get, monitorId, {
    first,
    pageSize: context.limits.listPageSize,
    after: lane.cursor,
    startedAfter: fromMilliseconds(question.since),
    startedBefore: fromMilliseconds(end),
    now: end,
  });
  lane.isRead = true;
  lane.isDated = true;
  if (page === null) return close(lane);
  let bound = lane.bound;
  for (const { cursor, row } of page.items) {
    if (row instanceof Error) {
      gaps.add(provider, monitorId, row);
      continue;
    }
    const { runId, time } = row;
    // Without its time a run has no place among those of other monitors.
    if (time === undefined) continue;
    // New runs may have pushed it on from the page before.
    if (lane.items.some((item) => item.runId === runId)) continue;
    const key = { provider, monitorId, runId };
    const isNew = compare({ ...key, time }, question.start) > 0;
    const isWanted = isNew && (await hasOutcome(source, key, row));
    lane.items.push({ ...key, time, cursor, row: isWanted ? row.row : undefined });
    bound = Math.min(bound, time);
  }
  if (!page.hasNextPage) return close(lane);
  const cursor = page.endCursor ?? page.items.at(-1)?.cursor;
  if (cursor === undefined || cursor === lane.cursor) throw new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');
  lane.cursor = cursor;
  lane.bound = bound;
  lane.likely = bound;
}

/**
 * A run more than is wanted shows that the next one isn't as new as the last that is; and where a list is begun behind another
 * page, the run that this one ended with comes again. A filter may reject any number.
 */
function toRowCount({ question: { outcomes, size, isContinued } }: FeedSource, { cursor }: Lane): number {
  if (outcomes !== undefined) return mostRows;
  return Math.min(size + (isContinued && cursor === undefined ? 2 : 1), mostRows);
}

async function hasOutcome(
  { runs, question: { outcomes }, context, gaps }: FeedSource,
  key: MonitorRunKey,
  { row, lacksOutcome }: RunRow,
): Promise<boolean> {
  if (outcomes === undefined) return true;
  if (lacksOutcome) gaps.add(key.provider, key.monitorId, new ProviderError(key.provider, 'UPSTREAM_BAD_RESPONSE'));
  const reading = { limits: context.limits, readAt: context.now, isStale: false };
  const { outcome } = runs.toListedRun(key, row, reading);
  const found = typeof outcome === 'function' ? await outcome({} as never, context) : outcome;
  if (found instanceof Error) gaps.add(key.provider, key.monitorId, found);
  return typeof found === 'string' && outcomes.has(found);
}

/** A cursor of an earlier page may be good no more, as when its run is gone: then the list is read from its top again. */
function startAnew({ question: { pin, start } }: FeedSource, lane: Lane): boolean {
  if (lane.cursor === undefined || lane.items.length > 0) return false;
  lane.cursor = undefined;
  lane.top = undefined;
  lane.end = Math.min(pin, start.time + 1);
  return true;
}

const laneStep = { fetch: 'LIST', calls: 1, why: 'The monitor may have some of the newest runs.' } as const;
