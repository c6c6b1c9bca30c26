/** A run's log and its lines. What is needed of every line of a large log is read without parsing the lines. */
import type { ProviderError } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import type { AgentLogEvent } from '../../generated/types.ts';
import type { Items, ScanItem } from '../../json/lazy-array.ts';
import { isObject, isRawJson, tooLarge } from '../../json/lossless.ts';
import { createTextCheck, findMembers, parseWord } from '../../json/object-members.ts';
import { sign } from '../../json/scan.ts';
import { isTime } from '../date-time.ts';
import type { FieldContext, Fields } from '../fields.ts';
import { type Check, checkField, type Found, invalidField, toFreeForm, toLargeField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { AgentLogEvent as checks } from './openapi-checks.ts';
import { toMilliseconds, toTime } from './values.ts';

export class Log {
  readonly #items: Items;
  readonly #kinds = once(() => this.#readTexts(toKind, scanKind));
  readonly #ids = once(() => this.#readTexts(idOf, scanId));

  constructor(items: Items) {
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  /** As in {@link Items}. */
  slice(start?: number, end?: number): readonly unknown[] {
    return this.#items.slice(start, end);
  }

  /** The lines at these places. */
  pick(places: readonly number[]): readonly unknown[] {
    return this.#items.pick?.(places) ?? places.map((place) => this.#lineAt(place));
  }

  idAt(place: number): string | null {
    return idOf(this.#lineAt(place));
  }

  /** Whether the line there has this id: of most lines its bytes tell, and the line isn't parsed. */
  isIdAt(place: number, id: string | null): boolean {
    const { bytes } = this.#items;
    const [start] = (id !== null && this.#items.scan?.(scanId, place, place + 1)) || [];
    if (bytes !== undefined && start !== undefined && createTextCheck(id ?? '')(bytes, start)) return true;
    return this.idAt(place) === id;
  }

  timeAt(place: number): Found<number> {
    return readMilliseconds(this.#lineAt(place));
  }

  /** Where the events of this kind are. */
  findPlaces(kind: string): readonly number[] {
    return this.#kinds()(kind);
  }

  /** Where the first event of this id is. */
  findId(id: string): number | undefined {
    return this.#ids()(id)[0];
  }

  /** Where the log says that the run has ended, if it does. */
  readonly findEnd = once(() => this.findPlaces(runComplete)[0]);

  /** The earliest time in the log; Olostep doesn't promise an order. An unreadable one counts only if there is no other. */
  readonly findStart = once((): Found<number> => {
    let earliest: number | null = null;
    for (const time of this.#items.scan?.(scanTime) ?? this.slice().map(toTimeOrNaN)) {
      if (time === undefined || time === null) continue;
      if (earliest === null || Number.isNaN(earliest) || time < earliest) earliest = time;
    }
    return Number.isNaN(earliest) ? invalidField('OLOSTEP') : earliest;
  });

  #lineAt(place: number): unknown {
    return this.slice(place, place + 1)[0];
  }

  /**
   * Reads a text of each line, and makes what finds the lines that have one. Several pages of an operation may look for several
   * texts: the lines are read once for all.
   * @param ofLine the text of a parsed line
   * @param scan where the same text begins in the bytes of a line
   */
  #readTexts(
    ofLine: (line: unknown) => string | null,
    scan: ScanItem<number | undefined>,
  ): (text: string) => readonly number[] {
    const { bytes } = this.#items;
    const starts = bytes && this.#items.scan?.(scan);
    if (bytes === undefined || starts === undefined) {
      const texts = this.slice().map(ofLine);
      return (text) => placesOf(texts, (found) => found === text);
    }
    return (text) => {
      const isText = createTextCheck(text);
      return placesOf(starts, (start) => start !== undefined && isText(bytes, start));
    };
  }
}

function placesOf<Item>(items: readonly Item[], isWanted: (item: Item) => boolean): readonly number[] {
  const places: number[] = [];
  for (let place = 0; place < items.length; place++) if (isWanted(items[place] as Item)) places.push(place);
  return places;
}

/** Where the text begins that `toKind` gives of the parsed line. */
function scanKind(bytes: Buffer, start: number): number | undefined {
  const [event] = findMembers(bytes, start, ['event']);
  if (event === undefined) return undefined;
  return findMembers(bytes, event, kindNames).find((place) => place !== undefined && bytes[place] === sign.quote);
}

/** Where the id of the line begins, if it is a text. */
function scanId(bytes: Buffer, start: number): number | undefined {
  const [place] = findMembers(bytes, start, ['id']);
  return place !== undefined && bytes[place] === sign.quote ? place : undefined;
}

/** The same as `toTimeOrNaN` of the parsed line. */
function scanTime(bytes: Buffer, start: number): number | null {
  const [place] = findMembers(bytes, start, ['ts']);
  return place === undefined ? null : toNumberOrNaN(parseWord(bytes, place));
}

/** When the line was written, in Unix milliseconds. `NaN` where it isn't as documented: thousands of lines would be as many errors. */
const toTimeOrNaN = (line: unknown): number | null => (isObject(line) ? toNumberOrNaN(line.ts) : null);

function toNumberOrNaN(value: unknown): number | null {
  if (value === undefined) return null;
  const number = isRawJson(value) ? Number(value.rawJSON) : value;
  if (!checks.ts.accepts(number)) return Number.NaN;
  return typeof number === 'number' && !isTime(number) ? Number.NaN : (number as number | null);
}

type Schema = components['schemas']['AgentLogEvent'];
/** A line of the log, nothing in it certain yet. */
type Line = { readonly [Name in keyof Schema]?: unknown };

/** The event in a line of the log, or an error when the line isn't one. */
export function toLogEvent(line: unknown): Fields<AgentLogEvent> | ProviderError {
  if (isObject(line)) return new LogEvent(line);
  return line === tooLarge ? toLargeField('OLOSTEP') : invalidField('OLOSTEP');
}

/** A class, as there can be thousands: closures for each would cost more than all that they do. */
class LogEvent implements Fields<AgentLogEvent> {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  get __typename() {
    return 'AgentLogEvent' as const;
  }

  id() {
    return checkField<Schema['id']>('OLOSTEP', checks.id, this.#line.id);
  }

  timestamp() {
    return toTime(readTime(checks.ts, this.#line.ts));
  }

  ingestedAt() {
    return toTime(readTime(checks.ingestion_ts, this.#line.ingestion_ts));
  }

  stream() {
    return checkField<Schema['stream']>('OLOSTEP', checks.stream, this.#line.stream);
  }

  message() {
    return checkField<Schema['message']>('OLOSTEP', checks.message, this.#line.message);
  }

  kind() {
    return toKind(this.#line);
  }

  event(_args: unknown, context: FieldContext) {
    return toFreeForm('OLOSTEP', checkField<Schema['event']>('OLOSTEP', checks.event, this.#line.event), context);
  }
}

/** When the line was written, in Unix milliseconds; `null` when it doesn't say. */
const readMilliseconds = (line: unknown): Found<number> => (isObject(line) ? readTime(checks.ts, line.ts) : null);

/** A time of the line, in Unix milliseconds. */
const readTime = (check: Check, value: unknown): Found<number> =>
  toMilliseconds(checkField<number>('OLOSTEP', check, value));

/**
 * Which key of the parsed line holds what it tells of isn't documented; assumed is the first text under one of these four, in
 * this order. When Olostep documents it, this is the one place to say so.
 */
const kindNames = ['event', 'type', 'kind', 'name'] as const;

/** What the line tells of. */
function toKind(line: unknown): string | null {
  const event = isObject(line) ? line.event : undefined;
  if (!isObject(event)) return null;
  for (const name of kindNames) {
    const value = event[name];
    if (typeof value === 'string') return value;
  }
  return null;
}

/** The kind of the event that ends a run. */
export const runComplete = 'run_complete';

/** The id of the line, as far as it has one: for cursors. */
function idOf(line: unknown): string | null {
  return isObject(line) && typeof line.id === 'string' ? line.id : null;
}
