/** Random choices that a seed repeats. */
export interface Dice {
  /** A whole number from 0 up to and without `end`. */
  below(end: number): number;
  of<Item>(items: readonly Item[]): Item;
}

/** Mulberry32. */
export function createDice(seed: number): Dice {
  let state = seed;
  const below = (end: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
  return { below, of: <Item>(items: readonly Item[]) => items[below(items.length)] as Item };
}
