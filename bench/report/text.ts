/** Numbers as they are read, and tables in Markdown. */
import type { Spread } from '../measure/median.ts';

/** What stands where nothing was measured. */
export const notMeasured = 'not measured';

export const toMicros = (micros: number): string =>
  micros < 1_000 ? `${toDigits(micros)} µs` : `${toDigits(micros / 1_000)} ms`;

export const toCount = (count: number): string => Math.round(count).toLocaleString('en');

export const toMb = (mb: number): string => `${Math.round(mb)} MB`;

/** A ratio with how far its rounds lie apart. */
export const toRatio = ({ median, min, max }: Spread): string =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;

/** Three digits that count. */
const toDigits = (value: number) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

/** The value as text, or that there is none. */
export const orNot = <Value>(value: Value | undefined, toText: (value: Value) => string): string =>
  value === undefined ? notMeasured : toText(value);

export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
