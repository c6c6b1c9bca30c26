/** How to request monitors of Olostep. */
import type { MonitorDefinition } from '../provider.ts';
import { isMonitorId } from './id.ts';
import { toListedOlostepMonitor, toOlostepMonitor } from './monitor.ts';
import { readPage, walk } from './monitor-list.ts';

export const monitors: MonitorDefinition = {
  typeName: 'OlostepMonitor',
  isKey: isMonitorId,
  expectedKey: 'Expected an Olostep id: monitor_… followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: (monitorId, selected) => ({
    // To count costs Olostep a query, and without the parameter, it counts [O7].
    path: `/v1/monitors/${monitorId}?include_total_count=${selected.has('snapshotCount')}${
      selected.has('diagram') ? '&include-diagram=true' : ''
    }`,
    echoes: { id: monitorId, monitor_id: monitorId },
  }),
  toMonitor: toOlostepMonitor,
  toListedMonitor: toListedOlostepMonitor,
  listed: {
    fields: new Set([
      ...['name', 'enabled', 'createdAt', 'updatedAt', 'query', 'status', 'rawStatus', 'errorMessage', 'schedule'],
      ...['tracked', 'sourcePolicy', 'notification', 'webhookUrl', 'outputSchema', 'metadata', 'agentId'],
    ]),
    only: new Set(),
  },
  runFields: { OlostepLastRun: 'run' },
  // `ran_at` may be when the run began ([U]), and `created` is when its snapshot was made, some minutes later at most.
  lagMs: 5 * 60_000,
  maxPages: 1,
  walk,
  readPage,
};
