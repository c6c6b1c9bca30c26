/** Writes lines to a file, a pipe or a terminal, many at a time, and never waits for their reader; as JSON, or for people. */
import { write, writeSync } from 'node:fs';
import { importPackage } from '../core/import-module.ts';
import type { Lines } from './logger.ts';

export interface LineWriter {
  /** Takes a line, its end included. Unread lines are dropped once they are too many. */
  write(line: string): void;
  /** Writes what is left, at once, unless it is waited for a reader: for the end of the process. */
  flush(): void;
  /** Resolves once everything is written, or after `ms`: then with `false`, as the lines aren't read. */
  drain(ms: number): Promise<boolean>;
}

/** The most bytes that wait to be written. */
const maxWaiting = 8 * 1024 * 1024;
/** As many are written without delay. */
const enough = 64 * 1024;
/** No line is later than that, in milliseconds. */
const maxDelayMs = 100;

/**
 * Lines are bytes as soon as they are taken: as texts that wait side by side they would outlive the requests they tell of,
 * and all that they are pieced together from with them.
 */
export function createLineWriter(fd: number): LineWriter {
  /** Known one by one, as other chunks may be a part of a buffer that Node.js shares. */
  const pages = new WeakSet<ArrayBufferLike>();
  const toNewPage = (): Buffer => {
    const page = Buffer.allocUnsafeSlow(enough);
    pages.add(page.buffer);
    return page;
  };
  let page = toNewPage();
  let used = 0;
  /** One that has been written, for the next lines: the system takes longer to hand out new ones than lines take. */
  let spare: Buffer | undefined;
  /** Pages before it, and lines that are longer than a page. */
  let full: Buffer[] = [];
  let fullBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let isWriting = false;
  let isDraining = false;
  let onDrained = () => {};

  const turnPage = () => {
    if (used === 0) return;
    add(page.subarray(0, used));
    page = spare ?? toNewPage();
    spare = undefined;
    used = 0;
  };
  const add = (bytes: Buffer) => {
    full.push(bytes);
    fullBytes += bytes.length;
  };
  const takeAll = () => {
    turnPage();
    const bytes = full.length === 1 && full[0] !== undefined ? full[0] : Buffer.concat(full);
    full = [];
    fullBytes = 0;
    return bytes;
  };

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (isWriting) return;
    const bytes = takeAll();
    if (bytes.length === 0) return onDrained();
    isWriting = true;
    writeFrom(bytes, 0);
  };

  const writeFrom = (bytes: Buffer, start: number) => {
    write(fd, bytes, start, bytes.length - start, null, (error, written) => {
      // A pipe that is full, of those that say so.
      if (error?.code === 'EAGAIN') return void setTimeout(writeFrom, maxDelayMs, bytes, start).unref();
      // The reader has disconnected, or the disk is full: there is no place to report it.
      const end = error ? bytes.length : start + written;
      if (end < bytes.length) return writeFrom(bytes, end);
      if (pages.has(bytes.buffer)) spare = Buffer.from(bytes.buffer);
      isWriting = false;
      goOn();
    });
  };

  /** What has come in while something was written waits for more as well: a single line costs as much as a page of them. */
  const goOn = () => {
    if (fullBytes > 0 || isDraining) send();
    else if (used > 0) timer ??= setTimeout(send, maxDelayMs).unref();
  };

  return {
    write(line) {
      // No character of UTF-16 takes more than three bytes of UTF-8.
      const most = 3 * line.length;
      if (fullBytes + used + most > maxWaiting) return;
      if (used + most > enough) turnPage();
      if (most > enough) add(Buffer.from(line));
      else used += page.write(line, used);
      goOn();
    },
    flush() {
      if (isWriting) return;
      const bytes = takeAll();
      if (bytes.length === 0) return;
      try {
        writeSync(fd, bytes);
      } catch {
        // As above.
      }
    },
    drain(ms) {
      return new Promise((resolve) => {
        const late = setTimeout(resolve, ms, false);
        isDraining = true;
        onDrained = () => {
          clearTimeout(late);
          resolve(true);
        };
        send();
      });
    },
  };
}

/** Takes lines of JSON and makes them ones for people, in colours where they are shown. */
export async function createPrettyLines(lines: Lines, colorize: boolean): Promise<Lines> {
  const { prettyFactory } = await importPackage('LOG_FORMAT=pretty', 'pino-pretty', () => import('pino-pretty'));
  const toPretty = prettyFactory({ colorize, singleLine: true });
  return { write: (line) => lines.write(toPretty(line)) };
}
