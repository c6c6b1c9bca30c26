/** Values of Olostep's responses: ids, counts and times, of which there are several forms. */

import { fromIsoText, fromMilliseconds, isTime } from '../date-time.ts';
import { type Found, invalidField, type JsonNumber, toNumber } from '../response-reader.ts';

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
