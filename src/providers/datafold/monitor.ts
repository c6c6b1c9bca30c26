/** From Datafold's answer to a monitor. */
import type { DatafoldMonitor, DatafoldMonitorType } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import { identifyMonitor } from '../global-id.ts';
import { later } from '../lazy-fields.ts';
import type { FieldContext, MonitorFields, Reading, Selected } from '../provider.ts';
import { createReader, type Found, type Read, toEach } from '../response-reader.ts';
import { toAlert } from './alert.ts';
import { toDataset } from './dataset.ts';
import { toNotification } from './notification.ts';
import type { components } from './openapi.d.ts';
import { ListedMonitor, MonitorFull } from './openapi-checks.ts';
import { toSchedule } from './schedule.ts';
import { readState } from './state.ts';
import { toTime } from './values.ts';

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
export const toDatafoldMonitor = (monitorId: string, body: Body, reading: Reading): MonitorFields<DatafoldMonitor> => ({
  ...fillListed(monitorId, body, reading, read),
  description: () => read(body, 'description'),
  schedule: () => mapPresent(read(body, 'schedule'), toSchedule),
  datasets: (_args: unknown, context: FieldContext) => toEach(read(body, 'dataset'), context, toDataset),
  alert: () => mapPresent(read(body, 'alert'), toAlert),
  notifications: (_args: unknown, context: FieldContext) =>
    toEach(read(body, 'notifications'), context, toNotification),
});

/** What no list says of a monitor. All of it at once, so that it is one call whichever of it is selected. */
const unlisted: Selected = new Set(['description', 'schedule', 'datasets', 'alert', 'notifications']);

/** The monitor in a row of a list. What a row lacks comes from the monitor itself. */
export function toListedDatafoldMonitor(
  monitorId: string,
  row: Body,
  reading: Reading,
): MonitorFields<DatafoldMonitor> {
  const key = { provider: 'DATAFOLD', monitorId } as const;
  const fromMonitor = later(({ monitors }) => monitors.load(key, unlisted, reading.allowStale));
  const listed = fillListed(monitorId, row, reading, readListed);
  // Optional in rows and in single responses alike: that a row lacks one says nothing of the monitor. Not so `owner`, which
  // older versions of Datafold know nowhere.
  const orOwn = <Name extends 'lastRunAt' | 'lastAlertAt' | 'state' | 'rawState' | 'tags'>(
    name: Name,
    member: string,
  ) => (row.get(member) === undefined ? fromMonitor<DatafoldMonitor[Name]>(name) : listed[name]);
  return {
    ...listed,
    lastRunAt: orOwn('lastRunAt', 'last_run'),
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
function fillListed(monitorId: string, body: Body, reading: Reading, readOne: Read<Schemas['ListedMonitor']>) {
  const rawState = () => readOne(body, 'state');
  const rawType = () => readOne(body, 'monitor_type');
  return {
    ...identifyMonitor({ provider: 'DATAFOLD', monitorId }, reading),
    __typename: 'DatafoldMonitor' as const,
    name: () => readOne(body, 'name'),
    enabled: () => readOne(body, 'enabled'),
    createdAt: () => toTime(readOne(body, 'created_at')),
    modifiedAt: () => toTime(readOne(body, 'modified_at')),
    lastRunAt: () => toTime(readOne(body, 'last_run')),
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
const toWord = <Word>(rawWord: Found<string>, toOurs: (word: unknown) => Word): Word | null =>
  rawWord === null ? null : toOurs(rawWord);

const mapPresent = <Value, Made>(value: Found<Value>, make: (value: NonNullable<Value>) => Made) =>
  value === null || value instanceof Error ? value : make(value as NonNullable<Value>);
