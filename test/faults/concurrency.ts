/** Does a task for each item, at most `concurrency` at a time. */
export async function runConcurrently<Item>(
  concurrency: number,
  items: readonly Item[],
  task: (item: Item) => Promise<void>,
): Promise<void> {
  // One iterator for all: each worker takes the next item as soon as it is free.
  const rest = items.values();
  const go = async () => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: concurrency }, go));
}

/** The whole numbers from `start` up to and without `end`. */
export const range = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_item, index) => start + index);
