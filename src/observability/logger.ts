/** The log: one JSON object a line. */

/** The log. A logger of pino is one; so is any object with these three functions. */
export interface Log {
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
  return { info: createTell('info'), warn: createTell('warn'), error: createTell('error') };
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
