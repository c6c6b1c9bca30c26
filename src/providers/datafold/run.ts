/** From Datafold's answer to a run. */
import type { DatafoldRun, MonitorRunKey } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import { identifyRun } from '../global-id.ts';
import { later } from '../lazy-fields.ts';
import type { RunFields, RunReading, Selected } from '../provider.ts';
import { createReader, isAsDocumented } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { ListedRun, MonitorRun } from './openapi-checks.ts';
import { readState } from './state.ts';
import { toId, toTime } from './values.ts';

type Schemas = components['schemas'];

const read = createReader<Schemas['MonitorRun']>('DATAFOLD', MonitorRun);
const readListed = createReader<Schemas['ListedRun']>('DATAFOLD', ListedRun);

/** The run in an answer. Its ids are those of the key, which the answer was held against before. */
export function toDatafoldRun(key: MonitorRunKey, body: Body, reading: RunReading): RunFields<DatafoldRun> {
  const rawState = read(body, 'state');
  const { state, phase, outcome } = readState(rawState);
  return {
    ...identifyRun(key, reading),
    __typename: 'DatafoldRun',
    state,
    phase,
    outcome,
    rawState,
    startedAt: () => toTime(read(body, 'started_at')),
    diffId: () => toId(read(body, 'diff_id')),
    error: () => read(body, 'error'),
    warnings: () => read(body, 'warnings'),
  };
}

/** Whether each field can be shown that it ought to have, as a record of the run's own or as a row: otherwise the next one may be better. */
export function isRunAsDocumented(record: Body, isRow: boolean): boolean {
  const ofBoth = [toTime(read(record, 'started_at')), toId(read(record, 'diff_id'))];
  return (isRow ? ofBoth : [...ofBoth, read(record, 'error'), read(record, 'warnings')]).every(isAsDocumented);
}

/** What no list says of a run. */
const unlisted: Selected = new Set(['error', 'warnings']);

/**
 * The run in a row of a list, which is read like an answer: what both have is documented alike, but that a row may have no state.
 * What a row lacks comes from the run itself: that it isn't there says nothing of it.
 */
export function toListedDatafoldRun(key: MonitorRunKey, row: Body, reading: RunReading): RunFields<DatafoldRun> {
  const fromRun = later(({ runs }) => runs.load(key, unlisted, reading.allowStale));
  const listed = toDatafoldRun(key, row, reading);
  const run = {
    ...listed,
    startedAt: row.get('started_at') === undefined ? fromRun<DatafoldRun['startedAt']>('startedAt') : listed.startedAt,
    diffId: row.get('diff_id') === undefined ? fromRun<DatafoldRun['diffId']>('diffId') : listed.diffId,
    error: fromRun<DatafoldRun['error']>('error'),
    warnings: fromRun<DatafoldRun['warnings']>('warnings'),
  };
  if (hasState(row)) return run;
  return {
    ...run,
    state: fromRun('state', listed.state),
    phase: fromRun('phase', listed.phase),
    outcome: fromRun('outcome', listed.outcome),
    rawState: fromRun('rawState', readListed(row, 'state')),
  };
}

/** Whether a row says how the run stands; else the run itself does. */
export const hasState = (row: Body): boolean => typeof row.get('state') === 'string';
