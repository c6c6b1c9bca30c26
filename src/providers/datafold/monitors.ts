/** Datafold's monitors: how to request them, and what a response and a row say. */

import type { MonitorKey } from '../../core/accounts.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldMonitor, DatafoldMonitorType, RunOutcome } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject, toDigits } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { FieldContext, MonitorFields, Origins, Reading } from '../fields.ts';
import { identifyMonitor, later, namesOf, toListedFields } from '../fields.ts';
import type { MonitorRow } from '../lists.ts';
import type { MonitorDefinition, MonitorFacts } from '../provider.ts';
import { createReader, type Found, invalidField, type Read, toEach } from '../response-reader.ts';
import { type List, parseCursor, readListPart, walkList } from './list.ts';
import type { components } from './openapi.d.ts';
import { ListedMonitor, MonitorFull } from './openapi-checks.ts';
import {
  expectedId,
  isId,
  readState,
  toAlert,
  toDataset,
  toMilliseconds,
  toNotification,
  toSchedule,
  toTime,
} from './values.ts';

type Schemas = components['schemas'];

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const types: ReadonlyMap<unknown, DatafoldMonitorType> = new Map(
  Object.entries({
    diff: 'DIFF',
    metric: 'METRIC',
    schema: 'SCHEMA',
    test: 'TEST',
  } satisfies Record<Schemas['MonitorType'], DatafoldMonitorType>),
);

const read = createReader<Schemas['MonitorFull']>('DATAFOLD', MonitorFull);
const readListed = createReader<Schemas['ListedMonitor']>('DATAFOLD', ListedMonitor);

/** The monitor in an answer. Its id is the requested one, which the response was checked against before. */
const toDatafoldMonitor = (key: MonitorKey, body: Body, reading: Reading): MonitorFields<DatafoldMonitor> => ({
  ...fillListed(key, body, reading, read),
  description: () => read(body, 'description'),
  schedule: () => mapPresent(read(body, 'schedule'), toSchedule),
  datasets: (_args: unknown, context: FieldContext) => toEach(read(body, 'dataset'), context, toDataset),
  alert: () => mapPresent(read(body, 'alert'), toAlert),
  notifications: (_args: unknown, context: FieldContext) =>
    toEach(read(body, 'notifications'), context, toNotification),
});

/** A row may lack some of what it is documented to have: that comes from the monitor itself then. */
const origins: Origins<DatafoldMonitor> = {
  name: 'either',
  enabled: 'either',
  createdAt: 'either',
  modifiedAt: 'either',
  lastRunAt: 'either',
  lastOutcome: 'either',
  lastAlertAt: 'either',
  type: 'either',
  rawType: 'either',
  state: 'either',
  rawState: 'either',
  tags: 'either',
  owner: 'either',
  description: 'detail',
  schedule: 'detail',
  datasets: 'detail',
  alert: 'detail',
  notifications: 'detail',
};

/** All of it at once, so that it is one call whichever of it is selected. */
const unlisted = namesOf(origins, 'detail');

/** The monitor in a row of a list. What a row lacks comes from the monitor itself. */
function toListedDatafoldMonitor(key: MonitorKey, row: Body, reading: Reading): MonitorFields<DatafoldMonitor> {
  const fromMonitor = later<DatafoldMonitor>(({ monitors }) => monitors.load(key, unlisted, reading.allowStale));
  const listed = fillListed(key, row, reading, readListed);
  // Optional in rows and in single responses alike: that a row lacks one says nothing of the monitor. Not so `owner`, which
  // older versions of Datafold know nowhere.
  const orOwn = <Name extends 'lastRunAt' | 'lastOutcome' | 'lastAlertAt' | 'state' | 'rawState' | 'tags'>(
    name: Name,
    member: string,
  ) => (row.get(member) === undefined ? fromMonitor(name) : listed[name]);
  return {
    ...listed,
    lastRunAt: orOwn('lastRunAt', 'last_run'),
    lastOutcome: orOwn('lastOutcome', 'state'),
    lastAlertAt: orOwn('lastAlertAt', 'last_alert'),
    state: orOwn('state', 'state'),
    rawState: orOwn('rawState', 'state'),
    tags: orOwn('tags', 'tags'),
    description: fromMonitor('description'),
    schedule: fromMonitor('schedule'),
    datasets: fromMonitor('datasets'),
    alert: fromMonitor('alert'),
    notifications: fromMonitor('notifications'),
  };
}

/** What both have. */
function fillListed(key: MonitorKey, body: Body, reading: Reading, readOne: Read<Schemas['ListedMonitor']>) {
  const rawState = () => readOne(body, 'state');
  const rawType = () => readOne(body, 'monitor_type');
  return {
    ...identifyMonitor(key, reading),
    __typename: 'DatafoldMonitor' as const,
    name: () => readOne(body, 'name'),
    enabled: () => readOne(body, 'enabled'),
    createdAt: () => toTime(readOne(body, 'created_at')),
    modifiedAt: () => toTime(readOne(body, 'modified_at')),
    lastRunAt: () => toTime(readOne(body, 'last_run')),
    lastOutcome: () => toWord(rawState(), (word) => readState(word).outcome),
    lastAlertAt: () => toTime(readOne(body, 'last_alert')),
    type: () => toWord(rawType(), (word) => types.get(word) ?? 'UNKNOWN'),
    rawType,
    state: () => toWord(rawState(), (word) => readState(word).state),
    rawState,
    tags: () => readOne(body, 'tags'),
    owner: () => readOne(body, 'owner'),
  };
}

/** Our word for Datafold's; for one that can't be read too, whose error is at the raw word. `null` when there is none. */
const toWord = <Word>(rawWord: Found<string>, toOurs: (word: unknown) => Word | null): Word | null =>
  rawWord === null ? null : toOurs(rawWord);

/** What a row says: rows may lack members that the monitor has. */
const facts: MonitorFacts = {
  name: (row) => toStated(row, 'name', readListed(row, 'name')),
  enabled: (row) => toStated(row, 'enabled', readListed(row, 'enabled')) ?? undefined,
  lastOutcome: (row) =>
    toStated<RunOutcome>(
      row,
      'state',
      mapText(readListed(row, 'state'), (word) => readState(word).outcome),
    ),
  lastRunAt(row) {
    const { phase } = readState(row.get('state'));
    // One field alone may be null while the list of runs has some.
    if (row.get('last_run') === null) return row.get('state') === null || phase === 'PENDING' ? null : undefined;
    return toStatedTime(row, 'last_run');
  },
  tags(row) {
    const tags = toStated<readonly unknown[]>(row, 'tags', readListed(row, 'tags'));
    return tags === null ? [] : tags?.map((tag) => (typeof tag === 'string' ? tag : undefined));
  },
  lastAlertAt: (row) => toStatedTime(row, 'last_alert'),
};

/** `undefined` where the row lacks the member, or has it not as documented. */
const toStated = <Value>(row: Body, member: string, found: Found<Value>): NonNullable<Value> | null | undefined =>
  row.get(member) === undefined || found instanceof Error ? undefined : found;

function toStatedTime(row: Body, member: 'last_run' | 'last_alert'): number | null | undefined {
  const time = toStated(row, member, toTime(readListed(row, member)));
  return typeof time === 'string' ? Date.parse(time) : time;
}

const mapText = <Made>(found: Found<string>, make: (text: string) => Made | null): Found<Made> =>
  typeof found === 'string' ? (make(found) as Found<Made>) : found;

const mapPresent = <Value, Made>(value: Found<Value>, make: (value: NonNullable<Value>) => Made) =>
  value === null || value instanceof Error ? value : make(value as NonNullable<Value>);

export const monitors: MonitorDefinition = {
  typeName: 'DatafoldMonitor',
  isKey: isId,
  expectedKey: expectedId,
  toRequest: (monitorId) => ({ kind: 'monitor', path: `/api/v1/monitors/${monitorId}`, echoes: { id: monitorId } }),
  toMonitor: toDatafoldMonitor,
  toListedMonitor: toListedDatafoldMonitor,
  listed: toListedFields(origins),
  facts,
  // `last_run` may be when the run was created ([U]), and `started_at` is when its check began, minutes later if it had to wait.
  lagMs: 5 * 60_000,
  maxPages: 10,
  walk: (pageSize, tags) => walkList(toList(tags), pageSize, () => true),
  async readPage(get, { first, pageSize, after, tags }) {
    const cursor = parseCursor(listName, after, expectedCursor);
    const part = { after: cursor, first, pageSize, cursor: { list: listName } };
    const page = await readListPart(get, toList(tags ?? []), part);
    // There is always a list of all monitors, if an empty one.
    if (page === null) throw invalidField('DATAFOLD');
    return page;
  },
};

const listName = JSON.stringify(['monitors']);
const expectedCursor = 'Expected `after` to be the cursor of a monitor of this list.';

/** In the order of their ids, which grow: a new monitor comes last, and shifts no page. */
const toList = (tags: readonly string[] = []): List<MonitorRow> => ({
  path: '/api/v1/monitors',
  query: { order_by: 'id', sort_order: 'asc', ...(tags.length > 0 && { tags: tags.join(',') }) },
  member: 'monitors',
  toRow,
});

function toRow(item: unknown): MonitorRow | ProviderError {
  const monitorId = isObject(item) ? toDigits(item.id) : undefined;
  if (!isObject(item) || monitorId === undefined || !isId(monitorId)) return invalidField('DATAFOLD');
  return {
    monitorId,
    row: new ParsedObject(item),
    lastRunAt: toLastRunAt(item),
    ...toLastRunMark(item),
    // One field alone may be null while the list of runs has some.
    hasNeverRun: item.last_run === null && item.state === null,
    createdAt: toMilliseconds(item.created_at),
  };
}

function toLastRunMark(item: Readonly<Record<string, unknown>>): Pick<MonitorRow, 'lastRunMark' | 'runningSince'> {
  const { last_run, state } = item;
  const runningSince = readState(state).phase === 'RUNNING' ? toMilliseconds(last_run) : undefined;
  const isSure = typeof state === 'string' && (toLastRunAt(item) ?? runningSince) !== undefined;
  return { lastRunMark: isSure ? `${last_run} ${state}` : undefined, runningSince };
}

/** States in which the newest run may have no start yet, or never one: `last_run` may be that of a run before it ([U]). */
const startless: ReadonlySet<unknown> = new Set(['PENDING', 'RUNNING', 'UNKNOWN', 'SKIPPED', 'CANCELLED']);

/** When a run started last, if the row is sure of it. */
function toLastRunAt({ last_run, state }: Readonly<Record<string, unknown>>): number | undefined {
  const { phase, outcome } = readState(state);
  return startless.has(phase) || startless.has(outcome) ? undefined : toMilliseconds(last_run);
}
