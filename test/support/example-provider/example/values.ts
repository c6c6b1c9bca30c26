/** What Example's responses hold: ids, and times in Unix seconds. */
import { fromMilliseconds } from '../date-time.ts';
import { type Found, invalidField, type JsonNumber, toNumber } from '../response-reader.ts';

export const isWatchId = (text: string): boolean => /^[a-z0-9-]{1,64}$/.test(text);
export const isCheckId = (text: string): boolean => /^\d{1,12}$/.test(text);

/** A time as it is shown. */
export function toTime(found: Found<JsonNumber>): Found<string> {
  const seconds = toNumber(found);
  return typeof seconds === 'number' ? (fromMilliseconds(seconds * 1_000) ?? invalidField('EXAMPLE')) : seconds;
}

/** A time in Unix milliseconds; `undefined` when it is none. */
export const toMilliseconds = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && fromMilliseconds(seconds * 1_000) !== undefined ? seconds * 1_000 : undefined;
