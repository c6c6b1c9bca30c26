/** How to ask Olostep for runs. */
import type { RunDefinition } from '../provider.ts';
import { isMonitorId, isRunId } from './id.ts';
import { toOlostepRun } from './run.ts';

const todo = (): never => {
  throw new Error('not built yet');
};

export const runs: RunDefinition = {
  typeName: 'OlostepRun',
  isKey: ({ monitorId, runId }) => isMonitorId(monitorId) && isRunId(runId),
  expectedKey: 'Expected Olostep ids: monitor_… and run_…, each followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: ({ monitorId, runId }) => ({
    path: `/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toOlostepRun,
  toListedRun: todo,
  withRow: (run) => run,
  listed: {
    fields: new Set(['phase', 'outcome', 'changed', 'summary', 'snapshotUrl', 'snapshotAt']),
    only: new Set(['changed', 'summary', 'snapshotUrl', 'snapshotAt']),
  },
  mostPages: 3,
  walk: todo,
  readPage: todo,
  endurance: () => 'none',
};
