/** How many there are of something. */
import { type JsonNumber, toNumber } from '../numbers.ts';
import { type Found, invalidField } from '../response-reader.ts';

const most = 2 ** 31 - 1;

/** The count as GraphQL's `Int` has it; an error when it is none. */
export function toCount(found: Found<JsonNumber>): Found<number> {
  const count = toNumber(found);
  if (count === null || count instanceof Error) return count;
  return Number.isInteger(count) && count >= 0 && count <= most ? count : invalidField('OLOSTEP');
}
