/** The objects in Olostep's answer to a monitor, each field of them checked as it is read. */
import type { OlostepSchedule, OlostepSourcePolicy, OlostepTracked } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { Fields } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import {
  Monitor,
  MonitorAgent,
  MonitorSchedule,
  MonitorSourcePolicy,
  MonitorTracked,
  MonitorWebhook,
} from './openapi-checks.ts';
import { toDateTime } from './time.ts';

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
