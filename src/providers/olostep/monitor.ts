/** From Olostep's answer to a monitor. */
import type { OlostepMonitor, OlostepMonitorStatus } from '../../generated/types.ts';
import { isAbsent } from '../../json/json.ts';
import type { Body } from '../../upstream/body.ts';
import { identifyMonitor } from '../identity.ts';
import { later } from '../later.ts';
import type { FieldContext, MonitorFields } from '../provider.ts';
import { createReader, toFreeForm } from '../reader.ts';
import { toCount } from './count.ts';
import { readLastRunAt, toLastRun } from './last-run.ts';
import { readAgentId, readWebhookUrl, toSchedule, toSourcePolicy, toTracked } from './monitor-parts.ts';
import { toNotification } from './notification.ts';
import type { components } from './openapi.d.ts';
import { Monitor } from './openapi-checks.ts';
import { toDateTime } from './time.ts';

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
export function toOlostepMonitor(monitorId: string, record: Body): MonitorFields<OlostepMonitor> {
  const rawStatus = read(record, 'status');
  const status = statuses.get(rawStatus) ?? 'UNKNOWN';
  const freeForm = (name: 'output_schema' | 'metadata') => (_args: unknown, context: FieldContext) =>
    toFreeForm('OLOSTEP', read(record, name), context);
  return {
    ...identifyMonitor({ provider: 'OLOSTEP', monitorId }),
    __typename: 'OlostepMonitor',
    name: () => read(record, isAbsent(record.get('query')) ? 'url' : 'query'),
    enabled: status === 'UNKNOWN' ? null : status === 'ACTIVE',
    createdAt: () => readTime(record, 'created', 'created_at'),
    updatedAt: () => readTime(record, 'updated', 'updated_at'),
    lastRunAt: () => readLastRunAt(record),
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
    lastRun: () => toLastRun(monitorId, record),
    agentId: () => readAgentId(record),
    snapshotCount: () => toCount(read(record, 'total_count')),
    diagram: () => read(record, 'mermaid_diagram'),
  };
}

/** The monitor in a row of the list. What isn't sure to be there is asked for by itself, each by what is selected. */
export function toListedOlostepMonitor(monitorId: string, row: Body): MonitorFields<OlostepMonitor> {
  const key = { provider: 'OLOSTEP', monitorId } as const;
  const byItself = <Name extends 'lastRun' | 'lastRunAt' | 'snapshotCount' | 'diagram'>(name: Name) =>
    later(({ monitors }) => monitors.load(key, new Set([name])))<OlostepMonitor[Name]>(name);
  const monitor = toOlostepMonitor(monitorId, row);
  // Null is an answer too: it hasn't run yet. The CLI expects it in rows [O9]; no document says that it is there.
  const hasLastRun = row.get('last_run') !== undefined;
  return {
    ...monitor,
    lastRun: hasLastRun ? monitor.lastRun : byItself('lastRun'),
    lastRunAt: hasLastRun ? monitor.lastRunAt : byItself('lastRunAt'),
    snapshotCount: byItself('snapshotCount'),
    diagram: byItself('diagram'),
  };
}

/** By its newer name, or the older one. */
function readTime<Name extends 'created' | 'updated'>(record: Body, name: Name, olderName: `${Name}_at`) {
  return toDateTime(read(record, isAbsent(record.get(name)) ? olderName : name));
}
