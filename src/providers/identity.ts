/** How runs and monitors are identified, within their provider and among all. */
import type { MonitorKey, MonitorRunKey } from '../generated/types.ts';
import { fromMilliseconds } from './date-time.ts';
import type { RunReading } from './provider.ts';

/**
 * The fields of a run that this service makes: which it is, from the key that was asked for, never from the answer; and of
 * when that is. To be spread before all others: an object that others are spread into later is a slow one.
 */
export const identifyRun = ({ provider, monitorId, runId }: MonitorRunKey, { readAt, isStale }: RunReading) => ({
  id: `${provider}:${monitorId}:${runId}`,
  provider,
  monitorId,
  runId,
  readAt: () => fromMilliseconds(readAt) ?? '',
  isStale,
});

/** The fields of a monitor that say which it is, likewise. */
export const identifyMonitor = ({ provider, monitorId }: MonitorKey) => ({
  id: `${provider}:${monitorId}`,
  provider,
  monitorId,
});

/** The fields that cost nothing once it is known that there is such a monitor. */
export const monitorIdentity: ReadonlySet<string> = new Set(['id', 'provider', 'monitorId']);

/** The two or three parts of a global id, unchecked; `undefined` when there are more or fewer. */
export function splitGlobalId(id: string): [provider: string, monitorId: string, runId?: string] | undefined {
  const [provider, monitorId, runId, ...rest] = id.split(':');
  if (provider === undefined || monitorId === undefined || rest.length > 0) return undefined;
  return runId === undefined ? [provider, monitorId] : [provider, monitorId, runId];
}
