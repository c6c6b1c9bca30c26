/** Where figures come from. */
import type { Results } from '../results.ts';

/**
 * The runs that measured these parts: the one that measured most of them, then each of the others with what it measured.
 * @param toCode writes a command
 */
export function toOrigin({ runs }: Results, parts: readonly string[], toCode = (command: string) => command): string {
  const byRun = Map.groupBy(
    parts.flatMap((part) => (runs[part] === undefined ? [] : [{ part, ...runs[part] }])),
    ({ command, date, revision }) => `${toCode(command)}, ${date}${revision === undefined ? '' : ` of ${revision}`}`,
  );
  const [most, ...others] = [...byRun].sort(([, a], [, b]) => b.length - a.length);
  return [
    most?.[0] ?? 'nothing',
    ...others.map(([reported, measured]) => `${measured.map(({ part }) => part).join(', ')}: ${reported}`),
  ].join('; ');
}
