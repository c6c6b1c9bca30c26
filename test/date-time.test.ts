import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromMilliseconds } from '../src/providers/date-time.ts';

const first = Date.parse('0000-01-01T00:00:00Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');

it('A time is written as Date writes it, whichever was written before', () => {
  const times = fc.array(
    fc.oneof(fc.integer({ min: first, max: last }), fc.double({ min: first, max: last, noNaN: true })),
  );
  const near = fc.tuple(fc.integer({ min: first, max: last - 9_999_999 }), fc.array(fc.nat(9_999_999)));
  return fc.assert(
    fc.property(times, near, (any, [start, steps]) => {
      for (const time of [...any, ...steps.map((step) => start + step), first, last, -1, 0, 1]) {
        expect(fromMilliseconds(time)).toBe(new Date(time).toISOString());
      }
    }),
    { numRuns: 2_000 },
  );
});

it.each([first - 1, last + 1, 8.64e15, 8.64e15 + 1, -8.64e15, 1e300, Infinity, -Infinity, Number.NaN])(
  '%d is no time',
  (time) => expect(fromMilliseconds(time)).toBeUndefined(),
);
