/** How a plan bails out. */

/** What a plan throws. Always this one value, as no code reads it, and a stack would cost more than most plans. */
const unusual = Symbol('unusual');

/**
 * Ends the plan: it has met what it isn't made for.
 * @param value what it has met; if that is a promise, its failure is ignored from here on
 */
export function bailOut(value?: unknown): never {
  if (value instanceof Promise) value.catch(() => undefined);
  throw unusual;
}

/** What `find` finds, or `undefined` when it throws. */
export function unlessThrown<Found>(find: () => Found): Found | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
