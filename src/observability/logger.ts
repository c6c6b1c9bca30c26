/** The log: one JSON object a line. A text, a line and the lines of a request are bounded. */
import type { Limits } from '../core/limits.ts';

/** The log. A logger of pino is one; so is any object with the last three functions. */
export interface Log {
  /** What is too much for most. @default it isn't logged */
  debug?(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How much is said. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How lines look: as JSON, for log collectors; or for people. */
export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Where lines go. */
export interface Lines {
  write(line: string): void;
}

/** The time of a line. Many lines have the same second, and to write it costs more than the rest of a line. */
function createClock(): () => string {
  let known = Number.NaN;
  let start = '';
  return () => {
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    if (second !== known) {
      known = second;
      start = new Date(now).toISOString().slice(0, -'000Z'.length);
    }
    return `${start}${String(now % 1_000).padStart(3, '0')}Z`;
  };
}

/** A log of such lines. They have no process id and no host name: log collectors know both. */
export function createLog(least: LogLevel, lines: Lines): Log {
  const time = createClock();
  const createTell = (level: LogLevel) => {
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return () => {};
    const start = `{"level":"${level}","time":"`;
    // Messages are words of this service, the same again and again.
    let known = '';
    let knownJson = '""';
    return (fields: object, message: string) => {
      if (message !== known) {
        known = message;
        knownJson = JSON.stringify(message);
      }
      // Joined as texts: to copy the fields into an object with these would cost more than all the rest.
      const json = JSON.stringify(fields);
      const rest = json === '{}' ? '}' : `,${json.slice(1)}`;
      lines.write(`${start}${time()}","msg":${knownJson}${rest}\n`);
    };
  };
  return { debug: createTell('debug'), info: createTell('info'), warn: createTell('warn'), error: createTell('error') };
}

/** The log of a process that configures none: warnings and errors, on the console. */
export const consoleLog: Log = {
  info() {},
  // Looked up each time, as the embedding program may replace it.
  warn: (fields, message) => console.warn(`monitor-graph: ${message}`, fields),
  error: (fields, message) => console.error(`monitor-graph: ${message}`, fields),
};

/** A log that drops its lines. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

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
    debug: (fields, message) => log.debug?.(toBounded(fields, message), message),
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
