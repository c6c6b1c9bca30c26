import { expect, it, onTestFinished, vi } from 'vitest';
import { createLineWriter } from '../src/line-writer.ts';

/** What has been handed to the system, and what tells that it is written. */
const writes = vi.hoisted((): { text: string; end(): void }[] => []);

vi.mock('node:fs', () => ({
  writeSync() {},
  write(...[, bytes, start, length, , tell]: [number, Buffer, number, number, null, (e: null, n: number) => void]) {
    writes.push({ text: bytes.toString('utf8', start, start + length), end: () => tell(null, length) });
  },
}));

it('What comes in while a line is written waits for more, and is written together with it', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines = createLineWriter(1);

  lines.write('one\n');
  vi.advanceTimersByTime(100);
  lines.write('two\n');
  writes[0]?.end();
  lines.write('three\n');
  expect(writes.map(({ text }) => text)).toEqual(['one\n']);

  vi.advanceTimersByTime(100);
  expect(writes.map(({ text }) => text)).toEqual(['one\n', 'two\nthree\n']);
});

it('Whoever waits for the end waits for no more lines', async () => {
  const lines = createLineWriter(1);
  writes.length = 0;

  lines.write('one\n');
  const drained = lines.drain(60_000);
  lines.write('two\n');
  writes[0]?.end();
  writes[1]?.end();

  expect(await drained).toBe(true);
  expect(writes.map(({ text }) => text)).toEqual(['one\n', 'two\n']);
});
