/** The one form of all times: RFC 3339 in UTC, with milliseconds. `undefined` for what is no time. */

/** From Unix milliseconds. */
export function fromMilliseconds(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** From ISO text; without an offset it is read as UTC. */
export function fromIsoText(text: string): string | undefined {
  const day = text.slice(0, 10);
  // JavaScript takes 30 February for 2 March.
  if (fromMilliseconds(Date.parse(day))?.slice(0, 10) !== day) return undefined;
  const hasOffset = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  return fromMilliseconds(Date.parse(hasOffset ? text : `${text}Z`));
}
