/** How to ask Olostep for runs. */
import type { RunDefinition } from '../provider.ts';
import { walk } from './events-page.ts';
import { isMonitorId, isRunId } from './id.ts';
import { toEndurance, toListedOlostepRun, withRow } from './listed-run.ts';
import { toOlostepRun } from './run.ts';
import { readPage } from './run-page.ts';

export const runs: RunDefinition = {
  typeName: 'OlostepRun',
  isKey: ({ monitorId, runId }) => isMonitorId(monitorId) && isRunId(runId),
  expectedKey: 'Expected Olostep ids: monitor_… and run_…, each followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: ({ monitorId, runId }) => ({
    path: `/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toOlostepRun,
  toListedRun: toListedOlostepRun,
  withRow,
  listed: {
    fields: new Set(['phase', 'outcome', 'changed', 'summary', 'snapshotUrl', 'snapshotAt']),
    only: new Set(['changed', 'summary', 'snapshotUrl', 'snapshotAt']),
  },
  // A row knows more of the outcome than the run does, and that mustn't depend on how many runs are asked for.
  isListFirst: false,
  // So the list is read where it is selected what rows alone have, and nowhere else.
  mostPages: 3,
  walk,
  readPage,
  endurance: toEndurance,
};
