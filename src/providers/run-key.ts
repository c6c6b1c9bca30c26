/** How a run is identified, within its provider and among all. */
import type { MonitorRun, MonitorRunKey } from '../generated/types.ts';

/**
 * The fields of a run that say which it is. They come from the key that was asked for, never from the answer. To be spread
 * before all others: an object that others are spread into later is a slow one.
 */
export const identify = ({
  provider,
  monitorId,
  runId,
}: MonitorRunKey): Pick<MonitorRun, 'id' | keyof MonitorRunKey> => ({
  id: `${provider}:${monitorId}:${runId}`,
  provider,
  monitorId,
  runId,
});

/** The three parts of a global id, unchecked; `undefined` when there aren't three. */
export function splitGlobalId(id: string): [provider: string, monitorId: string, runId: string] | undefined {
  const [provider, monitorId, runId, ...rest] = id.split(':');
  if (provider === undefined || monitorId === undefined || runId === undefined || rest.length > 0) return undefined;
  return [provider, monitorId, runId];
}
