/** The monitors of a provider, as the run feed needs them: sorted, and the same on each page as far as they are the same. */
import { OperationTooCostly, ProviderError } from '../errors.ts';
import type { Provider } from '../generated/types.ts';
import type { Get, ListWalk, MonitorDefinition, MonitorRow } from '../providers/provider.ts';
import type { Body } from '../upstream/body.ts';
import type { UpstreamRequest } from '../upstream/request.ts';
import { compareText } from './sort-key.ts';

/** Monitors, as far as their list could be read. */
export interface Fleet {
  readonly provider: Provider;
  /** In the order of their ids. */
  readonly monitors: readonly MonitorRow[];
  /** Why some are missing. */
  readonly errors: readonly unknown[];
}

export interface FleetOptions {
  readonly provider: Provider;
  readonly definition: Pick<MonitorDefinition, 'walk' | 'isKey'>;
  readonly pageSize: number;
  readonly maxMonitors: number;
  /** Monitors that were created later have no run in the window. Unix milliseconds. */
  readonly snapshotTime: number;
  /** Requests a page of the list. @throws {OperationTooCostly} when no call is left for it */
  readonly get: Get;
}

/** Reads the list of all monitors: its first page, then all further ones in parallel where the first one counts them. */
export async function readFleet(options: FleetOptions): Promise<Fleet> {
  const { provider, definition, pageSize, maxMonitors, snapshotTime, get } = options;
  const monitors = new Map<string, MonitorRow>();
  const seen = new Set<string>();
  const errors: unknown[] = [];
  const toBadList = () => new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');
  const { first, read }: ListWalk<MonitorRow> = definition.walk(pageSize);

  const readPage = async (request: UpstreamRequest) => {
    const body: Body | null = await get(request);
    if (body === null) throw toBadList();
    const page = read(body);
    if (page.unread) errors.push(toBadList());
    for (const row of page.rows) {
      seen.add(row.monitorId);
      if (!definition.isKey(row.monitorId)) errors.push(toBadList());
      else if (row.createdAt === undefined || row.createdAt <= snapshotTime) monitors.set(row.monitorId, row);
    }
    return page;
  };

  try {
    let page = await readPage(first);
    const { count = 0 } = page;
    if (page.rest !== undefined) {
      const results = await Promise.allSettled(page.rest.map(readPage));
      for (const result of results) if (result.status === 'rejected') errors.push(result.reason);
    } else while (page.next !== undefined) page = await readPage(page.next);
    // While the pages were read, a deletion may have moved a monitor from one of them to another.
    if (seen.size < count && errors.length === 0) errors.push(toBadList());
  } catch (error) {
    errors.push(error);
  }
  const found = [...monitors.values()];
  if (found.length > maxMonitors) {
    errors.push(new OperationTooCostly(`Expected at most ${maxMonitors} monitors of a provider.`));
    found.sort((one, other) => timeOf(other) - timeOf(one) || compareText(one.monitorId, other.monitorId));
    found.length = maxMonitors;
  }
  return { provider, monitors: found.sort((one, other) => compareText(one.monitorId, other.monitorId)), errors };
}

/** Of one that doesn't say it, the last run may be the newest of all. */
const timeOf = ({ lastRunAt }: MonitorRow): number => lastRunAt ?? Number.MAX_SAFE_INTEGER;
