/** The one form of all times: RFC 3339 in UTC, with milliseconds. `undefined` for what is no time. */

/** The years 0 to 9999: others come with a sign, which RFC 3339 doesn't have. */
const earliest = Date.parse('0000-01-01T00:00:00Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether there is a time of so many Unix milliseconds. */
export const isTime = (milliseconds: number): boolean => milliseconds >= earliest && milliseconds <= latest;

const pad = (number: number, digits: number) => String(number).padStart(digits, '0');
const minutesAndSeconds = Array.from(
  { length: 3_600 },
  (_, second) => `${pad(Math.floor(second / 60), 2)}:${pad(second % 60, 2)}.`,
);
const thousandths = Array.from({ length: 1_000 }, (_, millisecond) => `${pad(millisecond, 3)}Z`);

/** The hour that was formatted last, as times come by the thousand and near each other. */
let knownHour = Number.NaN;
let knownText = '';

/** From Unix milliseconds. As `Date` has it, but in a tenth of the time. */
export function fromMilliseconds(milliseconds: number): string | undefined {
  if (!isTime(milliseconds)) return undefined;
  const rest = withinKnownHour(milliseconds);
  const second = toWhole(rest / 1_000);
  // Put together first, as two long texts in a row are what stringifying has to join again.
  const behindHour = `${minutesAndSeconds[second]}${thousandths[rest - second * 1_000]}`;
  return `${knownText}${behindHour}`;
}

/** How many milliseconds of its hour, which is the known one from now on, have gone. */
function withinKnownHour(milliseconds: number): number {
  const whole = Math.trunc(milliseconds);
  const hour = Math.floor(whole / 3_600_000);
  if (hour !== knownHour) {
    knownText = new Date(hour * 3_600_000).toISOString().slice(0, 'yyyy-mm-ddThh:'.length);
    knownHour = hour;
  }
  return whole - hour * 3_600_000;
}

/** Without its fraction: of numbers that 32 bits hold, and then at less cost than by `Math.floor`. */
const toWhole = (number: number) => number | 0;

/** What most of them are: in UTC, said or unsaid, on a day that every month has. */
const usual =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00:00)?$/;

/** A usual text, with three digits of its second's fraction, as many as it has and zeros. Groups would make texts of all parts. */
function withMilliseconds(text: string): string {
  const point = 'yyyy-mm-ddThh:mm:ss'.length;
  if (text[point] !== '.') return `${text.slice(0, point)}.000Z`;
  let end = point + 1;
  while (end < point + 4 && isDigit(text.charCodeAt(end))) end++;
  return `${text.slice(0, end)}${'000Z'.slice(end - point - 1)}`;
}

const isDigit = (code: number) => code >= 48 && code <= 57;

/** From ISO text; without an offset it is read as UTC. */
export function fromIsoText(text: string): string | undefined {
  if (usual.test(text)) return withMilliseconds(text);
  const day = text.slice(0, 10);
  // JavaScript takes 30 February for 2 March.
  if (fromMilliseconds(Date.parse(day))?.slice(0, 10) !== day) return undefined;
  const hasOffset = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  // Anything but the strict form is guessed at: with a space, the year 0001 is taken for 2001.
  const strict = text.replace(' ', 'T');
  return fromMilliseconds(Date.parse(hasOffset ? strict : `${strict}Z`));
}
