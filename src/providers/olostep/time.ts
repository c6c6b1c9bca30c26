/** Olostep's times, of which there are several forms, as the one form of all times. */
import { fromIsoText, fromMilliseconds, isTime } from '../date-time.ts';
import { type Found, toBadField } from '../reader.ts';

/** What a second is in Unix milliseconds. */
export const second = 1_000;

/** From a number of such units to Unix milliseconds. One with too many digits to be a JavaScript number is no time either. */
export function toMilliseconds(time: Found<number>, unit = 1): Found<number> {
  if (time === null || time instanceof Error) return time;
  const milliseconds = typeof time === 'number' ? time * unit : Number.NaN;
  return isTime(milliseconds) ? milliseconds : toBadField('OLOSTEP');
}

/** The same as it is shown. */
export const toTime = (time: Found<number>): Found<string> =>
  typeof time === 'number' ? (fromMilliseconds(time) ?? toBadField('OLOSTEP')) : time;

/** From Unix seconds or ISO text. */
export const toDateTime = (time: Found<number | string>): Found<string> =>
  typeof time === 'string' ? (fromIsoText(time) ?? toBadField('OLOSTEP')) : toTime(toMilliseconds(time, second));
