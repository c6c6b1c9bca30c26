/** A run's log, its lines and its pages. What is needed of every line of a large log is read without parsing the lines. */
import type { CostBudget } from '../../core/cost-budget.ts';
import { BadUserInput, type ProviderError } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import { presentText } from '../../core/operation-params.ts';
import type { AgentLogEvent, AgentLogEventConnection, OlostepRunEventsArgs } from '../../generated/types.ts';
import type { Items, ScanItem } from '../../json/lazy-array.ts';
import { isObject, isRawJson, tooLarge } from '../../json/lossless.ts';
import { createTextCheck, findMembers, parseWord } from '../../json/object-members.ts';
import { sign } from '../../json/scan.ts';
import { isTime } from '../date-time.ts';
import type { FieldContext, Fields } from '../fields.ts';
import { decodeTuple, encodeCursor } from '../lists.ts';
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
function toLogEvent(line: unknown): Fields<AgentLogEvent> | ProviderError {
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

const maxPerPage = 1_000;
/** What a line costs that is only looked through, and an event that is selected, beside its texts. */
const bytesPerLine = 16;
const bytesPerEvent = 1_000;

/**
 * The page that the arguments select. `after` counts in the whole log, whatever `kind` leaves of it.
 * @param inOwnTurn reads a field later, where the log is large
 */
export function toLogPage(
  log: Log,
  args: OlostepRunEventsArgs,
  costBudget: CostBudget,
  inOwnTurn: <Value>(field: () => Value) => () => Value | Promise<Value>,
): Fields<AgentLogEventConnection> {
  const { first, kind } = args;
  const after = presentText(args.after);
  const size = first ?? 100;
  if (size < 0 || size > maxPerPage) throw new BadUserInput('Expected `first` between 0 and 1,000.', 'OLOSTEP');
  costBudget.spend(log.length * bytesPerLine);
  const start = after == null ? 0 : toPlace(log, after) + 1;

  // Without a filter an event's number is its place, and the log is read no further than the page goes.
  const matches = kind == null ? undefined : log.findPlaces(kind);
  const totalCount = matches?.length ?? log.length;
  const skipped = matches?.filter((place) => place < start).length ?? start;
  const count = Math.min(size, totalCount - skipped);
  costBudget.spend(count * bytesPerEvent);
  let isPaid = true;
  /** Once more for each other place that the answer has them in: both ways to them have aliases. */
  const pay = () => {
    if (!isPaid) costBudget.spend(count * bytesPerEvent);
    isPaid = false;
  };

  const placeOf = (index: number) => (matches === undefined ? skipped + index : (matches[skipped + index] ?? 0));
  const lines = once(() =>
    matches === undefined ? log.slice(skipped, skipped + count) : log.pick(matches.slice(skipped, skipped + count)),
  );
  const cursorOf = (place: number) => toCursor(log, place);

  return {
    __typename: 'AgentLogEventConnection',
    edges: inOwnTurn(() => {
      pay();
      return lines().map((line, index) => ({
        __typename: 'AgentLogEventEdge' as const,
        cursor: () => cursorOf(placeOf(index)),
        node: toLogEvent(line),
      }));
    }),
    nodes: inOwnTurn(() => {
      pay();
      return lines().map(toLogEvent);
    }),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: skipped + count < totalCount,
      hasPreviousPage: skipped > 0,
      startCursor: () => (count === 0 ? null : cursorOf(placeOf(0))),
      endCursor: () => (count === 0 ? null : cursorOf(placeOf(count - 1))),
    },
    totalCount,
  };
}

/** A cursor is an event's place in the log and its id, so that it still finds the event when lines come in before it. */
const toCursor = (log: Log, place: number) => encodeCursor([place, log.idAt(place)]);

/** The place that a cursor stands for. */
function toPlace(log: Log, cursor: string): number {
  const [place, id] = decodeTuple(cursor);
  const isPlace = typeof place === 'number' && Number.isSafeInteger(place) && place >= 0;
  if (!isPlace || (id !== null && typeof id !== 'string')) throw unknownCursor();
  if (place < log.length && log.idAt(place) === id) return place;
  const moved = id === null ? undefined : log.findId(id);
  if (moved === undefined) throw unknownCursor();
  return moved;
}

const unknownCursor = () => new BadUserInput('Expected `after` to be the cursor of an event of this run.', 'OLOSTEP');
