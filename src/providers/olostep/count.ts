/** How many there are of something. */
import { type Found, toBadField } from '../reader.ts';

const most = 2 ** 31 - 1;

/** The count as GraphQL's `Int` has it; an error when it is none. */
export const toCount = (count: Found<number>): Found<number> =>
  count === null || count instanceof Error || (Number.isInteger(count) && count >= 0 && count <= most)
    ? count
    : toBadField('OLOSTEP');
