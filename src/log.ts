/** The log: one JSON object a line. */
import { pino } from 'pino';

/** Where lines go. A pino logger is one; so is anything with these three functions. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How much is said. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

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
export const createLog = (level: LogLevel, lines: { write(line: string): void }): Log =>
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
