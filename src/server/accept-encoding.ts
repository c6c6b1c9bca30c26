/** How an answer may be packed for its client (RFC 9110, 12.5.3). */
import { readPreferences } from '../gateway/preferences.ts';

/** Whether gzip is taken, and liked no less than nothing. Who says nothing of it may not know how to unpack it. */
export function acceptsGzip(header: string | undefined): boolean {
  const codings = readPreferences(header ?? '');
  const weightOf = (...names: string[]) => codings.find(({ value }) => names.includes(value))?.weight;
  const gzip = weightOf('gzip', 'x-gzip') ?? weightOf('*') ?? 0;
  return gzip > 0 && gzip >= (weightOf('identity') ?? 0);
}
