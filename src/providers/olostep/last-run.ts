/** The last run of an Olostep monitor, as the monitor states it. */
import type { MonitorRunKey, OlostepLastRun } from '../../generated/types.ts';
import { isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { Fields } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import { isRunId } from './id.ts';
import { readPart } from './monitor-parts.ts';
import type { components } from './openapi.d.ts';
import { MonitorLastRun } from './openapi-checks.ts';
import { toDateTime } from './time.ts';

const read = createReader<NonNullable<components['schemas']['MonitorLastRun']>>('OLOSTEP', MonitorLastRun);

/** The last run; `null` when there is none. */
export const toLastRun = (monitorId: string, record: Body): Found<Fields<OlostepLastRun>> =>
  readPart(
    record,
    'last_run',
    (lastRun): Fields<OlostepLastRun> => ({
      __typename: 'OlostepLastRun',
      runId: read(lastRun, 'id'),
      status: read(lastRun, 'status'),
      changed: read(lastRun, 'change_detected'),
      ranAt: readRanAt(lastRun),
      run: toKey(monitorId, read(lastRun, 'id')),
    }),
  );

/** What leads to the run itself; an error when there is an id, and none that could be requested. */
function toKey(monitorId: string, runId: Found<string>): Found<MonitorRunKey> {
  if (typeof runId !== 'string') return runId;
  return isRunId(runId) ? { provider: 'OLOSTEP', monitorId, runId } : invalidField('OLOSTEP');
}

const readRanAt = (lastRun: Body) => toDateTime(read(lastRun, 'ran_at'));

/** When the last run was; `null` when there is none, or it doesn't say. */
export const readLastRunAt = (record: Body): Found<string> => readPart(record, 'last_run', readRanAt);

/** Whether all that a last run has is stated, or that there is none. */
export const isWholeLastRun = (record: Body): boolean => states(record, 'id', 'status', 'change_detected', 'ran_at');

/** Whether its time is stated, or that there is none. */
export const hasLastRunAt = (record: Body): boolean => states(record, 'ran_at');

function states(record: Body, ...members: readonly string[]): boolean {
  const lastRun = record.get('last_run');
  return !isObject(lastRun) || members.every((member) => lastRun[member] !== undefined);
}
