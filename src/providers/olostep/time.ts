/** Olostep's times, of which there are several forms, as the one form of all times. */
import { fromIsoText, fromMilliseconds, isTime } from '../date-time.ts';
import { type JsonNumber, toNumber } from '../numbers.ts';
import { type Found, invalidField } from '../response-reader.ts';

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
