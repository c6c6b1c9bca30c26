/**
 * What Olostep's responses hold: ids, counts and times, of which there are several forms, and the objects of a monitor, as the
 * generations of Olostep's responses say them. What may be a secret is left out.
 */
import type { MonitorKey, RunKey } from '../../core/accounts.ts';
import type {
  OlostepLastRun,
  OlostepNotification,
  OlostepNotificationChannel,
  OlostepSchedule,
  OlostepSourcePolicy,
  OlostepTargetKind,
  OlostepTracked,
  RunOutcome,
} from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import { fromIsoText, fromMilliseconds, isTime } from '../date-time.ts';
import type { FieldContext, Fields } from '../fields.ts';
import { createReader, type Found, invalidField, type JsonNumber, toEach, toNumber } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import {
  Monitor,
  MonitorAgent,
  MonitorLastRun,
  MonitorNotification,
  MonitorNotificationChannel,
  MonitorSchedule,
  MonitorSourcePolicy,
  MonitorTracked,
  MonitorWebhook,
} from './openapi-checks.ts';

/**
 * Olostep documents the prefixes of its ids alone (`^monitor_`, `^run_`), open at the end: closed here, so that no id can leave
 * its place in a path. Samples are the prefix and 10 lower-case letters or digits.
 */
const monitorId = /^monitor_[A-Za-z0-9_-]{1,128}$/;
const runId = /^run_[A-Za-z0-9_-]{1,128}$/;

export const isMonitorId = (text: string): boolean => monitorId.test(text);
export const isRunId = (text: string): boolean => runId.test(text);

const most = 2 ** 31 - 1;

/** The count as GraphQL's `Int` has it; an error when it is none. */
export function toCount(found: Found<JsonNumber>): Found<number> {
  const count = toNumber(found);
  if (count === null || count instanceof Error) return count;
  return Number.isInteger(count) && count >= 0 && count <= most ? count : invalidField('OLOSTEP');
}

/** What a second is in Unix milliseconds. */
export const second = 1_000;

/** From a number of such units to Unix milliseconds. */
export function toMilliseconds(found: Found<JsonNumber>, unit = 1): Found<number> {
  const time = toNumber(found);
  if (time === null || time instanceof Error) return time;
  return isTime(time * unit) ? time * unit : invalidField('OLOSTEP');
}

/** The same as it is shown. */
export const toTime = (time: Found<number>): Found<string> =>
  typeof time === 'number' ? (fromMilliseconds(time) ?? invalidField('OLOSTEP')) : time;

/** From Unix seconds or ISO text. */
export const toDateTime = (time: Found<JsonNumber | string>): Found<string> =>
  typeof time === 'string' ? (fromIsoText(time) ?? invalidField('OLOSTEP')) : toTime(toMilliseconds(time, second));

type Schemas = components['schemas'];

const readMonitor = createReader<Schemas['Monitor']>('OLOSTEP', Monitor);
const readTracked = createReader<NonNullable<Schemas['MonitorTracked']>>('OLOSTEP', MonitorTracked);
const readPolicy = createReader<NonNullable<Schemas['MonitorSourcePolicy']>>('OLOSTEP', MonitorSourcePolicy);
const readSchedule = createReader<NonNullable<Schemas['MonitorSchedule']>>('OLOSTEP', MonitorSchedule);
const readWebhook = createReader<NonNullable<Schemas['MonitorWebhook']>>('OLOSTEP', MonitorWebhook);
const readAgent = createReader<NonNullable<Schemas['MonitorAgent']>>('OLOSTEP', MonitorAgent);

/** What is made of an object in the answer; `null` when there is none, an error when it is something else. */
function readPart<Part>(
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
export const toLastRun = (key: MonitorKey, record: Body): Found<Fields<OlostepLastRun>> =>
  readPart(
    record,
    'last_run',
    (lastRun): Fields<OlostepLastRun> => ({
      __typename: 'OlostepLastRun',
      runId: readLastRun(lastRun, 'id'),
      status: readLastRun(lastRun, 'status'),
      changed: readLastRun(lastRun, 'change_detected'),
      ranAt: readRanAt(lastRun),
      run: toRunKey(key, readLastRun(lastRun, 'id')),
    }),
  );

/** What leads to the run itself; an error when there is an id, and none that could be requested. */
function toRunKey(key: MonitorKey, runId: Found<string>): Found<RunKey> {
  if (typeof runId !== 'string') return runId;
  return isRunId(runId)
    ? { provider: key.provider, account: key.account, monitorId: key.monitorId, runId }
    : invalidField('OLOSTEP');
}

const readRanAt = (lastRun: Body) => toDateTime(readLastRun(lastRun, 'ran_at'));

/** When the last run was; `null` when there is none, or it doesn't say. */
export const readLastRunAt = (record: Body): Found<string> => readPart(record, 'last_run', readRanAt);

/**
 * How the last run ended; `null` when there is none. A run whose status is another word than the known ones may not have ended: only a
 * change that it has found is sure.
 */
export const readLastOutcome = (record: Body): Found<RunOutcome> =>
  readPart<RunOutcome>(record, 'last_run', (lastRun) => {
    const status = readLastRun(lastRun, 'status');
    const isChanged = readLastRun(lastRun, 'change_detected');
    if (status === 'failed') return 'ERRORED';
    if (isChanged === true) return 'FINDING';
    const isCompleted = status === null || status === 'completed';
    return isChanged === false && isCompleted ? 'PASSED' : 'UNKNOWN';
  });

/** Whether all that a last run has is stated, or that there is none. */
export const isWholeLastRun = (record: Body): boolean => states(record, 'id', 'status', 'change_detected', 'ran_at');

/** Whether it is stated how it ended, or that there is none. */
export const hasLastOutcome = (record: Body): boolean => states(record, 'status', 'change_detected');

/** Whether its time is stated, or that there is none. */
export const hasLastRunAt = (record: Body): boolean => states(record, 'ran_at');

function states(record: Body, ...members: readonly string[]): boolean {
  const lastRun = record.get('last_run');
  return !isObject(lastRun) || members.every((member) => lastRun[member] !== undefined);
}

const readNotification = createReader<NonNullable<Schemas['MonitorNotification']>>('OLOSTEP', MonitorNotification);
const readChannel = createReader<Schemas['MonitorNotificationChannel']>('OLOSTEP', MonitorNotificationChannel);

/** Who is notified; `null` when there is none. */
export function toNotification(record: Body): Found<Fields<OlostepNotification>> {
  if (isNullish(record.get('notification'))) return toOlderNotification(record);
  return readPart<Fields<OlostepNotification>>(record, 'notification', (notification) => ({
    __typename: 'OlostepNotification',
    events: () => readNotification(notification, 'events'),
    channels: (_args: unknown, context: FieldContext) =>
      toEach(readNotification(notification, 'channels'), context, toChannel),
  }));
}

/** Older answers have one channel and one target, in fields of the monitor. */
function toOlderNotification(record: Body): Fields<OlostepNotification> | null {
  if (isNullish(record.get('notification_channel')) && isNullish(record.get('notification_target'))) return null;
  const channel: Fields<OlostepNotificationChannel> = {
    __typename: 'OlostepNotificationChannel',
    type: () => readMonitor(record, 'notification_channel'),
    ...toTargetFields(() => readMonitor(record, 'notification_target')),
    events: null,
  };
  return { __typename: 'OlostepNotification', events: null, channels: [channel] };
}

/** @param item checked here, as the list is checked to be one and no further */
function toChannel(item: unknown): Fields<OlostepNotificationChannel> | ReturnType<typeof invalidField> {
  if (!isObject(item)) return invalidField('OLOSTEP');
  const channel = new ParsedObject(item);
  return {
    __typename: 'OlostepNotificationChannel',
    type: () => readChannel(channel, 'type'),
    ...toTargetFields(() => readChannel(channel, 'target')),
    events: () => readChannel(channel, 'events'),
  };
}

/** Of a target that can't be read the kind is unknown, and its error is at the target. */
const toTargetFields = (readTarget: () => Found<string>) => ({
  target: (): Found<string> => {
    const target = readTarget();
    return typeof target === 'string' ? toNotificationTarget(target).text : target;
  },
  targetKind: (): OlostepTargetKind | null => {
    const target = readTarget();
    if (target === null) return null;
    return typeof target === 'string' ? toNotificationTarget(target).kind : 'UNKNOWN';
  },
});

/** A target as it is shown. */
interface NotificationTarget {
  readonly kind: OlostepTargetKind;
  readonly text: string;
}

const emailAddress = /^[^\s@/\\?#:]+@[^\s@/\\?#:]+$/;
/** E.164, as Olostep documents it. */
const phoneNumber = /^\+[1-9]\d{1,14}$/;
const scheme = /^[a-z][a-z0-9+.-]*:/i;
/** Where a URL without its scheme has what may be secret. A channel's name begins with `#`. */
const endOfHost = /[/\\?]|(?<=.)#/s;

/** The target. The URL of a Slack webhook is a secret, as it lets its owner write to the channel: only its origin is shown. */
function toNotificationTarget(target: string): NotificationTarget {
  if (emailAddress.test(target)) return { kind: 'EMAIL', text: target };
  if (phoneNumber.test(target)) return { kind: 'PHONE', text: target };
  const [schemeOfUrl] = scheme.exec(target.trim()) ?? [];
  if (schemeOfUrl !== undefined) return { kind: 'URL', text: toOrigin(target) ?? schemeOfUrl.toLowerCase() };
  return { kind: 'UNKNOWN', text: target.split(endOfHost, 1)[0] ?? '' };
}

/** The origin of a URL; `undefined` when it has none, or is none. */
function toOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, protocol, host } = new URL(text);
  if (origin !== 'null') return origin;
  return host === '' ? undefined : `${protocol}//${host}`;
}
