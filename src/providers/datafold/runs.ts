/** How to ask Datafold for runs. */
import type { RunDefinition } from '../provider.ts';
import { isId } from './id.ts';
import { toDatafoldRun } from './run.ts';

const todo = (): never => {
  throw new Error('not built yet');
};

export const runs: RunDefinition = {
  typeName: 'DatafoldRun',
  isKey: ({ monitorId, runId }) => isId(monitorId) && isId(runId),
  expectedKey: 'Expected Datafold ids: whole numbers in decimal digits, 19 at most, without sign or leading zeros.',
  toRequest: ({ monitorId, runId }) => ({
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toDatafoldRun,
  toListedRun: todo,
  withRow: (run) => run,
  listed: { fields: new Set(['phase', 'outcome', 'startedAt', 'state', 'rawState', 'diffId']), only: new Set() },
  mostPages: 10,
  walk: todo,
  readPage: todo,
  // A monitor that still learns may be evaluated anew; whatever else has ended stays, as far as is known ([I] of the states).
  endurance: ({ phase, outcome }) => (phase === 'FINISHED' && outcome !== 'LEARNING' ? 'lasting' : 'none'),
};
