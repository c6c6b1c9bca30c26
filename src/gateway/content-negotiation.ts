/**
 * Content negotiation: the form that a client wants for its response, by Accept and Accept-Encoding (RFC 9110, 12.4.2 and 12.5), and how
 * old the response may be, by Cache-Control (RFC 9111, 5.2.1).
 */

/** Both are JSON; `application/graphql-response+json` says by its status whether anything was executed. */
const wholeTypes = ['application/json', 'application/graphql-response+json'] as const;
const partsForms = ['multipart/mixed', 'text/event-stream'] as const;

export type WholeType = (typeof wholeTypes)[number];
type PartsForm = (typeof partsForms)[number];

/** In what form a client wants its response: as one piece of JSON, or as payloads. */
export interface Wish {
  /** For an answer in one piece; `undefined` where the client takes no JSON. */
  readonly whole: WholeType | undefined;
  /**
   * For an incremental response, where it is named, and liked no less than one in one piece. A wildcard names none: who
   * sends one needn't know what parts are.
   */
  readonly parts: PartsForm | undefined;
}

/** What an Accept header accepts; an empty header accepts anything. */
export function toWish(accept: string | null | undefined): Wish {
  const { ranges, whole } = readRanges(accept);
  const ours = ranges.filter(isOurDraft);
  const parts = best(partsForms.flatMap((type) => ours.filter(names(type)).map((range) => toChoice(type, range, 0))));
  return { whole: whole?.type, parts: parts && parts.weight >= (whole?.weight ?? 0) ? parts.type : undefined };
}

/** Whether a response is incremental, and so has no length. */
export const isStream = ({ headers }: Pick<Response, 'headers'>): boolean =>
  /^(multipart\/mixed|text\/event-stream)/.test(headers.get('content-type') ?? '');

/** Whether a browser wants to look: it names HTML, and likes it no less than JSON. */
export function prefersPage(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const { ranges, whole } = readRanges(accept);
  const page = ranges.find(names('text/html'));
  return page !== undefined && page.weight > 0 && page.weight >= (whole?.weight ?? 0);
}

/** A type that could be answered with, and how much it is liked. */
interface Choice<Type> {
  readonly type: Type;
  readonly weight: number;
  /** Where in the header it is named: of those that are liked alike, the first is taken. */
  readonly place: number;
}

function readRanges(accept: string | null | undefined) {
  const named = readPreferences(accept ?? '');
  const ranges = (named.length > 0 ? named : readPreferences('*/*')).filter(isUtf8);
  const whole = best(
    wholeTypes.map((type) => {
      const range = closest(ranges.filter((range) => isIn(type, range)));
      return toChoice(type, range, range === undefined ? 0 : ranges.indexOf(range));
    }),
  );
  return { ranges, whole };
}

const toChoice = <Type>(type: Type, range: Preference | undefined, place: number): Choice<Type> => ({
  type,
  weight: range?.weight ?? 0,
  place,
});

function best<Type>(choices: readonly Choice<Type>[]): Choice<Type> | undefined {
  const [first] = choices.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight || a.place - b.place);
  return first;
}

/** No other charset is answered in. */
const isUtf8 = ({ parameters }: Preference): boolean =>
  parameters.every(([name, value]) => name !== 'charset' || value === 'utf-8');

const names =
  (type: string) =>
  ({ value }: Preference): boolean =>
    value === type;

function isIn(type: string, { value }: Preference): boolean {
  const [accepted, given] = [value.split('/'), type.split('/')];
  return accepted.length === 2 && accepted.every((half, place) => half === '*' || half === given[place]);
}

/** The range that decides: `application/json;charset=utf-8` before `application/json`, and that before a wildcard. */
const closest = (ranges: readonly Preference[]): Preference | undefined =>
  ranges.reduce<Preference | undefined>(
    (most, range) => (most === undefined || specificity(range) > specificity(most) ? range : most),
    undefined,
  );

const specificity = ({ value, parameters }: Preference): number =>
  value.split('/').filter((half) => half !== '*').length * 10 + parameters.length;

/** Clients that name the draft which they read mustn't be sent another one. */
const isOurDraft = ({ parameters }: Preference): boolean =>
  parameters.every(([name, value]) => name !== 'incrementalspec' && (name !== 'deferspec' || value === '20220824'));

/** A value of a header like Accept. */
interface Preference {
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
function readPreferences(header: string): Preference[] {
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
 * How old a response may be, in milliseconds; infinite when the request doesn't say. `no-cache` means 0, unless `Pragma` comes with it: browsers add both by
 * themselves where a page wants no cache of the browser's own.
 */
export function readMaxAgeMs(cacheControl: string, pragma: string | null | undefined): number {
  let maxAgeMs = Number.POSITIVE_INFINITY;
  for (const { value } of readPreferences(cacheControl)) {
    const [, seconds] = /^max-age="?(\d{1,10})"?$/.exec(value) ?? [];
    if (seconds !== undefined) maxAgeMs = Math.min(maxAgeMs, Number(seconds) * 1_000);
    else if (value === 'no-cache' && pragma == null) maxAgeMs = 0;
  }
  return maxAgeMs;
}

/**
 * How a response may be packed for its client (RFC 9110, 12.5.3): whether gzip is taken, and liked no less than nothing. Who says nothing of
 * it may not know how to unpack it.
 */
export function acceptsGzip(header: string | undefined): boolean {
  const codings = readPreferences(header ?? '');
  const weightOf = (...names: string[]) => codings.find(({ value }) => names.includes(value))?.weight;
  const gzip = weightOf('gzip', 'x-gzip') ?? weightOf('*') ?? 0;
  return gzip > 0 && gzip >= (weightOf('identity') ?? 0);
}
