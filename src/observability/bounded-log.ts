/** What bounds the log: how long a text and a line are, and how many lines a request has. */
import type { Limits } from '../core/limits.ts';
import type { Log } from './logger.ts';

/** A character of a text is at most so many in JSON: `\u0000`. */
const maxJsonChars = 6;

/** A line has at most so many characters beside its message and its texts: names of fields, numbers, the level, the time. */
const maxOtherChars = 1_000;

/** The same of the level, the time and the punctuation alone. */
const maxHeadChars = 64;

/**
 * A log whose lines are bounded before `log` gets them. A text of more than `maxLogTextChars` is cut, and says how long it was; where a
 * line is too long all the same, its texts are cut further.
 * @param log takes fields that are texts, numbers and flags
 */
export function createBoundedLog(
  log: Log,
  { maxLogTextChars, maxLogLineChars }: Pick<Limits, 'maxLogTextChars' | 'maxLogLineChars'>,
): Log {
  /** So many characters of texts fit a line, whatever they are. */
  const freeChars = Math.min(maxLogTextChars, (maxLogLineChars - maxOtherChars) / maxJsonChars);

  const toBounded = (fields: object, message: string): object => {
    const values = fields as Readonly<Record<string, unknown>>;
    let chars = message.length;
    for (const name in values) {
      const value = values[name];
      if (typeof value === 'string') chars += value.length;
    }
    if (chars <= freeChars) return fields;
    for (let maxChars = maxLogTextChars; ; maxChars = Math.floor(maxChars / 2)) {
      const bounded = withShortTexts(values, maxChars);
      const lineChars = maxHeadChars + message.length + JSON.stringify(bounded).length;
      if (lineChars <= maxLogLineChars || maxChars === 0) return bounded;
    }
  };

  return {
    info: (fields, message) => log.info(toBounded(fields, message), message),
    warn: (fields, message) => log.warn(toBounded(fields, message), message),
    error: (fields, message) => log.error(toBounded(fields, message), message),
  };
}

const withShortTexts = (fields: Readonly<Record<string, unknown>>, maxChars: number): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? shorten(value, maxChars) : value]),
  );

/** A character that two code units stand for may be cut in two. */
const shorten = (text: string, maxChars: number): string =>
  text.length <= maxChars ? text : `${text.slice(0, maxChars).toWellFormed()}… (${text.length} characters)`;

/**
 * The log of one request: its lines have the request's id, and are at most `maxLogLines`. Lines beyond that are omitted, and one more
 * line counts them. A class, as every operation has one, and methods of a prototype cost it nothing.
 */
export class RequestLog {
  readonly requestId: string;
  readonly #log: Log;
  readonly #maxLines: number;
  #lines = 0;
  #isComplete = false;

  constructor(log: Log, requestId: string, maxLines: number) {
    this.#log = log;
    this.requestId = requestId;
    this.#maxLines = maxLines;
  }

  warn(fields: object, message: string): void {
    if (this.#admit()) this.#log.warn({ requestId: this.requestId, ...fields }, message);
  }

  error(fields: object, message: string): void {
    if (this.#admit()) this.#log.error({ requestId: this.requestId, ...fields }, message);
  }

  /** Writes how many lines were omitted, if any were. To be called once, when the response is complete. */
  complete(): void {
    this.#isComplete = true;
    if (this.#lines > this.#maxLines) this.#writeOmitted();
  }

  #admit(): boolean {
    this.#lines++;
    if (this.#lines <= this.#maxLines) return true;
    // A call that other requests wait for may fail later than its own request is answered.
    if (this.#isComplete && this.#lines === this.#maxLines + 1) this.#writeOmitted();
    return false;
  }

  #writeOmitted(): void {
    const omitted = this.#lines - this.#maxLines;
    this.#log.warn({ requestId: this.requestId, omitted }, 'more log lines of the request omitted');
  }
}
