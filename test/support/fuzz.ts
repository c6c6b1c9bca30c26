/** Property tests with many cases: `npm test` tries a few of them, and `npm run test:fuzz` all. */

const isWhole = process.env.FUZZ === 'true';

/** The options of such a test, by which `npm run test:fuzz` finds it. */
export const fuzz = { tags: ['fuzz'], timeout: 300_000 };

/** How many cases are tried: the first number with `npm run test:fuzz`, the second with `npm test`. */
export const casesOf = (all: number, few: number): number => (isWhole ? all : few);
