/** Values of Datafold's answers, in the forms that the schema has. */
import type { ProviderError } from '../../core/errors.ts';
import { toDigits } from '../../json/lossless.ts';
import { fromIsoText } from '../date-time.ts';
import type { JsonNumber } from '../numbers.ts';
import { type Found, invalidField } from '../response-reader.ts';

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
