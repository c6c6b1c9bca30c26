/** What the figures have to be. */
import type { Spread } from '../measure/median.ts';
import { spreadOf } from '../measure/median.ts';
import type { Span } from '../measure/memory.ts';
import type { Results } from '../results.ts';
import type { Memory } from '../trials/resident-memory.ts';
import { type Figure, figureOf, ratioOf } from './figures.ts';
import { notMeasured, orNot, toRatio, toTable } from './text.ts';

interface Goal {
  readonly title: string;
  readonly limit: number;
  /** Whether the limit is the least that will do, not the most. */
  readonly isLeast?: boolean;
  readonly unit?: string;
  readonly value: (results: Results) => Spread | undefined;
}

const workloads = ['W1', 'W2', 'W3', 'W4ids', 'W4page'] as const;

/** No goal was set for the one by dispatch: it is held to the same. */
const restLimits = [1.1, 1, 0.85, 0.4, 0.75];

/** CPU per request, ours divided by the other's: a limit for each workload, or none. */
const cpuLimits: Readonly<Record<string, readonly (number | undefined)[]>> = {
  bare: [1.5, 1.8, 1.4, 1.6, 8],
  rest: restLimits,
  restDispatch: restLimits,
  mercurius: [1.1, 1, 0.9, 0.45, 0.8],
  yoga: [0.28, 0.36, 0.55, 0.4, 0.45],
  apollo: [1, 1, 1, 1, 1],
  hive: [1, 1, 1, 1, 1],
  tailcall: [undefined, undefined, 1, 1, 1],
};

const ours = (title: string, limit: number, workload: string, other: string, figure: Figure): Goal => ({
  title,
  limit,
  value: (results) => ratioOf(results, workload, ['ours', other], figure),
});

const cpuGoals = Object.entries(cpuLimits).flatMap(([other, limits]) =>
  limits.flatMap((limit, index) => {
    const workload = workloads[index];
    if (limit === undefined || workload === undefined) return [];
    return [ours(`CPU per request ÷ ${other}, ${workload}`, limit, workload, other, 'cpuMicros')];
  }),
);

const memoryGoal = (title: string, limit: number, column: keyof Memory): Goal => ({
  title: `resident memory ${title}`,
  limit,
  unit: ' MB',
  value: ({ memoryMb }) => toSpread(memoryMb?.ours?.[column]),
});

/**
 * The first two minutes are left out. V8 gives the heap its room by what is in use after mark-compacts, which are about a minute
 * apart here: after the second of them memory is filled.
 */
const flatGoal = (side: keyof Span, of: (...mb: number[]) => number): Goal => ({
  title: `the ${side} memory in the minutes 6 to 10 ÷ in 3 to 5, 128 clients`,
  limit: 1.1,
  value: ({ soakMb }) => {
    const part = (from: number, to: number) => soakMb && of(...soakMb.slice(from, to).map((span) => span[side]));
    return divide(part(5, 10), part(2, 5));
  },
});

const goals: readonly Goal[] = [
  ...cpuGoals,
  ours('CPU per never-seen document ÷ mercurius', 1.25, 'unseen', 'mercurius', 'cpuMicros'),
  { ...ours('requests per second ÷ bare, 128 clients', 0.75, 'W1-c128', 'bare', 'requestsPerSecond'), isLeast: true },
  ours('p50 ÷ bare, one client', 1.25, 'W1-c1', 'bare', 'p50Micros'),
  memoryGoal('idle', 100, 'idle'),
  memoryGoal('on W1 at 128 clients', 180, 'W1-c128'),
  {
    title: 'resident memory in 10 minutes of W1 at 128 clients',
    limit: 180,
    unit: ' MB',
    value: ({ soakMb }) => toSpread(soakMb && Math.max(...soakMb.map(({ most }) => most))),
  },
  memoryGoal('on W3', 200, 'W3'),
  memoryGoal('on W4page', 280, 'W4page'),
  memoryGoal('after 100,000 texts', 250, 'after 100,000 texts'),
  {
    title: 'memory after 100,000 texts ÷ after 10,000',
    limit: 1.1,
    value: ({ memoryMb: { ours } = {} }) => divide(ours?.['after 100,000 texts'], ours?.['after 10,000 texts']),
  },
  {
    title: 'memory after 100,000 requests ÷ after 10,000',
    limit: 1.1,
    value: ({ memoryMb: { ours } = {} }) => divide(ours?.['after 100,000 × W1'], ours?.['after 10,000 × W1']),
  },
  // Garbage goes up for minutes and down at once: what stays is seen where it is down, what it takes where it is up.
  flatGoal('most', Math.max),
  flatGoal('least', Math.min),
  {
    title: 'start to first answer, one file ÷ bare and its packages',
    limit: 1.6,
    value: ({ startMs: { ours = [], bare = [] } = {} }) =>
      spreadOf(ours.map((ms, round) => ms / (bare[round] ?? Number.NaN))),
  },
  {
    title: 'CPU per run: of 100 keys ÷ of one',
    limit: 1,
    value: (results) => {
      const [one, hundred] = ['keys-1', 'keys-100'].map((name) => figureOf(results, name, 'ours', 'cpuMicros')?.median);
      return divide(hundred && hundred / 100, one);
    },
  },
];

const toSpread = (value: number | undefined): Spread | undefined => spreadOf(value === undefined ? [] : [value]);
const divide = (value: number | undefined, unit: number | undefined) =>
  toSpread(value === undefined || unit === undefined ? undefined : value / unit);

/** Every goal, what it came to, and whether that will do. */
export function judge(results: Results): string {
  const rows = goals.map(({ title, limit, isLeast = false, unit = '', value }) => {
    const spread = value(results);
    const isMet = spread && (isLeast ? spread.median >= limit : spread.median <= limit);
    const limitText = `${isLeast ? '≥' : '≤'} ${limit}${unit}`;
    const valueText = orNot(spread, (spread) =>
      unit === ''
        ? spread.min === spread.max
          ? spread.median.toFixed(2)
          : toRatio(spread)
        : `${Math.round(spread.median)}${unit}`,
    );
    return [title, limitText, valueText, isMet === undefined ? notMeasured : isMet ? 'met' : '**not met**'];
  });
  return toTable(['ours', 'goal', 'median (spread)', ''], rows);
}
