/** Olostep's times, of which there are several forms, as the one form of all times. */
import { fromIsoText, fromMilliseconds } from '../date-time.ts';
import { type Found, toBadField } from '../reader.ts';

/** From Unix seconds or ISO text. */
export function toDateTime(time: Found<number | string>): Found<string> {
  if (time === null || time instanceof Error) return time;
  const found = typeof time === 'string' ? fromIsoText(time) : fromMilliseconds(time * 1_000);
  return found ?? toBadField('OLOSTEP');
}
