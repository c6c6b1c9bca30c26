/** Figures out of samples. */
import { type Spread, spreadOf } from '../measure/median.ts';
import type { Sample } from '../measure/sample.ts';
import type { Results } from '../results.ts';

export type Figure = Exclude<keyof Sample, 'isRight'>;

/** A contender's figure on a workload; `undefined` when it wasn't measured. */
export function figureOf(results: Results, workload: string, contender: string, figure: Figure): Spread | undefined {
  return spreadOf(rightOf(results, workload, contender).map((sample) => sample?.[figure] ?? Number.NaN));
}

/** One contender's figure divided by another's in the same round. */
export function ratioOf(
  results: Results,
  workload: string,
  [contender, other]: readonly [string, string],
  figure: Figure,
): Spread | undefined {
  const others = rightOf(results, workload, other);
  const ratios = rightOf(results, workload, contender).map((sample, round) => {
    const value = sample?.[figure];
    const unit = others[round]?.[figure];
    return value === undefined || unit === undefined ? Number.NaN : value / unit;
  });
  return spreadOf(ratios);
}

/** The samples by round; in place of one in which something went wrong, nothing. */
const rightOf = ({ samples }: Results, workload: string, contender: string) =>
  (samples[workload]?.[contender] ?? []).map((sample) => (sample?.isRight ? sample : undefined));

/** How many rounds went wrong. */
export const wrongOf = (results: Results, workload: string, contender: string): number =>
  (results.samples[workload]?.[contender] ?? []).filter((sample) => sample?.isRight === false).length;
