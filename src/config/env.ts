/**
 * Variables of the environment: how a setting is read and what is said of one that is wrong, secrets in files, and names that are
 * probably misspelt.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { providerNames } from '../providers/index.ts';
import { expectedApiKey, isApiKey } from '../upstream/credential.ts';
import { accountsIn, keyVariable } from './accounts.ts';

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

/** 0 lets the system choose. */
export const portSetting = v.pipe(
  setting('a port number from 0 to 65535', (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535),
  v.transform(Number),
);

/** A number above 0 that is 1 at the most. */
export const shareSetting = v.pipe(
  setting('a number above 0, and at most 1', (text) => /^(?:0?\.\d{1,9}|1)$/.test(text) && Number(text) > 0),
  v.transform(Number),
);

/** Documents of the providers show keys behind the scheme of their header, which the service itself adds. */
export const apiKeySetting = v.pipe(
  v.string(),
  v.trim(),
  v.check(
    (text) => !scheme.test(text),
    ({ input }) => `expected the key alone: leave out ${scheme.exec(String(input))?.[1]}`,
  ),
  v.check((text) => scheme.test(text) || isApiKey(text), `expected ${expectedApiKey}`),
);

const scheme = /^(Key|Bearer)\s/i;

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

/** The secrets whose value may be in a file, as Docker and Kubernetes mount them: `API_TOKENS_FILE` names the file of `API_TOKENS`. */
export const secretVariablesIn = (env: Env): string[] => [
  ...accountsIn(env).map(keyVariable),
  'API_TOKENS',
  'METRICS_TOKEN',
  'REDIS_URL',
];

/** The variable that names the file of a secret. */
export const fileVariable = (secret: string): string => `${secret}_FILE`;

/** The variables of such files that are set. */
export const secretFilesIn = (env: Env): string[] =>
  secretVariablesIn(env)
    .map(fileVariable)
    .filter((name) => env[name]);

/** The environment with the secrets of the files that it names. Adds what is wrong to `problems`, without a path. */
export function readSecretFiles(env: Env, problems: string[]): Env {
  const secrets = secretVariablesIn(env).flatMap((name) => {
    const path = env[fileVariable(name)];
    if (!path) return [];
    if (env[name]) problems.push(`${name}, ${fileVariable(name)}: expected one of them to be set`);
    const secret = readSecret(path);
    if (secret === undefined) problems.push(`${fileVariable(name)}: expected a file that can be read, and isn't empty`);
    return [[name, secret] as const];
  });
  return secrets.length === 0 ? env : { ...env, ...Object.fromEntries(secrets) };
}

/** Without the line break at the end that editors add. */
function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The texts of these files as they are now, to be compared with those of another time. */
export const readSecretTexts = (env: Env): string =>
  JSON.stringify(secretVariablesIn(env).map((name) => readSecret(env[fileVariable(name)] ?? '')));

/** The most letters by which a name differs from the one that is meant. */
const maxDistance = 2;

/** Shorter names are too near to those of other programs: `HOME` and `HOST`, `SORT` and `PORT`. */
const minLength = 8;

/** What a name lacks where its unit is forgotten. */
const unit = /^_(?:MS|BYTES|ENTRIES|CHARS)$/;

/** What a variable of a provider is about. */
const providerSubject = /KEY|TOKEN|SECRET|URL|HOST/;

/**
 * A sentence about each variable that nothing here reads and that looks like a misspelt one of ours, with the name that is probably
 * meant. Other programs' variables are none of our business.
 */
export function findUnknownVariables(env: Env, known: readonly string[]): string[] {
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name) || !env[name]) return [];
    const unnamed = findUnnamedAccount(name, known);
    if (unnamed !== undefined) return [unnamed];
    const nearest = findNearest(name, known);
    return nearest === undefined ? [] : [`${name}: unknown; ${nearest} is probably meant`];
  });
}

/** What is probably a variable of an account that the environment doesn't name. */
function findUnnamedAccount(name: string, known: readonly string[]): string | undefined {
  const provider = providerNames.find((one) => name.startsWith(`${one}_`));
  const [, account, setting] = /^([A-Z][A-Z0-9]{0,15})_([A-Z_]+)$/.exec(name.slice(`${provider}_`.length)) ?? [];
  if (provider === undefined || account === undefined || !known.includes(`${provider}_${setting}`)) return undefined;
  return `${name}: unknown; ${provider}_ACCOUNTS doesn't name ${account.toLowerCase()}`;
}

function findNearest(name: string, known: readonly string[]): string | undefined {
  const isOfProvider = providerNames.some((provider) => name.startsWith(`${provider}_`)) && providerSubject.test(name);
  if (!isOfProvider && (name.length < minLength || !/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(name))) return undefined;
  const longer = known.find((other) => other.startsWith(`${name}_`) && unit.test(other.slice(name.length)));
  if (longer !== undefined) return longer;
  const distances = known.map((other) => ({ other, distance: distanceOf(name, other) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  return nearest && (isOfProvider || nearest.distance <= maxDistance) ? nearest.other : undefined;
}

/** How many letters are added, left out, replaced or exchanged with their neighbour between the two. */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, place) => place)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above, before] = [rows[i - 1] ?? [], rows[i - 2] ?? []];
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const distances = [at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (isSame ? 0 : 1)];
      row.push(Math.min(...distances, isExchanged ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    rows.push(row);
  }
  return at(rows[a.length] ?? [], b.length);
}

const at = (row: readonly number[], place: number): number => row[place] ?? Number.POSITIVE_INFINITY;
