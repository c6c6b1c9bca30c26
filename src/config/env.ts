/** Variables of the environment -> values: how a setting is read, and what is said of one that is wrong. */
import * as v from 'valibot';

export type Env = Readonly<Record<string, string | undefined>>;

/** Text that `accepts` accepts. @param expected what it must be, after the word "expected" */
export const setting = (expected: string, accepts: (text: string) => boolean) =>
  v.pipe(v.string(), v.trim(), v.check(accepts, `expected ${expected}`));

/** Several of them, separated by commas. */
export const listSetting = (expected: string, accepts: (text: string) => boolean) =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(',').map((item) => item.trim())),
    v.check((items) => items.every(accepts), `expected ${expected}, separated by commas`),
  );

export const flagSetting = v.pipe(
  setting('true or false', (text) => text === 'true' || text === 'false'),
  v.transform((text) => text === 'true'),
);

/** A whole number from `min` to 2^31 - 1, beyond which the timers of Node.js turn round. */
const wholeNumberSetting = (min: 0 | 1) =>
  v.pipe(
    setting(
      `a whole number from ${min} to 2147483647`,
      (text) => /^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) < 2 ** 31,
    ),
    v.transform(Number),
  );

export const countSetting = wholeNumberSetting(1);
/** The same of a limit that 0 switches off. */
export const optionalCountSetting = wholeNumberSetting(0);

/** A number above 0 that is 1 at the most. */
export const shareSetting = v.pipe(
  setting('a number above 0, and at most 1', (text) => /^(?:0?\.\d{1,9}|1)$/.test(text) && Number(text) > 0),
  v.transform(Number),
);

type Settings<Entries extends v.ObjectEntries> = Partial<v.InferOutput<v.ObjectSchema<Entries, undefined>>>;

/**
 * Reads the settings from the variables of their names behind `prefix`, and adds what is wrong to `problems`. What is
 * wrong isn't in what it returns; the rest is, so that one mistake doesn't hide another.
 */
export function readSettings<Entries extends v.ObjectEntries>(
  entries: Entries,
  env: Env,
  problems: string[],
  prefix = '',
): Settings<Entries> {
  // A variable that is set but empty counts as not set, as the line `NAME=` of an .env file means it.
  const read = Object.entries(entries).flatMap(([name, entry]) => {
    const result = v.safeParse(v.object({ [name]: entry }), { [name]: env[prefix + name] || undefined });
    if (result.success) return Object.entries(result.output);
    for (const { message } of result.issues) problems.push(`${prefix}${name}: ${message}`);
    return [];
  });
  return Object.fromEntries(read) as Settings<Entries>;
}
