/** How to request runs of Datafold. */
import type { ProviderError } from '../../core/errors.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject, toDigits } from '../../json/lossless.ts';
import type { RunDefinition, RunRow } from '../provider.ts';
import { invalidField } from '../response-reader.ts';
import { expectedIds, isId } from './id.ts';
import { type List, walkList } from './list.ts';
import { readMonitorRuns } from './monitor-runs.ts';
import { isRunAsDocumented, toDatafoldRun, toListedDatafoldRun } from './run.ts';
import { createRunPages } from './run-pages.ts';
import { toMilliseconds } from './values.ts';

export const runs: RunDefinition = {
  typeName: 'DatafoldRun',
  isKey: ({ monitorId, runId }) => isId(monitorId) && isId(runId),
  expectedKey: expectedIds,
  toRequest: ({ monitorId, runId }) => ({
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toDatafoldRun,
  toListedRun: toListedDatafoldRun,
  listed: { fields: new Set(['phase', 'outcome', 'startedAt', 'state', 'rawState', 'diffId']), only: new Set() },
  maxPages: 10,
  // A single answer has a state always: a row without one leaves the word to that.
  walk: (monitorId, pageSize) => walkList(toList(monitorId), pageSize, ({ lacksOutcome }) => !lacksOutcome),
  readPage: (get, monitorId, window) => readMonitorRuns(get, toList(monitorId), monitorId, window),
  pages: createRunPages((monitorId) => toList(monitorId)),
  cacheability({ phase, outcome }, record, isRow) {
    // A monitor that still learns may be evaluated again; whatever else has ended stays, as far as is known ([I] of the states).
    if (phase !== 'FINISHED' || outcome === 'LEARNING') return 'none';
    return isRunAsDocumented(record, isRow) ? 'lasting' : 'unsure';
  },
};

const toList = (monitorId: string): List<RunRow> => ({
  path: `/api/v1/monitors/${monitorId}/runs`,
  query: {},
  member: 'runs',
  monitorId,
  toRow: (item) => toRow(monitorId, item),
});

/** The run in an item, unless it is another monitor's. */
function toRow(monitorId: string, item: unknown): RunRow | ProviderError {
  if (!isObject(item)) return invalidField('DATAFOLD');
  const { run_id, monitor_id, started_at, state } = item;
  const runId = toDigits(run_id);
  const isForeign = !isNullish(monitor_id) && monitor_id !== monitorId && toDigits(monitor_id) !== monitorId;
  if (runId === undefined || !isId(runId) || isForeign) return invalidField('DATAFOLD');
  const lacksOutcome = typeof state !== 'string';
  return { runId, row: new ParsedObject(item), time: toMilliseconds(started_at), lacksOutcome };
}
