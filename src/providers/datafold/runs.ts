/** Datafold's runs: how to request them, and what a response, a row and a page of them say. */

import type { RunKey } from '../../core/accounts.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldRun } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject, toDigits } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { LinkKey, Origins, RunFields, RunReading } from '../fields.ts';
import { identifyRun, later, namesOf, toListedFields } from '../fields.ts';
import type { RunListPages, RunRow } from '../lists.ts';
import type { RunDefinition } from '../provider.ts';
import { createReader, type Found, inTurn, invalidField, isAsDocumented } from '../response-reader.ts';
import { hasPageBehind, isLonger, type List, readItems, readNumbers, toPageRequest, walkList } from './list.ts';
import { readMonitorRuns } from './monitor-runs.ts';
import type { components } from './openapi.d.ts';
import { ListedRun, MonitorRun } from './openapi-checks.ts';
import { expectedIds, isId, readState, toId, toMilliseconds, toTime } from './values.ts';

type Schemas = components['schemas'];

const read = createReader<Schemas['MonitorRun']>('DATAFOLD', MonitorRun);
const readListed = createReader<Schemas['ListedRun']>('DATAFOLD', ListedRun);

/** The run in an answer. Its ids are those of the key, which the answer was held against before. */
function toDatafoldRun(key: RunKey, body: Body, reading: RunReading): RunFields<DatafoldRun> {
  const rawState = read(body, 'state');
  const { state, phase, outcome } = readState(rawState);
  const { owner = '' } = reading;
  return {
    ...identifyRun(key, reading),
    __typename: 'DatafoldRun',
    state,
    phase,
    outcome,
    rawState,
    startedAt: () => toTime(read(body, 'started_at')),
    diffId: () => toId(read(body, 'diff_id')),
    diff: () => toDiffKey(key, toId(read(body, 'diff_id'))),
    error: inTurn(body, owner, () => read(body, 'error')),
    warnings: inTurn(body, owner, () => read(body, 'warnings')),
  };
}

const toDiffKey = ({ provider, account }: RunKey, id: Found<string>): LinkKey | null | ProviderError =>
  typeof id === 'string' ? { provider, account, link: 'diff', id } : id;

/** Whether each field can be shown that it ought to have, as a record of the run's own or as a row: otherwise the next one may be better. */
function isRunAsDocumented(record: Body, isRow: boolean): boolean {
  const ofBoth = [toTime(read(record, 'started_at')), toId(read(record, 'diff_id'))];
  return (isRow ? ofBoth : [...ofBoth, read(record, 'error'), read(record, 'warnings')]).every(isAsDocumented);
}

/** A row may lack some of what it is documented to have: that comes from the run itself then. */
const origins: Origins<DatafoldRun> = {
  state: 'either',
  phase: 'either',
  outcome: 'either',
  rawState: 'either',
  startedAt: 'either',
  diffId: 'either',
  // From the id on it is a separate call.
  diff: 'either',
  error: 'detail',
  warnings: 'detail',
};

const unlisted = namesOf(origins, 'detail');

/**
 * The run in a row of a list, which is read like an answer: what both have is documented alike, but that a row may have no state.
 * What a row lacks comes from the run itself: that it isn't there says nothing of it.
 */
function toListedDatafoldRun(key: RunKey, row: Body, reading: RunReading): RunFields<DatafoldRun> {
  const fromRun = later<DatafoldRun>(({ runs }) => runs.load(key, unlisted, reading.allowStale));
  const listed = toDatafoldRun(key, row, reading);
  const run = {
    ...listed,
    startedAt: row.get('started_at') === undefined ? fromRun('startedAt') : listed.startedAt,
    diffId: row.get('diff_id') === undefined ? fromRun('diffId') : listed.diffId,
    diff: row.get('diff_id') === undefined ? fromRun('diff') : listed.diff,
    error: fromRun('error'),
    warnings: fromRun('warnings'),
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
const hasState = (row: Body): boolean => typeof row.get('state') === 'string';

/**
 * Without `start_time` and `end_time`: no document says which timestamp they compare, and runs without a start might be
 * missing from what they select [D2].
 * @param toList the list of a monitor's runs
 */
const createRunPages = (toList: (monitorId: string) => List<RunRow>): RunListPages => ({
  isNumbered: true,
  toRequest: (monitorId, token, pageSize, isFromClient) =>
    toPageRequest(toList(monitorId), { page: toPageNumber(token), size: pageSize }, isFromClient),
  read(monitorId, token, pageSize, body) {
    const list = toList(monitorId);
    const items = readItems(list, body, pageSize);
    const numbers = readNumbers(body);
    const page = toPageNumber(token);
    if (numbers.page !== undefined && numbers.page !== page) throw invalidField('DATAFOLD');
    const { size = pageSize, pages, count } = numbers;
    const rows = items.slice().map((item): RunRow | ProviderError => list.toRow(item));
    const hasNext =
      pages === undefined && count === undefined ? items.length >= size : hasPageBehind(numbers, page, size);
    const isShort = numbers.size !== undefined && items.length < size;
    return {
      rows,
      next: hasNext ? page + 1 : undefined,
      count,
      size,
      isIncomplete: hasNext ? isShort : isLonger({ ...numbers, page }, items.length, size),
    };
  },
});

const toPageNumber = (token: string | number | undefined): number => (typeof token === 'number' ? token : 1);

export const runs: RunDefinition = {
  typeName: 'DatafoldRun',
  isKey: ({ monitorId, runId }) => isId(monitorId) && isId(runId),
  expectedKey: expectedIds,
  toRequest: ({ monitorId, runId }) => ({
    kind: 'run',
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toDatafoldRun,
  toListedRun: toListedDatafoldRun,
  linkFields: ['diff'],
  listed: toListedFields(origins),
  // Numbers, of which a newer run has a greater one as far as is known ([I]): each page is checked for it.
  compareIds: (runId, other) => runId.length - other.length || (runId < other ? -1 : Number(runId > other)),
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
