/** Lists of a monitor's runs at providers that follow their documents, which may be in some disorder, and what a window of one has. */
import fc from 'fast-check';

export interface ListedRun {
  readonly runId: number;
  /** Unix milliseconds; `null` where the list doesn't say. */
  readonly time: number | null;
}

export interface RunListWorld {
  /** In the order of the list. */
  readonly runs: readonly ListedRun[];
  /** The most rows that the provider sends in a page. */
  readonly cap: number;
  /** The most rows that a page is requested with. */
  readonly pageSize: number;
  /** How many runs a page of ours has. */
  readonly first: number;
  /** Unix milliseconds; `null` for no bound. */
  readonly earliest: number | null;
  readonly latest: number | null;
  /** How many runs begin before each page but the first, */
  readonly arrivals: readonly number[];
  /** and before each call. */
  readonly arrivalsAtCalls: readonly number[];
}

export const now = Date.parse('2026-11-20T08:00:00.000Z');
const minute = 60_000;

/**
 * @param disorder `none`: newest first. `little`: but for some that waited up to four minutes. `much`: in any order
 */
export const runListWorld = (disorder: 'none' | 'little' | 'much'): fc.Arbitrary<RunListWorld> =>
  fc
    .record({
      rows: fc.array(
        fc.record({
          // Several at the same time are common.
          gap: fc.oneof(fc.constant(0), fc.nat({ max: 30 * minute })),
          wait: fc.nat({ max: 4 * minute }),
          isDated: fc.boolean().chain((yes) => (yes ? fc.constant(true) : fc.boolean())),
          rank: fc.nat(),
        }),
        { maxLength: 60 },
      ),
      cap: fc.integer({ min: 1, max: 12 }),
      pageSize: fc.integer({ min: 1, max: 12 }),
      first: fc.integer({ min: 1, max: 12 }),
      bounds: fc.tuple(
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
      ),
      isOpen: fc.tuple(fc.boolean(), fc.boolean()),
      arrivals: fc.array(fc.nat({ max: 3 }), { maxLength: 40 }),
      arrivalsAtCalls: fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 2 })), { maxLength: 40 }),
    })
    .map(({ rows, bounds, isOpen, arrivals, arrivalsAtCalls, ...rest }) => {
      let time = now;
      const dated = rows.map(({ gap, wait, isDated, rank }, place) => {
        time -= gap;
        const moved = disorder === 'little' ? Math.min(time + wait, now) : time;
        return { runId: rows.length - place, time: isDated ? moved : null, rank };
      });
      if (disorder === 'much') dated.sort((a, b) => a.rank - b.rank);
      const span = now - time;
      const [a, b] = bounds.map((part) => Math.round(now - part * span)).toSorted((one, other) => one - other);
      return {
        ...rest,
        runs: dated.map(({ runId, time: at }) => ({ runId, time: at })),
        earliest: isOpen[0] ? null : (a ?? null),
        latest: isOpen[1] ? null : (b ?? null),
        arrivals: disorder === 'much' ? [] : arrivals,
        arrivalsAtCalls: disorder === 'much' ? [] : arrivalsAtCalls,
      };
    });

/** The time by which each run is placed: its own, or that of the nearest one above that has one, or now. */
export function placesOf(runs: readonly ListedRun[]): ReadonlyMap<number, number> {
  let above = now;
  return new Map(
    runs.map(({ runId, time }) => {
      above = time ?? above;
      return [runId, above];
    }),
  );
}

/** The runs of the window. */
export function expectedOf({ runs, earliest, latest }: RunListWorld): number[] {
  const places = placesOf(runs);
  return runs
    .map(({ runId }) => runId)
    .filter((runId) => {
      const time = places.get(runId) ?? 0;
      return time >= (earliest ?? Number.NEGATIVE_INFINITY) && time <= (latest ?? Number.POSITIVE_INFINITY);
    });
}
