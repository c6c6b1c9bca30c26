/**
 * The wait that a `Retry-After` header names, in milliseconds: whole seconds, however many, or an HTTP date (RFC 9110, 10.2.3).
 * `undefined` without the header, NaN when it says neither.
 * @param date the answer's own `Date`: the clock that an HTTP date is of, which may be another than the one of this machine
 */
export function parseRetryAfter(value: Header, date: Header): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  const sent = toTime(date);
  return Math.max(0, toTime(text) - (Number.isNaN(sent) ? Date.now() : sent));
}

type Header = string | string[] | undefined;

/** The time of an HTTP date, in Unix milliseconds. It begins with the day's name; Date.parse alone would take `-1` for one. */
const toTime = (text: Header): number =>
  /^[A-Z][a-z]{2,8},? /.test(String(text)) ? Date.parse(String(text)) : Number.NaN;
