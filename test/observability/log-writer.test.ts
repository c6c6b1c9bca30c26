import { expect, it, onTestFinished, vi } from 'vitest';
import { createLineWriter } from '../../src/observability/log-writer.ts';

/** What has been handed to the system, which may read it until it tells that it is written. */
const writes = vi.hoisted((): { readonly text: string; end(): void }[] => []);

vi.mock('node:fs', () => ({
  writeSync() {},
  write(...[, bytes, start, length, , report]: [number, Buffer, number, number, null, (e: null, n: number) => void]) {
    let written: string | undefined;
    const read = () => bytes.toString('utf8', start, start + length);
    writes.push({
      get text() {
        return written ?? read();
      },
      end() {
        written = read();
        report(null, length);
      },
    });
  },
}));

it('log writer: What comes in while a line is written waits for more, and is written together with it', () => {
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

it('log writer: A long line leaves alone what Node.js has beside it in the same memory', () => {
  const lines = createLineWriter(1);
  writes.length = 0;
  const writeMany = () => {
    for (let number = 0; number < 1_100; number++) lines.write(`${'y'.repeat(63)}\n`);
  };

  lines.write(`${'x'.repeat(25_000)}\n`);
  const beside = Array.from({ length: 3 }, () => Buffer.from('canary'));
  writeMany();
  writes[0]?.end();
  writeMany();

  expect(beside.map(String)).toEqual(Array(3).fill('canary'));
});

it('log writer: A caller that waits for the end waits for no later lines', async () => {
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

it('log writer: A line is as it was said, however many come in before it is written', async () => {
  const lines = createLineWriter(1);
  writes.length = 0;
  const given = Array.from({ length: 9_000 }, (_, number) => `${number} ${'x'.repeat(number % 100)}\n`);

  for (const [number, line] of given.entries()) {
    lines.write(line);
    // By then there is mostly less than a page of lines behind it, and sometimes more.
    if (number % (number < 4_500 ? 600 : 1_500) === 0) writes.at(-1)?.end();
  }
  const drained = lines.drain(60_000);
  for (let ended = writes.length - 1; ended < writes.length; ended++) writes[ended]?.end();

  expect(await drained).toBe(true);
  expect(writes.length).toBeGreaterThan(6);
  expect(writes.map(({ text }) => text).join('') === given.join('')).toBe(true);
});
