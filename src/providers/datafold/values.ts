/** What Datafold's responses hold: ids, times, the words for where a run is, and the objects of a monitor. */
import type { ProviderError } from '../../core/errors.ts';
import type {
  DatafoldAlert,
  DatafoldDataset,
  DatafoldNotification,
  DatafoldRunState,
  DatafoldSchedule,
  RunOutcome,
  RunPhase,
} from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject, toDigits } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import { fromIsoText } from '../date-time.ts';
import type { Fields } from '../fields.ts';
import { createReader, type Found, invalidField, type JsonNumber, toNumber } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import {
  AbsoluteAlert,
  AutomaticAlert,
  CrontabSchedule,
  DailyInterval,
  DiffAlert,
  EmailNotification,
  HourlyInterval,
  MonitorDataset,
  PagerdutyNotification,
  PercentageAlert,
  SlackNotification,
} from './openapi-checks.ts';

/** A time as it is shown. */
export const toTime = (text: Found<string>): Found<string> =>
  typeof text === 'string' ? (fromIsoText(text) ?? invalidField('DATAFOLD')) : text;

/** The id of something, digit for digit. */
export const toId = (id: Found<JsonNumber>): string | null | ProviderError =>
  id === null || id instanceof Error ? id : (toDigits(id) ?? invalidField('DATAFOLD'));

/** A time in Unix milliseconds; `undefined` when it is none. */
export function toMilliseconds(value: unknown): number | undefined {
  const text = typeof value === 'string' ? fromIsoText(value) : undefined;
  return text === undefined ? undefined : Date.parse(text);
}

const id = /^(?:0|[1-9][0-9]{0,18})$/;

/** The largest signed integer of 64 bits. */
const maxId = '9223372036854775807';

export const isId = (text: string): boolean => id.test(text) && (text.length < maxId.length || text <= maxId);

const range = `from 0 to ${maxId}, in decimal digits without sign or leading zeros.`;
export const expectedId = `Expected a Datafold id: a whole number ${range}`;
export const expectedIds = `Expected Datafold ids: whole numbers ${range}`;

/** What a word of Datafold's says on our axes. */
interface StateReading {
  readonly state: DatafoldRunState;
  readonly phase: RunPhase;
  readonly outcome: RunOutcome | null;
}

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const readings: ReadonlyMap<unknown, StateReading> = new Map(
  Object.entries({
    created: { state: 'CREATED', phase: 'PENDING', outcome: null },
    queued: { state: 'QUEUED', phase: 'PENDING', outcome: null },
    checking: { state: 'CHECKING', phase: 'RUNNING', outcome: null },
    ok: { state: 'OK', phase: 'FINISHED', outcome: 'PASSED' },
    alert: { state: 'ALERT', phase: 'FINISHED', outcome: 'FINDING' },
    error: { state: 'ERROR', phase: 'FINISHED', outcome: 'ERRORED' },
    learning: { state: 'LEARNING', phase: 'FINISHED', outcome: 'LEARNING' },
    skipped: { state: 'SKIPPED', phase: 'FINISHED', outcome: 'SKIPPED' },
    cancelled: { state: 'CANCELLED', phase: 'FINISHED', outcome: 'CANCELLED' },
  } satisfies Record<components['schemas']['MonitorRunState'], StateReading>),
);

const unknown: StateReading = { state: 'UNKNOWN', phase: 'UNKNOWN', outcome: null };

/** What the word says, if it is one of those that are known. */
export const readState = (word: unknown): StateReading => readings.get(word) ?? unknown;

type Schemas = components['schemas'];
type Schedule = Fields<DatafoldSchedule>;

const readHourly = createReader<Schemas['HourlyInterval']>('DATAFOLD', HourlyInterval);
const readDaily = createReader<Schemas['DailyInterval']>('DATAFOLD', DailyInterval);
const readCrontab = createReader<Schemas['CrontabSchedule']>('DATAFOLD', CrontabSchedule);

/**
 * The schedule, by the key that its kind alone has: an interval says what it is one level down. One without any key is none, as
 * that is what `type` is by default. An error for any other.
 */
export function toSchedule(value: unknown): Schedule | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  if (isObject(value.interval)) return toInterval(value.interval);
  const body = new ParsedObject(value);
  if (!isNullish(value.cron)) return { __typename: 'DatafoldCrontabSchedule', cron: () => readCrontab(body, 'cron') };
  const { type = 'none' } = value;
  if (type === 'none' && isNullish(value.interval)) return { __typename: 'DatafoldNoSchedule', type };
  return invalidField('DATAFOLD');
}

function toInterval(interval: Readonly<Record<string, unknown>>): Schedule | ProviderError {
  const body = new ParsedObject(interval);
  const { every, type } = interval;
  const is = (unit: string, kind: string) => every === unit || (isNullish(every) && type === kind);
  if (is('hour', 'hourly')) return { __typename: 'DatafoldHourlySchedule', every: () => readHourly(body, 'every') };
  if (!is('day', 'daily')) return invalidField('DATAFOLD');
  return {
    __typename: 'DatafoldDailySchedule',
    every: () => readDaily(body, 'every'),
    hour: () => toHour(toNumber(readDaily(body, 'hour'))),
    utcAt: () => readDaily(body, 'utc_at'),
  };
}

const toHour = (hour: Found<number>): Found<number> =>
  typeof hour === 'number' && (hour < 0 || hour > 23) ? invalidField('DATAFOLD') : hour;

const readDataset = createReader<components['schemas']['MonitorDataset']>('DATAFOLD', MonitorDataset);

/** What a monitor looks at; an error when it isn't an object. */
export function toDataset(value: unknown): Fields<DatafoldDataset> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  const body = new ParsedObject(value);
  return {
    __typename: 'DatafoldDataset',
    connectionId: () => toId(readDataset(body, 'connection_id')),
    table: () => readDataset(body, 'table'),
    column: () => readDataset(body, 'column'),
    filter: () => readDataset(body, 'filter'),
    metric: () => readDataset(body, 'metric'),
    query: () => readDataset(body, 'query'),
  };
}

const readDiff = createReader<Schemas['DiffAlert']>('DATAFOLD', DiffAlert);
const readAutomatic = createReader<Schemas['AutomaticAlert']>('DATAFOLD', AutomaticAlert);
const readAbsolute = createReader<Schemas['AbsoluteAlert']>('DATAFOLD', AbsoluteAlert);
const readPercentage = createReader<Schemas['PercentageAlert']>('DATAFOLD', PercentageAlert);

/** By Datafold's word for the type. */
const alertKinds: ReadonlyMap<unknown, (alert: Body) => Fields<DatafoldAlert>> = new Map(
  Object.entries({
    diff: (alert: Body) => ({
      __typename: 'DatafoldDiffAlert' as const,
      differentRowsCount: () => toNumber(readDiff(alert, 'different_rows_count')),
      differentRowsPercent: () => toNumber(readDiff(alert, 'different_rows_percent')),
      matchRatioMin: () => toNumber(readDiff(alert, 'match_ratio_min')),
    }),
    automatic: (alert: Body) => ({
      __typename: 'DatafoldAutomaticAlert' as const,
      sensitivity: () => toNumber(readAutomatic(alert, 'sensitivity')),
    }),
    absolute: (alert: Body) => ({
      __typename: 'DatafoldAbsoluteAlert' as const,
      min: () => toNumber(readAbsolute(alert, 'min')),
      max: () => toNumber(readAbsolute(alert, 'max')),
    }),
    percentage: (alert: Body) => ({
      __typename: 'DatafoldPercentageAlert' as const,
      increase: () => toNumber(readPercentage(alert, 'increase')),
      decrease: () => toNumber(readPercentage(alert, 'decrease')),
    }),
  }),
);

/** The alert; an error when it isn't one of those that are documented. */
export function toAlert(value: unknown): Fields<DatafoldAlert> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  return alertKinds.get(value.type)?.(new ParsedObject(value)) ?? invalidField('DATAFOLD');
}

const readEmail = createReader<Schemas['EmailNotification']>('DATAFOLD', EmailNotification);
/** PagerDuty and a webhook have the same fields, */
const readIntegration = createReader<Schemas['PagerdutyNotification']>('DATAFOLD', PagerdutyNotification);
/** and so have Slack and Teams. */
const readChat = createReader<Schemas['SlackNotification']>('DATAFOLD', SlackNotification);

const toEmail = (body: Body) => ({
  __typename: 'DatafoldEmailNotification' as const,
  recipients: () => readEmail(body, 'recipients'),
  features: () => readEmail(body, 'features'),
});

const toIntegration =
  <Name extends 'DatafoldPagerdutyNotification' | 'DatafoldWebhookNotification'>(__typename: Name) =>
  (body: Body) => ({
    __typename,
    integrationId: () => toId(readIntegration(body, 'integration')),
    features: () => readIntegration(body, 'features'),
  });

const toChat =
  <Name extends 'DatafoldSlackNotification' | 'DatafoldTeamsNotification'>(__typename: Name) =>
  (body: Body) => ({
    __typename,
    integrationId: () => toId(readChat(body, 'integration')),
    channel: () => readChat(body, 'channel'),
    mentions: () => readChat(body, 'mentions'),
    features: () => readChat(body, 'features'),
  });

/** By Datafold's word for the type. */
const notificationKinds: ReadonlyMap<unknown, (body: Body) => Fields<DatafoldNotification>> = new Map<
  unknown,
  (body: Body) => Fields<DatafoldNotification>
>([
  ['email', toEmail],
  ['pagerduty', toIntegration('DatafoldPagerdutyNotification')],
  ['webhook', toIntegration('DatafoldWebhookNotification')],
  ['slack', toChat('DatafoldSlackNotification')],
  ['teams', toChat('DatafoldTeamsNotification')],
]);

/** The notification; an error when it isn't one of those that are documented. */
export function toNotification(value: unknown): Fields<DatafoldNotification> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  const { type = toDefaultType(value) } = value;
  return notificationKinds.get(type)?.(new ParsedObject(value)) ?? invalidField('DATAFOLD');
}

/** Each kind names its own type as the default, and only an e-mail is distinguished from the others by its fields. */
const toDefaultType = ({ recipients }: Readonly<Record<string, unknown>>) =>
  recipients === undefined ? undefined : 'email';
