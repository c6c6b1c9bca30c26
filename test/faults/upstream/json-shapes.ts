/** JSON that is costly to read: few kinds of value, as many times as a response has room for. */
import { createRandom, type Random } from '../../resolvers/one-value/random.ts';

/** A response of Olostep's about a run, of nearly as many bytes as are read. */
export interface JsonShape {
  readonly name: string;
  readonly body: string;
}

/** The member of the run that is costly. */
const members = ['snapshot', 'events', 'log_group', 'run_id', 'undocumented'] as const;

/** Values, each by a number that makes it another one than those before. */
const units: Readonly<Record<string, (n: number, random: Random) => string>> = {
  numbers: String,
  'large exponents': () => '1e999',
  'long numbers': (n) => `${10_000_000_000_000_000n + BigInt(n)}`,
  'very long numbers': (n) => `1${String(n).padStart(2_000, '0')}`,
  'small fractions': (n) => `0.${n}`,
  words: (n) => (n % 2 ? 'true' : 'null'),
  'empty lists': () => '[]',
  'empty objects': () => '{}',
  'empty strings': () => '""',
  'short strings': (n) => `"${n}"`,
  'long strings': (n) => `"${`text ${n} `.repeat(500)}"`,
  'strings beyond ASCII': (n) => `"漢字 ${n} é 😀"`,
  'strings of escapes': (n) => `"${n}${'\\n\\u00e9\\"'.repeat(50)}"`,
  'deep lists': () => `${'['.repeat(60)}${']'.repeat(60)}`,
  'deep objects': () => `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`,
  'lists too deep': () => `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  'small objects': (n) => `{"a":${n}}`,
  'objects of different names': (n) => `{"m${n}":1}`,
  'objects of many names': (n) => `{${Array.from({ length: 20 }, (_, place) => `"m${n}_${place}":${place}`)}}`,
  'names by their codes': (n) => `{"\\u0061${n}":1}`,
  'one name many times': () => `{${'"a":1,'.repeat(50)}"a":2}`,
  events: (n) => `{"id":"${n}","ts":${1.7e12 + n},"message":"m","event":{"type":"tick"}}`,
  'events of odd names': (n) => `{"\\u0069d":"${n}","ts":${1.7e12 + n},"event":{"type":"tick"}}`,
  'lists of numbers': (n) => `[${`${n},`.repeat(20)}1e999]`,
  'white space': (n) => `${' '.repeat(200)}${n}${'\n'.repeat(200)}`,
  'escaped keys': () => `"${'\\u0063'.repeat(100)}"`,
  'percent signs': () => `"${'%25'.repeat(100)}"`,
};

const unitNames = Object.keys(units);

/** How the values are held together. */
const wholes: Readonly<Record<string, (next: (n: number) => string, bytes: number) => string>> = {
  'a list of': (next, bytes) => `[${fill(next, bytes)}]`,
  'an object of': (next, bytes) => `{${fill((n) => `"n${n}":${next(n)}`, bytes)}}`,
  'an object with one name, of': (next, bytes) => `{${fill((n) => `"a":${next(n)}`, bytes)}}`,
  'a list in an object, of': (next, bytes) => `{"a":[${fill(next, bytes)}]}`,
  'lists in a list, of': (next, bytes) => `[${fill((n) => `[${fill((m) => next(1_000 * n + m), 10_000)}]`, bytes)}]`,
};

const wholeNames = Object.keys(wholes);

/** Values with commas between them, of so many bytes, or a single one. */
function fill(next: (n: number) => string, bytes: number): string {
  const parts: string[] = [];
  let length = 0;
  for (let n = 0; ; n++) {
    const part = next(n);
    length += Buffer.byteLength(part) + 1;
    if (length > bytes && n > 0) return parts.join();
    parts.push(part);
  }
}

/** The shape of that number; each kind of value comes before any comes again. */
export function toJsonShape(number: number, ids: Readonly<Record<string, string>>, bytes: number): JsonShape {
  const random = createRandom(number);
  const unitName = unitNames[number % unitNames.length] as string;
  const otherName = random.oneIn(3) ? random.oneOf(unitNames) : unitName;
  const wholeName = random.oneOf(wholeNames);
  const member = random.oneOf(members);
  const next = (n: number) => (units[n % 2 ? otherName : unitName] as (typeof units)[string])(n, random);
  const value = (wholes[wholeName] as (typeof wholes)[string])(next, bytes);
  return {
    name: `${member}: ${wholeName} ${[...new Set([unitName, otherName])].join(' and ')}`,
    body: JSON.stringify({ ...ids, [member]: '@' }).replace('"@"', () => value),
  };
}
