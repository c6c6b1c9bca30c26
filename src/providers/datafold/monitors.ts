/** How to ask Datafold for monitors. */
import type { MonitorDefinition } from '../provider.ts';
import { isId } from './id.ts';

const todo = (): never => {
  throw new Error('not built yet');
};

export const monitors: MonitorDefinition = {
  typeName: 'DatafoldMonitor',
  isKey: isId,
  expectedKey: 'Expected a Datafold id: a whole number in decimal digits, 19 at most, without sign or leading zeros.',
  toRequest: (monitorId) => ({ path: `/api/v1/monitors/${monitorId}`, echoes: { id: monitorId } }),
  toMonitor: todo,
  toListedMonitor: todo,
  listed: {
    fields: new Set([
      ...['name', 'enabled', 'createdAt', 'modifiedAt', 'lastRunAt', 'lastAlertAt'],
      ...['type', 'rawType', 'state', 'rawState', 'tags', 'owner'],
    ]),
    only: new Set(),
  },
  listFrom: 3,
  mostPages: 10,
  walk: todo,
  readPage: todo,
};
