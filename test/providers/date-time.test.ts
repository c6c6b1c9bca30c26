import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromIsoText, fromMilliseconds } from '../../src/providers/date-time.ts';
import { createWorld } from '../support/world.ts';

const first = Date.parse('0000-01-01T00:00:00Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');

it('DateTime: A time is written as Date writes it, whichever was written before', () => {
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
  'DateTime: %d is no time',
  (time) => expect(fromMilliseconds(time)).toBeUndefined(),
);

it('DateTime: A text is read as Date reads it, whichever way it says UTC, and however many digits its second has', () => {
  const time = fc.integer({ min: first, max: last });
  const zone = fc.constantFrom('Z', '+00:00', '');
  const digits = fc.stringMatching(/^\d{0,9}$/);
  return fc.assert(
    fc.property(time, zone, digits, (time, zone, digits) => {
      const seconds = new Date(time).toISOString().slice(0, 19);
      const fraction = digits === '' ? '' : `.${digits}`;
      expect(fromIsoText(`${seconds}${fraction}${zone}`)).toBe(new Date(`${seconds}${fraction}Z`).toISOString());
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ['2026-02-29T08:00:00Z', undefined],
  ['2026-02-28T24:00:00Z', '2026-03-01T00:00:00.000Z'],
  ['2026-02-28T25:00:00Z', undefined],
  ['2026-13-01T08:00:00Z', undefined],
  ['2026-01-01T08:00:00.Z', undefined],
  ['2026-01-01T08:00:00+02:00', '2026-01-01T06:00:00.000Z'],
  ['2026-01-01 08:00:00', '2026-01-01T08:00:00.000Z'],
  ['2026-01-01', '2026-01-01T00:00:00.000Z'],
])('DateTime: %s is read as %s', (text, time) => expect(fromIsoText(text)).toBe(time));

describe('DateTime: an argument that is a time', () => {
  const monitor = (provider: string, monitorId: string, argument: string) => (time: string) =>
    `{ monitor(key: { provider: ${provider}, monitorId: "${monitorId}" }) { runs(${argument}: ${time}) { totalCount } } }`;
  const queries = [
    ['DatafoldMonitor.runs(startedAfter)', monitor('DATAFOLD', '7', 'startedAfter')],
    ['DatafoldMonitor.runs(startedBefore)', monitor('DATAFOLD', '7', 'startedBefore')],
    ['OlostepMonitor.runs(startedAfter)', monitor('OLOSTEP', 'monitor_a', 'startedAfter')],
    ['OlostepMonitor.runs(startedBefore)', monitor('OLOSTEP', 'monitor_a', 'startedBefore')],
    ['Query.runs(since)', (time: string) => `{ runs(since: ${time}) { isComplete } }`],
    ['Query.runs(until)', (time: string) => `{ runs(until: ${time}) { isComplete } }`],
  ] as const;
  const refused = [
    ...['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00+00:01'],
    '9999-12-31T23:59:59.999-00:01',
  ];

  it.each(queries)('is refused before any call outside of the years 1970 to 9999: %s', async (_name, toQuery) => {
    const world = await createWorld();

    for (const time of refused) {
      const asVariable = toQuery('$time').replace('{', 'query ($time: DateTime) {');
      for (const answer of [await world.execute(toQuery(`"${time}"`)), await world.execute(asVariable, { time })]) {
        expect(answer.errors, time).toMatchObject([
          {
            message: expect.stringContaining('of the years 1970 to 9999'),
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ]);
        expect(answer.data, time).toBeUndefined();
      }
    }
    expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
  });

  it.each(queries)('may be the first and the last of these years: %s', async (_name, toQuery) => {
    const world = await createWorld();
    const page = { count: 0, page: 1, total_pages: 0, monitors: [], runs: [], data: [], has_more: false };
    for (const far of [world.datafold, world.olostep]) far.onAny({ body: page });

    for (const time of ['1970-01-01T00:00:00Z', '1969-12-31T23:00:00-01:00', '9999-12-31T23:59:59.999Z'])
      expect((await world.execute(toQuery(`"${time}"`))).errors, time).toBeUndefined();
  });
});
