/** How runs and monitors are identified, within their provider and among all. */
import type { MonitorKey, MonitorRunKey } from '../generated/types.ts';
import { fromMilliseconds } from './date-time.ts';
import type { Reading } from './provider.ts';

/**
 * The fields of a run that this service makes: which it is, from the requested key, never from the answer; and of
 * when that is. To be spread before all others: an object that others are spread into later is a slow one.
 */
export const identifyRun = (
  { provider, monitorId, runId }: MonitorRunKey,
  { readAt, isStale, allowStale }: Reading,
) => ({
  id: `${provider}:${monitorId}:${runId}`,
  provider,
  monitorId,
  runId,
  readAt: () => fromMilliseconds(readAt) ?? '',
  isStale,
  allowStale,
});

/** Stands where a run has its monitor's id, which it can't be in any provider's grammar. */
const monitorMark = 'monitor';

/** The fields of a monitor that say which it is, likewise. */
export const identifyMonitor = ({ provider, monitorId }: MonitorKey, { readAt, isStale, allowStale }: Reading) => ({
  id: `${provider}:${monitorMark}:${monitorId}`,
  provider,
  monitorId,
  readAt: () => fromMilliseconds(readAt) ?? '',
  isStale,
  allowStale,
});

/** The fields that cost nothing once it is known that there is such a monitor. */
export const monitorIdentity: ReadonlySet<string> = new Set(['id', 'provider', 'monitorId']);

/** What a global id says, unchecked; `undefined` when it hasn't three parts. A monitor's has no run. */
export function splitGlobalId(id: string): { provider: string; monitorId: string; runId?: string } | undefined {
  const [provider, monitorId, last, ...rest] = id.split(':');
  if (provider === undefined || monitorId === undefined || last === undefined || rest.length > 0) return undefined;
  return monitorId === monitorMark ? { provider, monitorId: last } : { provider, monitorId, runId: last };
}
