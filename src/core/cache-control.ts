/** How old an answer may be, as a request says it (RFC 9111, 5.2.1). */
import { readPreferences } from './preferences.ts';

/**
 * In milliseconds; infinite when the request doesn't say. `no-cache` means 0, unless `Pragma` comes with it: browsers add both by
 * themselves where a page wants no cache of the browser's own.
 */
export function readMaxAgeMs(cacheControl: string | null | undefined, pragma: string | null | undefined): number {
  let maxAgeMs = Number.POSITIVE_INFINITY;
  if (!cacheControl) return maxAgeMs;
  for (const { value } of readPreferences(cacheControl)) {
    const [, seconds] = /^max-age="?(\d{1,10})"?$/.exec(value) ?? [];
    if (seconds !== undefined) maxAgeMs = Math.min(maxAgeMs, Number(seconds) * 1_000);
    else if (value === 'no-cache' && pragma == null) maxAgeMs = 0;
  }
  return maxAgeMs;
}
