/** The objects in Olostep's answer to a monitor, each field of them checked as it is read. */
import type {
  OlostepNotification,
  OlostepNotificationChannel,
  OlostepSchedule,
  OlostepSourcePolicy,
  OlostepTracked,
} from '../../generated/types.ts';
import { isAbsent, isObject } from '../../json/json.ts';
import { ParsedMembers } from '../../json/members.ts';
import type { Body } from '../../upstream/body.ts';
import type { FieldContext, Fields } from '../provider.ts';
import { createReader, type Found, toBadField, toEach } from '../reader.ts';
import type { components } from './openapi.d.ts';
import {
  MonitorAgent,
  MonitorNotification,
  MonitorNotificationChannel,
  MonitorSchedule,
  MonitorSourcePolicy,
  MonitorTracked,
  MonitorWebhook,
} from './openapi-checks.ts';
import { toDateTime } from './time.ts';

type Schemas = components['schemas'];

const readTracked = createReader<NonNullable<Schemas['MonitorTracked']>>('OLOSTEP', MonitorTracked);
const readPolicy = createReader<NonNullable<Schemas['MonitorSourcePolicy']>>('OLOSTEP', MonitorSourcePolicy);
const readSchedule = createReader<NonNullable<Schemas['MonitorSchedule']>>('OLOSTEP', MonitorSchedule);
const readNotification = createReader<NonNullable<Schemas['MonitorNotification']>>('OLOSTEP', MonitorNotification);
const readChannel = createReader<Schemas['MonitorNotificationChannel']>('OLOSTEP', MonitorNotificationChannel);
const readWebhook = createReader<NonNullable<Schemas['MonitorWebhook']>>('OLOSTEP', MonitorWebhook);
const readAgent = createReader<NonNullable<Schemas['MonitorAgent']>>('OLOSTEP', MonitorAgent);

/** What is made of an object in the answer; `null` when there is none, an error when it is something else. */
export function readPart<Part>(
  record: Body,
  name: keyof Schemas['Monitor'],
  toPart: (part: Body) => Found<Part>,
): Found<Part> {
  const value = record.get(name);
  if (isAbsent(value)) return null;
  return isObject(value) ? toPart(new ParsedMembers(value)) : toBadField('OLOSTEP');
}

export const toTracked = (record: Body) =>
  readPart<Fields<OlostepTracked>>(record, 'tracked', (tracked) => ({
    __typename: 'OlostepTracked',
    type: () => readTracked(tracked, 'type'),
    urls: () => readTracked(tracked, 'urls'),
    webQuery: () => readTracked(tracked, 'web_query'),
  }));

export const toSourcePolicy = (record: Body) =>
  readPart<Fields<OlostepSourcePolicy>>(record, 'source_policy', (policy) => ({
    __typename: 'OlostepSourcePolicy',
    includeUrls: () => readPolicy(policy, 'include_urls'),
    excludeUrls: () => readPolicy(policy, 'exclude_urls'),
    includeDomains: () => readPolicy(policy, 'include_domains'),
    excludeDomains: () => readPolicy(policy, 'exclude_domains'),
  }));

export const toSchedule = (record: Body) =>
  readPart<Fields<OlostepSchedule>>(record, 'schedule', (schedule) => ({
    __typename: 'OlostepSchedule',
    frequency: () => readSchedule(schedule, 'frequency'),
    cron: () => readSchedule(schedule, 'cron'),
    timezone: () => readSchedule(schedule, 'timezone'),
    nextRunAt: () => toDateTime(readSchedule(schedule, 'next_run_at')),
  }));

export const toNotification = (record: Body) =>
  readPart<Fields<OlostepNotification>>(record, 'notification', (notification) => ({
    __typename: 'OlostepNotification',
    events: () => readNotification(notification, 'events'),
    channels: (_args: unknown, context: FieldContext) =>
      toEach(readNotification(notification, 'channels'), context, toChannel),
  }));

/** @param item checked here, as the list is checked to be one and no further */
function toChannel(item: unknown): Fields<OlostepNotificationChannel> | ReturnType<typeof toBadField> {
  if (!isObject(item)) return toBadField('OLOSTEP');
  const channel = new ParsedMembers(item);
  return {
    __typename: 'OlostepNotificationChannel',
    type: () => readChannel(channel, 'type'),
    target: () => readChannel(channel, 'target'),
    events: () => readChannel(channel, 'events'),
  };
}

export const readWebhookUrl = (record: Body) => readPart(record, 'webhook', (webhook) => readWebhook(webhook, 'url'));

export const readAgentId = (record: Body) => readPart(record, 'agent', (agent) => readAgent(agent, 'id'));
