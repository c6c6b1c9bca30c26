/** Random choices that a seed repeats. */

export interface Random {
  /** A whole number from 0 to `max`. */
  upTo(max: number): number;
  oneOf<Item>(items: readonly Item[]): Item;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  /** Some of them, at least one, in their order. */
  someOf<Item>(items: readonly Item[], count: number): Item[];
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (max: number) => Math.floor(next() * (max + 1));
  const oneOf = <Item>(items: readonly Item[]) => items[upTo(items.length - 1)] as Item;
  return {
    upTo,
    oneOf,
    oneIn: (n) => upTo(n - 1) === 0,
    someOf(items, count) {
      const rest = items.map((_item, place) => place);
      const chosen = new Set<number>();
      while (chosen.size < Math.min(count, items.length))
        chosen.add(rest.splice(upTo(rest.length - 1), 1)[0] as number);
      return items.filter((_item, place) => chosen.has(place));
    },
  };
}
