/** How to request runs of Olostep. */
import type { RunDefinition } from '../provider.ts';
import { pages, walk } from './events-page.ts';
import { isMonitorId, isRunId } from './id.ts';
import { toCacheability, toListedOlostepRun, toRowHint } from './listed-run.ts';
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
  rowHint: toRowHint,
  listed: {
    fields: new Set(['phase', 'outcome', 'changed', 'summary', 'snapshotUrl', 'snapshotAt']),
    // That a run is over its own record may say as well; how it ended, a row alone.
    only: new Set(['outcome', 'changed', 'summary', 'snapshotUrl', 'snapshotAt']),
  },
  maxPages: 3,
  walk,
  readPage,
  pages,
  cacheability: toCacheability,
};
