/** How to ask Olostep for monitors. */
import type { MonitorDefinition } from '../provider.ts';
import { isMonitorId } from './id.ts';

const todo = (): never => {
  throw new Error('not built yet');
};

export const monitors: MonitorDefinition = {
  typeName: 'OlostepMonitor',
  isKey: isMonitorId,
  expectedKey: 'Expected an Olostep id: monitor_… followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: (monitorId) => ({ path: `/v1/monitors/${monitorId}`, echoes: { id: monitorId } }),
  toMonitor: todo,
  toListedMonitor: todo,
  listed: {
    fields: new Set([
      ...['name', 'enabled', 'createdAt', 'updatedAt', 'query', 'status', 'rawStatus', 'errorMessage', 'schedule'],
      ...['tracked', 'sourcePolicy', 'notification', 'webhookUrl', 'outputSchema', 'metadata', 'agentId'],
    ]),
    only: new Set(),
  },
  listFrom: 3,
  runFields: { OlostepLastRun: 'run' },
  mostPages: 1,
  walk: todo,
  readPage: todo,
};
