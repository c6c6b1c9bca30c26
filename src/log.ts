/** The log: one JSON object a line. */
import { pino } from 'pino';

/** What is told of what happens. A pino logger is one; so is anything with these three functions. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How much is said. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How lines look: as JSON, for whoever collects them; or for people. */
export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Where lines go. */
export interface Lines {
  write(line: string): void;
}

/** Takes lines of JSON and makes them ones for people, in colours where they are shown. */
export async function createPrettyLines(lines: Lines, colorize: boolean): Promise<Lines> {
  const { prettyFactory } = await import('pino-pretty');
  const toPretty = prettyFactory({ colorize, singleLine: true });
  return { write: (line) => lines.write(toPretty(line)) };
}

/** The time of a line. Many lines have the same one, and writing it costs more than the rest of a line. */
function createClock(): () => string {
  let known = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== known) {
      known = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

/** A log of such lines. They have no process id and no host name: whoever collects them knows both. */
export const createLog = (level: LogLevel, lines: Lines): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: createClock(),
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );

/** A log that nobody reads. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
