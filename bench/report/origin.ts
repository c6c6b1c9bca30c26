/** Where figures come from. */
import type { Results } from '../results.ts';

/**
 * The runs that measured these parts: the one that measured most of them, then each of the others with what it measured.
 * @param toCode writes a command
 */
export function toOrigin({ runs }: Results, parts: readonly string[], toCode = (command: string) => command): string {
  const byRun = new Map<string, string[]>();
  for (const part of parts) {
    const run = runs[part];
    if (run === undefined) continue;
    const { command, date, revision } = run;
    const told = `${toCode(command)}, ${date}${revision === undefined ? '' : ` of ${revision}`}`;
    byRun.set(told, [...(byRun.get(told) ?? []), part]);
  }
  const [most, ...others] = [...byRun].sort(([, a], [, b]) => b.length - a.length);
  return [most?.[0] ?? 'nothing', ...others.map(([told, parts]) => `${parts.join(', ')}: ${told}`)].join('; ');
}
