/** Olostep's times, of which there are several forms, as the one form of all times. */
import { fromIsoText, fromMilliseconds } from '../date-time.ts';
import { type Found, toBadField } from '../reader.ts';

/** From Unix seconds or ISO text. */
export function toDateTime(time: Found<number | string>): Found<string> {
  if (time === null || time instanceof Error) return time;
  if (typeof time === 'string') return fromIsoText(time) ?? toBadField('OLOSTEP');
  // What has too many digits for a number is no time either.
  return (typeof time === 'number' ? fromMilliseconds(time * 1_000) : undefined) ?? toBadField('OLOSTEP');
}
