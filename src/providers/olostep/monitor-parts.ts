/** The objects in Olostep's response to a monitor, each field of them checked as it is read: among them its last run. */
import type {
  MonitorRunKey,
  OlostepLastRun,
  OlostepSchedule,
  OlostepSourcePolicy,
  OlostepTracked,
} from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { Fields } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import {
  Monitor,
  MonitorAgent,
  MonitorLastRun,
  MonitorSchedule,
  MonitorSourcePolicy,
  MonitorTracked,
  MonitorWebhook,
} from './openapi-checks.ts';
import { isRunId, toDateTime } from './values.ts';

type Schemas = components['schemas'];

const readMonitor = createReader<Schemas['Monitor']>('OLOSTEP', Monitor);
const readTracked = createReader<NonNullable<Schemas['MonitorTracked']>>('OLOSTEP', MonitorTracked);
const readPolicy = createReader<NonNullable<Schemas['MonitorSourcePolicy']>>('OLOSTEP', MonitorSourcePolicy);
const readSchedule = createReader<NonNullable<Schemas['MonitorSchedule']>>('OLOSTEP', MonitorSchedule);
const readWebhook = createReader<NonNullable<Schemas['MonitorWebhook']>>('OLOSTEP', MonitorWebhook);
const readAgent = createReader<NonNullable<Schemas['MonitorAgent']>>('OLOSTEP', MonitorAgent);

/** What is made of an object in the answer; `null` when there is none, an error when it is something else. */
export function readPart<Part>(
  record: Body,
  name: keyof Schemas['Monitor'],
  toPart: (part: Body) => Found<Part>,
): Found<Part> {
  const value = record.get(name);
  if (isNullish(value)) return null;
  return isObject(value) ? toPart(new ParsedObject(value)) : invalidField('OLOSTEP');
}

export function toTracked(record: Body): Found<Fields<OlostepTracked>> {
  if (isNullish(record.get('tracked'))) return toOlderTracked(record);
  return readPart<Fields<OlostepTracked>>(record, 'tracked', (tracked) => ({
    __typename: 'OlostepTracked',
    type: () => readTracked(tracked, 'type'),
    urls: () => readTracked(tracked, 'urls'),
    webQuery: () => readTracked(tracked, 'web_query'),
  }));
}

/** Older answers have one page, in a field of the monitor. */
function toOlderTracked(record: Body): Fields<OlostepTracked> | null {
  if (isNullish(record.get('url'))) return null;
  const urls = () => {
    const url = readMonitor(record, 'url');
    return typeof url === 'string' ? [url] : url;
  };
  return { __typename: 'OlostepTracked', type: null, urls, webQuery: null };
}

export const toSourcePolicy = (record: Body) =>
  readPart<Fields<OlostepSourcePolicy>>(record, 'source_policy', (policy) => ({
    __typename: 'OlostepSourcePolicy',
    includeUrls: () => readPolicy(policy, 'include_urls'),
    excludeUrls: () => readPolicy(policy, 'exclude_urls'),
    includeDomains: () => readPolicy(policy, 'include_domains'),
    excludeDomains: () => readPolicy(policy, 'exclude_domains'),
  }));

export function toSchedule(record: Body): Found<Fields<OlostepSchedule>> {
  if (isNullish(record.get('schedule'))) return toOlderSchedule(record);
  return readPart<Fields<OlostepSchedule>>(record, 'schedule', (schedule) => ({
    __typename: 'OlostepSchedule',
    frequency: () => readSchedule(schedule, 'frequency'),
    cron: () => readSchedule(schedule, 'cron'),
    timezone: () => readSchedule(schedule, 'timezone'),
    nextRunAt: () => toDateTime(readSchedule(schedule, 'next_run_at')),
  }));
}

/** Older answers have the schedule in fields of the monitor, and say neither its time zone nor what comes next. */
function toOlderSchedule(record: Body): Fields<OlostepSchedule> | null {
  if (isNullish(record.get('frequency')) && isNullish(record.get('cron_expression'))) return null;
  return {
    __typename: 'OlostepSchedule',
    frequency: () => readMonitor(record, 'frequency'),
    cron: () => readMonitor(record, 'cron_expression'),
    timezone: null,
    nextRunAt: null,
  };
}

export const readWebhookUrl = (record: Body) => readPart(record, 'webhook', (webhook) => readWebhook(webhook, 'url'));

/** Older answers have the id in fields of the monitor: of the agent, or of a *forward deployed agent* alone. */
export function readAgentId(record: Body): Found<string> {
  if (!isNullish(record.get('agent'))) return readPart(record, 'agent', (agent) => readAgent(agent, 'id'));
  return readMonitor(record, isNullish(record.get('agent_id')) ? 'fda_id' : 'agent_id');
}

const readLastRun = createReader<NonNullable<components['schemas']['MonitorLastRun']>>('OLOSTEP', MonitorLastRun);

/** The last run; `null` when there is none. */
export const toLastRun = (monitorId: string, record: Body): Found<Fields<OlostepLastRun>> =>
  readPart(
    record,
    'last_run',
    (lastRun): Fields<OlostepLastRun> => ({
      __typename: 'OlostepLastRun',
      runId: readLastRun(lastRun, 'id'),
      status: readLastRun(lastRun, 'status'),
      changed: readLastRun(lastRun, 'change_detected'),
      ranAt: readRanAt(lastRun),
      run: toKey(monitorId, readLastRun(lastRun, 'id')),
    }),
  );

/** What leads to the run itself; an error when there is an id, and none that could be requested. */
function toKey(monitorId: string, runId: Found<string>): Found<MonitorRunKey> {
  if (typeof runId !== 'string') return runId;
  return isRunId(runId) ? { provider: 'OLOSTEP', monitorId, runId } : invalidField('OLOSTEP');
}

const readRanAt = (lastRun: Body) => toDateTime(readLastRun(lastRun, 'ran_at'));

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
