/** What many samples say together. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median and how far the samples lie apart; `undefined` when there are none. */
export function spreadOf(samples: readonly number[]): Spread | undefined {
  const sorted = samples.filter(Number.isFinite).sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const [low = min, high = max] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return { median: (low + high) / 2, min, max };
}
