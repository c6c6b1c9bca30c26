/** Writes lines to a file, a pipe or a terminal, many at a time, and never waits for whoever reads them. */
import { write, writeSync } from 'node:fs';

export interface LineWriter {
  /** Takes a line, its end included. Lines that nobody reads are dropped once they are too many. */
  write(line: string): void;
  /** Writes what is left, at once, unless it is waited for a reader: for the end of the process. */
  flush(): void;
  /** Resolves once everything is written, or after `ms`: then with `false`, as nobody reads. */
  drain(ms: number): Promise<boolean>;
}

/** The most characters that wait to be written. */
const mostWaiting = 8 * 1024 * 1024;
/** As many are written without delay. */
const enough = 64 * 1024;
/** No line is later than that, in milliseconds. */
const mostDelayMs = 100;

export function createLineWriter(fd: number): LineWriter {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  let isWriting = false;
  let onDrained = () => {};

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (isWriting) return;
    if (waiting === '') return onDrained();
    const bytes = Buffer.from(waiting);
    waiting = '';
    isWriting = true;
    writeFrom(bytes, 0);
  };

  const writeFrom = (bytes: Buffer, start: number) => {
    write(fd, bytes, start, bytes.length - start, null, (error, written) => {
      // A pipe that is full, of those that say so.
      if (error?.code === 'EAGAIN') return void setTimeout(writeFrom, mostDelayMs, bytes, start).unref();
      // Whoever has read it has left, or the disk is full: there is nobody to tell.
      const end = error ? bytes.length : start + written;
      if (end < bytes.length) return writeFrom(bytes, end);
      isWriting = false;
      send();
    });
  };

  return {
    write(line) {
      if (waiting.length + line.length > mostWaiting) return;
      waiting += line;
      if (waiting.length >= enough) send();
      else timer ??= setTimeout(send, mostDelayMs).unref();
    },
    flush() {
      if (isWriting || waiting === '') return;
      try {
        writeSync(fd, waiting);
      } catch {
        // As above.
      }
      waiting = '';
    },
    drain(ms) {
      return new Promise((resolve) => {
        const late = setTimeout(resolve, ms, false);
        onDrained = () => {
          clearTimeout(late);
          resolve(true);
        };
        send();
      });
    },
  };
}
