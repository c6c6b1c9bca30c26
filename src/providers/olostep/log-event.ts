/** One line of a run's log. */
import type { ProviderError } from '../../errors.ts';
import type { AgentLogEvent } from '../../generated/types.ts';
import { isObject } from '../../upstream/json.ts';
import { fromMilliseconds } from '../date-time.ts';
import type { FieldContext, Fields } from '../provider.ts';
import { createReader, toBadField, toFreeForm } from '../reader.ts';
import type { components } from './openapi.d.ts';
import { AgentLogEvent as checks } from './openapi-checks.ts';

const read = createReader<components['schemas']['AgentLogEvent']>('OLOSTEP', checks);

/** The event in a line of the log, or an error when the line isn't one. */
export function toLogEvent(line: unknown): Fields<AgentLogEvent> | ProviderError {
  if (!isObject(line)) return toBadField('OLOSTEP');
  return {
    __typename: 'AgentLogEvent',
    id: () => read(line, 'id'),
    timestamp: () => readTime(line, 'ts'),
    ingestedAt: () => readTime(line, 'ingestion_ts'),
    stream: () => read(line, 'stream'),
    message: (_args, { allowance }) => {
      const message = read(line, 'message');
      if (typeof message === 'string') allowance.spend(message.length);
      return message;
    },
    kind: () => toKind(line),
    event: (_args: unknown, context: FieldContext) => toFreeForm('OLOSTEP', read(line, 'event'), context),
  };
}

/** A time of the line, both of which are Unix milliseconds; `null` when it has none. */
export function readTime(line: unknown, name: 'ts' | 'ingestion_ts') {
  if (!isObject(line)) return null;
  const time = read(line, name);
  if (time === null || time instanceof Error) return time;
  // A number with too many digits to be a JavaScript number is no time either.
  return (typeof time === 'number' ? fromMilliseconds(time) : undefined) ?? toBadField('OLOSTEP');
}

/**
 * What the line tells of. Which key of the parsed line holds it isn't documented; assumed is the first text under one of
 * these four, in this order. When Olostep documents it, this is the one place to say so.
 */
export function toKind(line: unknown): string | null {
  const event = isObject(line) ? line.event : undefined;
  if (!isObject(event)) return null;
  for (const name of ['event', 'type', 'kind', 'name']) {
    const value = event[name];
    if (typeof value === 'string') return value;
  }
  return null;
}

export const isRunComplete = (line: unknown): boolean => toKind(line) === 'run_complete';

/** The id of the line, as far as it has one: for cursors. */
export function idOf(line: unknown): string | null {
  return isObject(line) && typeof line.id === 'string' ? line.id : null;
}
