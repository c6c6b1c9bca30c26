/** How a hostile provider writes the key that it was sent, and how it is found whatever the notation. */
const toCode = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
const toPercent = (one: string) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`;
const codes = (text: string) => [...text].map(toCode).join('');
const percents = (text: string) => [...text].map(toPercent).join('');
const inString = (text: string) => JSON.stringify(text).slice(1, -1);

/** Each as a part of a JSON string. */
export const notations: Readonly<Record<string, (key: string) => string>> = {
  'as it is': (key) => key,
  'by its codes': codes,
  'by its codes in capitals': (key) => codes(key).replaceAll(/(?<=\\u)\w+/g, (code) => code.toUpperCase()),
  'with its first letter by its code': (key) => toCode(key) + key.slice(1),
  'with its last letter by its code': (key) => key.slice(0, -1) + toCode(key.slice(-1)),
  'percent-encoded': percents,
  'percent-encoded in capitals': (key) => percents(key).toUpperCase(),
  'percent-encoded twice': (key) => percents(percents(key)),
  'percent-encoded by halves': (key) => key.slice(0, 8) + percents(key.slice(8)),
  'percent-encoded by its codes': (key) => codes(percents(key)),
  'in JSON in a string': (key) => inString(JSON.stringify({ key })),
  'by its codes in JSON in a string': (key) => inString(`{"key":"${codes(key)}"}`),
  'percent-encoded in JSON in a string': (key) => inString(JSON.stringify({ url: `?${percents(key)}` })),
  'behind a backslash': (key) => `\\\\${key}`,
  'behind half a code': (key) => `\\\\u00${key}`,
  'behind a percent sign': (key) => `%${key}`,
  'behind half a percent code': (key) => `%2${key}`,
  'behind 15 of its letters': (key) => key.slice(0, 15) + key,
  'behind all but its last letter': (key) => key.slice(0, -1) + codes(key),
  'twice, the first time broken': (key) => `${key.slice(0, 9)}\\u0000${key.slice(9)}${key}`,
  'behind 64 KiB': (key) => 'x'.repeat(65_536) + key,
  'across 512 KiB': (key) => '-'.repeat(524_288 - 300) + key,
  'behind a hundred thousand escapes': (key) => '\\n'.repeat(100_000) + key,
};

/** Decoding more takes the attack seconds. */
const maxDecoded = 1_000_000;

/** Whether the text holds the key, in any of these notations. */
export function holdsKey(text: string, key: string): boolean {
  if (includesKey(text, key)) return true;
  let decoded = text.slice(0, maxDecoded);
  for (let level = 0; level < 3; level++) {
    if (includesKey(decoded, key)) return true;
    decoded = decoded
      .replaceAll(/\\u([0-9a-f]{4})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replaceAll(/\\(["\\/])/g, '$1');
    const unescaped = decoded;
    for (let encoding = 0; encoding < 2; encoding++) {
      decoded = decoded.replaceAll(/%([0-9a-f]{2})/gi, (_all, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      );
      if (includesKey(decoded, key)) return true;
    }
    decoded = unescaped;
  }
  return false;
}

/** The same as `text.includes(key)`, which takes seconds a MiB for a long key that repeats itself, as an attacker chooses one. */
function includesKey(text: string, key: string): boolean {
  if (key.length < 100) return text.includes(key);
  // Knuth, Morris and Pratt: of each prefix of the key, the length of its longest proper prefix that it ends with.
  const failures = new Uint16Array(key.length);
  for (let place = 1, matched = 0; place < key.length; place++) {
    while (matched > 0 && key[matched] !== key[place]) matched = failures[matched - 1] as number;
    if (key[matched] === key[place]) matched++;
    failures[place] = matched;
  }
  for (let place = 0, matched = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    while (matched > 0 && key.charCodeAt(matched) !== code) matched = failures[matched - 1] as number;
    if (key.charCodeAt(matched) === code) matched++;
    if (matched === key.length) return true;
  }
  return false;
}
