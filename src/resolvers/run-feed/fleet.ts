/** The monitors of an account, as the run feed needs them: sorted, and the same on each page as far as they are the same. */
import type { Account } from '../../core/accounts.ts';
import { OperationTooCostly, ProviderError } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { hasTags } from '../../loaders/monitor-filter.ts';
import { toLatestRunAt } from '../../loaders/planner.ts';
import type { Get, ListScan, MonitorRow } from '../../providers/lists.ts';
import type { MonitorDefinition } from '../../providers/provider.ts';
import type { UpstreamRequest } from '../../upstream/call-context.ts';
import type { Body } from '../../upstream/read-response.ts';
import { compareText } from './feed-order.ts';

/** Monitors, as far as their list could be read. */
export interface Fleet {
  /** In the order of their ids. */
  readonly monitors: readonly MonitorRow[];
  /** The ids of those whose rows don't say whether they are wanted. */
  readonly undecided: readonly string[];
  /** Why some are missing. */
  readonly errors: readonly unknown[];
  /** Whether a page of the list is a cached one, as the provider is down. @default false */
  readonly isStale?: boolean;
  /** No run of the monitors beyond `maxMonitors` is later, in Unix milliseconds; minus infinity when there is none in the window. */
  readonly omittedUntil: number;
}

export interface FleetOptions {
  readonly account: Account;
  readonly definition: Pick<MonitorDefinition, 'walk' | 'isKey' | 'lagMs' | 'facts'>;
  readonly pageSize: number;
  readonly maxMonitors: number;
  /** Monitors that were created later have no run in the window. Unix milliseconds. */
  readonly snapshotTime: number;
  /** Only monitors with all of them. */
  readonly tags: readonly string[];
  /** Requests a page of the list. @throws {OperationTooCostly} when no call is left for it */
  readonly get: Get;
  /** What is made of a page, once. */
  readonly make: <Made>(page: Body, make: (page: Body) => Made) => Made;
}

/** Reads the list of all monitors: its first page, then all further ones in parallel where the first one counts them. */
export async function readFleet(options: FleetOptions): Promise<Fleet> {
  const { account, definition, pageSize, maxMonitors, snapshotTime, tags, get, make } = options;
  const monitors = new Map<string, MonitorRow>();
  const seen = new Set<string>();
  const errors: unknown[] = [];
  const undecided: string[] = [];
  const toBadList = () => new ProviderError(account, 'UPSTREAM_BAD_RESPONSE');
  const { first, read }: ListScan<MonitorRow> = definition.walk(pageSize, tags);

  const readPage = async (request: UpstreamRequest) => {
    const body: Body | null = await get(request);
    if (body === null) throw toBadList();
    const page = make(body, read);
    if (page.unread) errors.push(toBadList());
    for (const row of page.rows) {
      seen.add(row.monitorId);
      const isInTime = row.createdAt === undefined || row.createdAt <= snapshotTime;
      const isWanted = tags.length === 0 || hasTags(definition.facts.tags?.(row.row), tags);
      if (!definition.isKey(row.monitorId)) errors.push(toBadList());
      else if (isInTime && isWanted) monitors.set(row.monitorId, row);
      else if (isInTime && isWanted === undefined) undecided.push(row.monitorId);
    }
    return page;
  };

  try {
    let page = await readPage(first);
    const { count = 0 } = page;
    if (page.rest !== undefined) {
      const results = await Promise.allSettled(page.rest.map(readPage));
      for (const result of results) if (result.status === 'rejected') errors.push(result.reason);
    } else {
      const paths = new Set([first.path]);
      while (page.next !== undefined) {
        // A list that leads back to one of its pages has no end.
        if (paths.has(page.next.path)) throw toBadList();
        paths.add(page.next.path);
        page = await readPage(page.next);
      }
    }
    // While the pages were read, a deletion may have moved a monitor from one of them to another.
    if (seen.size < count && errors.length === 0) errors.push(toBadList());
  } catch (error) {
    errors.push(error);
  }
  const byTime = [...monitors.values()].sort(
    (one, other) =>
      compareNumbers(toLatestRunAt(other, definition), toLatestRunAt(one, definition)) || compareIds(one, other),
  );
  const [omitted] = byTime.splice(maxMonitors);
  const omittedUntil = omitted === undefined ? Number.NEGATIVE_INFINITY : toLatestRunAt(omitted, definition);
  return { monitors: byTime.sort(compareIds), undecided, errors, omittedUntil };
}

/**
 * Whether a page is the first one that gets to this time, down to its end: where omitted monitors may have runs, a gap begins.
 * @param page.start `undefined` for the first page
 */
export const isReached = (
  time: number,
  { start, end }: { readonly start: number | undefined; readonly end: number },
): boolean => time > Number.NEGATIVE_INFINITY && time >= end && (start === undefined || time < start);

export const toTooManyMonitors = ({ runFeedMaxMonitors }: Pick<Limits, 'runFeedMaxMonitors'>): OperationTooCostly =>
  new OperationTooCostly(
    `Expected at most ${runFeedMaxMonitors} monitors of an account that may have runs in the window.`,
  );

/** Two infinities are equal, though their difference is not a number. */
const compareNumbers = (one: number, other: number): number => (one < other ? -1 : Number(one > other));

const compareIds = (one: MonitorRow, other: MonitorRow): number => compareText(one.monitorId, other.monitorId);
