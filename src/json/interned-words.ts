/** What in JSON is neither list, object nor text: whether it is written as it has to be, and where it ends. */
import { isAt } from './skip.ts';

/** Stands for a place where there is none, as something is out of the ordinary. */
export const odd = -1;

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** The place behind the number or the word that begins at `start`. */
export function readWord(bytes: Buffer, start: number): number {
  const byte = bytes[start];
  if (byte === 0x2d || isDigit(byte)) return readNumber(bytes, start);
  for (const word of words) if (isAt(bytes, start, word)) return start + word.length;
  return odd;
}

function readNumber(bytes: Buffer, start: number): number {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  let place = skipDigits(bytes, whole);
  if (place === whole || (bytes[whole] === 0x30 && place > whole + 1)) return odd;
  if (bytes[place] === 0x2e) {
    const fraction = place + 1;
    place = skipDigits(bytes, fraction);
    if (place === fraction) return odd;
  }
  if (bytes[place] === 0x65 || bytes[place] === 0x45) {
    const isSigned = bytes[place + 1] === 0x2b || bytes[place + 1] === 0x2d;
    const exponent = place + (isSigned ? 2 : 1);
    place = skipDigits(bytes, exponent);
    if (place === exponent) return odd;
  }
  return place;
}

function skipDigits(bytes: Buffer, start: number): number {
  let place = start;
  while (isDigit(bytes[place])) place++;
  return place;
}

const isDigit = (byte = 0) => byte >= 0x30 && byte <= 0x39;

/** The place behind what comes after a backslash, at `start`. */
export function readEscape(bytes: Buffer, start: number): number {
  const byte = bytes[start] ?? 0;
  if (byte !== 0x75) return escapes[byte] === 1 ? start + 1 : odd;
  for (let place = start + 1; place <= start + 4; place++) if (!isHexDigit(bytes[place])) return odd;
  return start + 5;
}

/** By the byte that stands behind the backslash. */
const escapes = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) escapes[byte] = 1;

const isHexDigit = (byte = 0) => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
