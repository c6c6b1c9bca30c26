/** Values of Datafold's responses: ids, times, and the words for where a run is. */
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldRunState, RunOutcome, RunPhase } from '../../generated/types.ts';
import { toDigits } from '../../json/lossless.ts';
import { fromIsoText } from '../date-time.ts';
import { type Found, invalidField, type JsonNumber } from '../response-reader.ts';
import type { components } from './openapi.d.ts';

/** A time as it is shown. */
export const toTime = (text: Found<string>): Found<string> =>
  typeof text === 'string' ? (fromIsoText(text) ?? invalidField('DATAFOLD')) : text;

/** The id of something, digit for digit. */
export const toId = (id: Found<JsonNumber>): string | null | ProviderError =>
  id === null || id instanceof Error ? id : (toDigits(id) ?? invalidField('DATAFOLD'));

/** A time in Unix milliseconds; `undefined` when it is none. */
export function toMilliseconds(value: unknown): number | undefined {
  const text = typeof value === 'string' ? fromIsoText(value) : undefined;
  return text === undefined ? undefined : Date.parse(text);
}

const id = /^(?:0|[1-9][0-9]{0,18})$/;

/** The largest signed integer of 64 bits. */
const maxId = '9223372036854775807';

export const isId = (text: string): boolean => id.test(text) && (text.length < maxId.length || text <= maxId);

const range = `from 0 to ${maxId}, in decimal digits without sign or leading zeros.`;
export const expectedId = `Expected a Datafold id: a whole number ${range}`;
export const expectedIds = `Expected Datafold ids: whole numbers ${range}`;

/** What a word of Datafold's says on our axes. */
interface StateReading {
  readonly state: DatafoldRunState;
  readonly phase: RunPhase;
  readonly outcome: RunOutcome | null;
}

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const readings: ReadonlyMap<unknown, StateReading> = new Map(
  Object.entries({
    created: { state: 'CREATED', phase: 'PENDING', outcome: null },
    queued: { state: 'QUEUED', phase: 'PENDING', outcome: null },
    checking: { state: 'CHECKING', phase: 'RUNNING', outcome: null },
    ok: { state: 'OK', phase: 'FINISHED', outcome: 'PASSED' },
    alert: { state: 'ALERT', phase: 'FINISHED', outcome: 'FINDING' },
    error: { state: 'ERROR', phase: 'FINISHED', outcome: 'ERRORED' },
    learning: { state: 'LEARNING', phase: 'FINISHED', outcome: 'LEARNING' },
    skipped: { state: 'SKIPPED', phase: 'FINISHED', outcome: 'SKIPPED' },
    cancelled: { state: 'CANCELLED', phase: 'FINISHED', outcome: 'CANCELLED' },
  } satisfies Record<components['schemas']['MonitorRunState'], StateReading>),
);

const unknown: StateReading = { state: 'UNKNOWN', phase: 'UNKNOWN', outcome: null };

/** What the word says, if it is one of those that are known. */
export const readState = (word: unknown): StateReading => readings.get(word) ?? unknown;
