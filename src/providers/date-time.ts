/** The one form of all times: RFC 3339 in UTC, with milliseconds. `undefined` for what is no time. */

/** From Unix milliseconds. */
export function fromMilliseconds(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  // A year of more than four digits, or before 0, comes with a sign: RFC 3339 has neither.
  return /^\d/.test(text) ? text : undefined;
}

/** From ISO text; without an offset it is read as UTC. */
export function fromIsoText(text: string): string | undefined {
  const day = text.slice(0, 10);
  // JavaScript takes 30 February for 2 March.
  if (fromMilliseconds(Date.parse(day))?.slice(0, 10) !== day) return undefined;
  const hasOffset = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  // Anything but the strict form is guessed at: with a space, the year 0001 is taken for 2001.
  const strict = text.replace(' ', 'T');
  return fromMilliseconds(Date.parse(hasOffset ? strict : `${strict}Z`));
}
