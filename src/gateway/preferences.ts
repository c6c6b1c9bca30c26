/** What a client prefers, as headers like Accept, Accept-Encoding and Cache-Control say it (RFC 9110, 12.4.2 and 12.5; RFC 9111, 5.2.1). */

export interface Preference {
  /** In lower case, as are the names and values of its parameters. */
  readonly value: string;
  /** Without their quotes, and without the weight. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** From 0, which is not at all, to 1. */
  readonly weight: number;
}

/** The most preferences of a header, and parameters of a preference, that are read: no client has as many to say. */
const maxParts = 50;

/** The preferences in a header, in their order. */
export function readPreferences(header: string): Preference[] {
  return split(header.toLowerCase(), ',')
    .map(toPreference)
    .filter(({ value }) => value !== '');
}

function toPreference(text: string): Preference {
  const [value = '', ...rest] = split(text, ';').map((part) => part.trim());
  const parameters = rest.map((parameter): [name: string, value: string] => {
    const end = parameter.indexOf('=');
    return end === -1 ? [parameter, ''] : [parameter.slice(0, end).trim(), unquote(parameter.slice(end + 1).trim())];
  });
  const [, weight = '1'] = parameters.find(([name]) => name === 'q') ?? [];
  return { value, parameters: parameters.filter(([name]) => name !== 'q'), weight: toWeight(weight) };
}

/** What is no weight says nothing. */
function toWeight(text: string): number {
  const weight = Number.parseFloat(text);
  return Number.isNaN(weight) ? 1 : Math.min(Math.max(weight, 0), 1);
}

const unquote = (text: string): string =>
  text.startsWith('"') ? text.replace(/^"|"$/g, '').replaceAll(/\\(.)/g, '$1') : text;

/** The first parts between separators, those within quotes left alone. */
function split(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator, maxParts);
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let place = 0; place < text.length && parts.length < maxParts; place++) {
    const char = text[place];
    if (isQuoted && char === '\\') place++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, place));
      start = place + 1;
    }
  }
  return [...parts, text.slice(start)].slice(0, maxParts);
}

/**
 * In milliseconds; infinite when the request doesn't say. `no-cache` means 0, unless `Pragma` comes with it: browsers add both by
 * themselves where a page wants no cache of the browser's own.
 */
export function readMaxAgeMs(cacheControl: string | null | undefined, pragma: string | null | undefined): number {
  let maxAgeMs = Number.POSITIVE_INFINITY;
  if (!cacheControl) return maxAgeMs;
  for (const { value } of readPreferences(cacheControl)) {
    const [, seconds] = /^max-age="?(\d{1,10})"?$/.exec(value) ?? [];
    if (seconds !== undefined) maxAgeMs = Math.min(maxAgeMs, Number(seconds) * 1_000);
    else if (value === 'no-cache' && pragma == null) maxAgeMs = 0;
  }
  return maxAgeMs;
}
