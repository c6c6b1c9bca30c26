/** From Datafold's schedules to ours. */
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldSchedule } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import { toNumber } from '../numbers.ts';
import type { Fields } from '../provider.ts';
import { createReader, type Found, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { CrontabSchedule, DailyInterval, HourlyInterval } from './openapi-checks.ts';

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
