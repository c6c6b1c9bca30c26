/** Values of Datafold's answers, in the forms that the schema has. */
import type { ProviderError } from '../../errors.ts';
import { isRawJson, toDigits } from '../../json/json.ts';
import { fromIsoText } from '../date-time.ts';
import { type Found, toBadField } from '../reader.ts';

/** A time as it is shown. */
export const toTime = (text: Found<string>): Found<string> =>
  typeof text === 'string' ? (fromIsoText(text) ?? toBadField('DATAFOLD')) : text;

/** The id of something, digit for digit. */
export const toId = (id: Found<number>): string | null | ProviderError =>
  id === null || id instanceof Error ? id : (toDigits(id) ?? toBadField('DATAFOLD'));

/** A number that isn't an id: of one with very many digits the last ones don't matter. */
export const toNumber = (number: Found<number>): Found<number> => (isRawJson(number) ? Number(number.rawJSON) : number);

/** A time in Unix milliseconds; `undefined` when it is none. */
export function toMilliseconds(value: unknown): number | undefined {
  const text = typeof value === 'string' ? fromIsoText(value) : undefined;
  return text === undefined ? undefined : Date.parse(text);
}
