/**
 * The wait that a `Retry-After` header asks for, in milliseconds: whole seconds or an HTTP date (RFC 9110, 10.2.3).
 * `undefined` without the header, NaN when it says neither.
 */
export function parseRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // A date begins with the day's name; Date.parse alone would take `-1` for one.
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Math.max(0, Date.parse(text) - now) : Number.NaN;
}
