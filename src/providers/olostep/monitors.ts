import type { MonitorKey } from '../../core/accounts.ts';
import type { OlostepMonitor, OlostepMonitorStatus } from '../../generated/types.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import {
  type FieldContext,
  identifyMonitor,
  later,
  type MonitorFields,
  type Origins,
  type Reading,
  type Selected,
  toListedFields,
} from '../fields.ts';
import { wholeMonitorList } from '../lists/whole-list.ts';
import type { MonitorDefinition, MonitorFacts } from '../provider.ts';
import { createReader, type Found, toFreeForm } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { Monitor, MonitorList } from './openapi-checks.ts';
import { loadPlanning } from './planning.ts';
import {
  hasLastOutcome,
  hasLastRunAt,
  isMonitorId,
  isWholeLastRun,
  readAgentId,
  readLastOutcome,
  readLastRunAt,
  readWebhookUrl,
  second,
  toCount,
  toDateTime,
  toLastRun,
  toNotification,
  toSchedule,
  toSourcePolicy,
  toTracked,
} from './values.ts';

type Schemas = components['schemas'];
type MonitorSchema = Schemas['Monitor'];

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const statuses: ReadonlyMap<unknown, OlostepMonitorStatus> = new Map(
  Object.entries({
    provisioning: 'PROVISIONING',
    active: 'ACTIVE',
    paused: 'PAUSED',
    failed: 'FAILED',
    deleted: 'DELETED',
  } satisfies Record<Schemas['MonitorStatus'], OlostepMonitorStatus>),
);

const read = createReader<MonitorSchema>('OLOSTEP', Monitor);

/** The monitor in an answer for it alone, which was held against its id before. */
function toOlostepMonitor(key: MonitorKey, record: Body, reading: Reading): MonitorFields<OlostepMonitor> {
  const rawStatus = read(record, 'status');
  const status = statuses.get(rawStatus) ?? 'UNKNOWN';
  const freeForm = (name: 'output_schema' | 'metadata') => (_args: unknown, context: FieldContext) =>
    toFreeForm('OLOSTEP', read(record, name), context);
  return {
    ...identifyMonitor(key, reading),
    __typename: 'OlostepMonitor',
    name: () => read(record, isNullish(record.get('query')) ? 'url' : 'query'),
    enabled: status === 'UNKNOWN' ? null : status === 'ACTIVE',
    createdAt: () => readTime(record, 'created', 'created_at'),
    updatedAt: () => readTime(record, 'updated', 'updated_at'),
    lastRunAt: () => readLastRunAt(record),
    lastOutcome: () => readLastOutcome(record),
    query: () => read(record, 'query'),
    status,
    rawStatus,
    errorMessage: () => read(record, 'error_message'),
    schedule: () => toSchedule(record),
    tracked: () => toTracked(record),
    sourcePolicy: () => toSourcePolicy(record),
    notification: () => toNotification(record),
    webhookUrl: () => readWebhookUrl(record),
    outputSchema: freeForm('output_schema'),
    metadata: freeForm('metadata'),
    lastRun: () => toLastRun(key, record),
    agentId: () => readAgentId(record),
    snapshotCount: () => toCount(read(record, 'total_count')),
    diagram: () => read(record, 'mermaid_diagram'),
    planning: loadPlanning(key, reading),
  };
}

/**
 * The monitor in a row of the list, which is documented to be like a single response, but nowhere to be complete. What a row
 * lacks is requested from the monitor itself, once for all such fields: that it isn't in the row says nothing of it.
 */
function toListedOlostepMonitor(key: MonitorKey, row: Body, reading: Reading): MonitorFields<OlostepMonitor> {
  const monitor = toOlostepMonitor(key, row, reading);
  const { allowStale } = reading;
  const byItself = <Name extends 'snapshotCount' | 'diagram'>(name: Name) =>
    later<OlostepMonitor>(({ monitors }) => monitors.load(key, new Set([name]), allowStale))(name);
  const fromMonitor = later<OlostepMonitor>(({ monitors }) => monitors.load(key, unlisted, allowStale));
  const states = (...members: readonly string[]) => members.some((member) => row.get(member) !== undefined);
  const listed = <Name extends keyof MonitorFields<OlostepMonitor>>(name: Name, isInRow: boolean) =>
    isInRow ? monitor[name] : fromMonitor(name, whenGone[name as keyof typeof whenGone]);
  const { rawStatus } = monitor;
  // Members that a single response has in some states of the monitor alone: in others there is nothing to request.
  const isPlanned = rawStatus !== 'provisioning' && rawStatus !== 'failed';
  const mayHaveFailed = typeof rawStatus !== 'string' || rawStatus === 'failed';
  const hasStatus = states('status');
  return {
    ...monitor,
    name: listed('name', states('query', 'url')),
    query: listed('query', states('query')),
    enabled: listed('enabled', hasStatus),
    status: listed('status', hasStatus),
    rawStatus: listed('rawStatus', hasStatus),
    createdAt: listed('createdAt', states('created', 'created_at')),
    updatedAt: listed('updatedAt', states('updated', 'updated_at')),
    errorMessage: listed('errorMessage', states('error_message') || !mayHaveFailed),
    schedule: listed('schedule', states('schedule', 'frequency', 'cron_expression')),
    tracked: listed('tracked', states('tracked', 'url') || !isPlanned),
    sourcePolicy: listed('sourcePolicy', states('source_policy')),
    notification: listed('notification', states('notification', 'notification_channel', 'notification_target')),
    webhookUrl: listed('webhookUrl', states('webhook')),
    outputSchema: listed('outputSchema', states('output_schema')),
    metadata: listed('metadata', states('metadata')),
    agentId: listed('agentId', states('agent', 'agent_id', 'fda_id') || !isPlanned),
    // Null is an answer too: it hasn't run yet. In a row it may be a summary [O8].
    lastRun: listed('lastRun', states('last_run') && isWholeLastRun(row)),
    lastRunAt: listed('lastRunAt', states('last_run') && hasLastRunAt(row)),
    lastOutcome: listed('lastOutcome', states('last_run') && hasLastOutcome(row)),
    snapshotCount: byItself('snapshotCount'),
    diagram: byItself('diagram'),
  };
}

/** A row may lack any of it: then it comes from the monitor itself. */
const origins: Origins<OlostepMonitor> = {
  name: 'either',
  enabled: 'either',
  createdAt: 'either',
  updatedAt: 'either',
  query: 'either',
  status: 'either',
  rawStatus: 'either',
  errorMessage: 'either',
  schedule: 'either',
  tracked: 'either',
  sourcePolicy: 'either',
  notification: 'either',
  webhookUrl: 'either',
  outputSchema: 'either',
  metadata: 'either',
  agentId: 'either',
  // A row is not sure to say it.
  lastRun: 'detail',
  lastRunAt: 'detail',
  lastOutcome: 'detail',
  snapshotCount: 'detail',
  diagram: 'detail',
  // It is a separate call, wherever the monitor comes from.
  planning: 'either',
};

/** What no row is sure to have: a monitor of which this is selected is never taken from a row. */
const unlisted: Selected = new Set(['lastRun']);

/** What a field that is never null says of a monitor that has gone since. */
const whenGone = { status: 'UNKNOWN' } as const;

/** By its newer name, or the older one. */
function readTime<Name extends 'created' | 'updated'>(record: Body, name: Name, olderName: `${Name}_at`) {
  return toDateTime(read(record, isNullish(record.get(name)) ? olderName : name));
}

/** What a row says: it may lack members that the monitor has. */
const facts: MonitorFacts = {
  name(row) {
    const member = isNullish(row.get('query')) ? 'url' : 'query';
    const isStated = row.get('query') !== undefined || row.get('url') !== undefined;
    return isStated ? toKnown(read(row, member)) : undefined;
  },
  enabled(row) {
    const status = statuses.get(row.get('status'));
    return status === undefined ? undefined : status === 'ACTIVE';
  },
  lastOutcome: (row) =>
    row.get('last_run') !== undefined && hasLastOutcome(row) ? toKnown(readLastOutcome(row)) : undefined,
  lastRunAt(row) {
    if (row.get('status') === 'provisioning' || row.get('last_run') === null) return null;
    return toLastRunAt(row);
  },
};

const toKnown = <Value>(found: Found<Value>) => (found instanceof Error ? undefined : found);

const readList = createReader<components['schemas']['MonitorList']>('OLOSTEP', MonitorList);

/** It comes whole: no paging of it is known [I]. */
const list = wholeMonitorList({
  provider: 'OLOSTEP',
  request: { path: '/v1/monitors', echoes: {} },
  // Known from the clients' code alone [O8], [O9].
  requestWithDeleted: { path: '/v1/monitors?include_deleted=true', echoes: {} },
  member: 'monitors',
  isId: isMonitorId,
  // By its newer name, or the older one.
  toId: (item) => item.id ?? item.monitor_id,
  toRow: (item, row) => ({
    lastRunAt: toLastRunAt(row),
    lastRunMark: isObject(item.last_run) ? JSON.stringify(item.last_run) : undefined,
    // A monitor that is being set up has not run yet [O7]. `last_run: null` alone says nothing sure of its events.
    hasNeverRun: item.status === 'provisioning',
    createdAt: toCreatedAt(item),
  }),
  readCount: (page) => toCount(readList(page, 'count')),
});

/** In Unix milliseconds, of whole seconds, as the list of runs has them; `undefined` when the row doesn't say. */
function toLastRunAt(row: Body): number | undefined {
  const time = readLastRunAt(row);
  return typeof time === 'string' ? Math.floor(Date.parse(time) / second) * second : undefined;
}

/** In Unix milliseconds; `undefined` when the row doesn't say. By its newer name, or the older one [O5]. */
function toCreatedAt({ created, created_at: createdAt }: Readonly<Record<string, unknown>>): number | undefined {
  const value = created ?? createdAt;
  const time = typeof value === 'number' || typeof value === 'string' ? toDateTime(value) : undefined;
  return typeof time === 'string' ? Date.parse(time) : undefined;
}

export const monitors: MonitorDefinition = {
  typeName: 'OlostepMonitor',
  isKey: isMonitorId,
  expectedKey: 'Expected an Olostep id: monitor_… followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: (monitorId, selected) => ({
    kind: 'monitor',
    // To count costs Olostep a query, and without the parameter, it counts [O7].
    path: `/v1/monitors/${monitorId}?include_total_count=${selected.has('snapshotCount')}${
      selected.has('diagram') ? '&include-diagram=true' : ''
    }`,
    echoes: { id: monitorId, monitor_id: monitorId },
  }),
  toMonitor: toOlostepMonitor,
  toListedMonitor: toListedOlostepMonitor,
  listed: toListedFields(origins),
  facts,
  runFields: { OlostepLastRun: 'run' },
  // `ran_at` may be when the run began ([U]), and `created` is when its snapshot was made, some minutes later at most.
  lagMs: 5 * 60_000,
  ...list,
};
