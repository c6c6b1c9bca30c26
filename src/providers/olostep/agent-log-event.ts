/** One line of a run's log. */
import type { ProviderError } from '../../core/errors.ts';
import type { AgentLogEvent } from '../../generated/types.ts';
import { isObject, tooLarge } from '../../json/lossless.ts';
import type { FieldContext, Fields } from '../provider.ts';
import { type Check, checkField, type Found, invalidField, toFreeForm, toLargeField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { AgentLogEvent as checks } from './openapi-checks.ts';
import { toMilliseconds, toTime } from './time.ts';

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
export const readMilliseconds = (line: unknown): Found<number> =>
  isObject(line) ? readTime(checks.ts, line.ts) : null;

/** A time of the line, in Unix milliseconds. */
export const readTime = (check: Check, value: unknown): Found<number> =>
  toMilliseconds(checkField<number>('OLOSTEP', check, value));

/**
 * Which key of the parsed line holds what it tells of isn't documented; assumed is the first text under one of these four, in
 * this order. When Olostep documents it, this is the one place to say so.
 */
export const kindNames = ['event', 'type', 'kind', 'name'] as const;

/** What the line tells of. */
export function toKind(line: unknown): string | null {
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
export function idOf(line: unknown): string | null {
  return isObject(line) && typeof line.id === 'string' ? line.id : null;
}
