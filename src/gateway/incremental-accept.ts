/** In what form a client wants its answer: as one piece of JSON, in payloads, or as a page that sends requests. */
import { type Preference, readPreferences } from './preferences.ts';

/** Both are JSON; `application/graphql-response+json` says by its status whether anything was executed. */
const wholeTypes = ['application/json', 'application/graphql-response+json'] as const;
const partsForms = ['multipart/mixed', 'text/event-stream'] as const;

export type WholeType = (typeof wholeTypes)[number];
export type PartsForm = (typeof partsForms)[number];

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
