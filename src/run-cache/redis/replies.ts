/**
 * What a Redis sends (RESP 2), checked byte by byte before the client's parser reads it. That one believes every length: it makes
 * lists of any size, nests them until the stack ends, and gathers texts without end.
 */

/** How large a reply may be. */
export interface ReplyLimits {
  /** The longest text, in bytes. A longer one is skipped, and counts as none. */
  readonly maxTextBytes: number;
  /** The most values of a list. */
  readonly maxValues: number;
}

/** What came is no reply, or none of those that are expected here. Says nothing of what it was. */
export class RedisProtocolError extends Error {
  override readonly name = 'RedisProtocolError';
  readonly code = 'PROTOCOL';
}

/** The longest line: a length, a number, a word, an error. */
const maxLineBytes = 1024;

const [carriageReturn, lineFeed] = [13, 10];

/**
 * Makes the check of one connection: it gives the bytes that are to be passed on, once they are known to be a part of a reply.
 * @throws {RedisProtocolError} when they aren't; nothing that follows them can be distinguished from a reply then
 */
export function createReplyCheck({ maxTextBytes, maxValues }: ReplyLimits): (bytes: Buffer) => Buffer {
  /** The line that has begun. */
  let line = '';
  /** The values of a list that are still to come. */
  let valuesLeft = 0;
  /** What is still to come of a text, its end of line included. */
  let textLeft = 0;
  let isPassedOver = false;
  let isBroken = false;

  /** What a whole line is passed on as. */
  const readLine = (): string => {
    const [type = '', rest] = [line[0], line.slice(1)];
    const isInList = valuesLeft > 0;
    if (isInList) valuesLeft--;
    if (type === '$') return readText(toLength(rest));
    if (type === '*' && !isInList) {
      valuesLeft = Math.max(0, toLength(rest, maxValues));
      return line;
    }
    // The client prints what it isn't allowed, in words of Redis.
    if (type === '-') return rest.startsWith('NOPERM') ? '-NOPERM' : line;
    if (type === '+' || (type === ':' && /^-?\d{1,19}$/.test(rest))) return line;
    throw new RedisProtocolError();
  };
  const readText = (length: number): string => {
    if (length < 0) return line;
    textLeft = length + 2;
    isPassedOver = length > maxTextBytes;
    return isPassedOver ? '$-1' : line;
  };

  /** Reads on in the line that has begun; where it ends in these bytes. */
  const takeLine = (bytes: Buffer, start: number): number => {
    const end = bytes.indexOf(lineFeed, start);
    const isWhole = end >= 0;
    const stop = isWhole ? end + 1 : bytes.length;
    if (line.length + stop - start > maxLineBytes) throw new RedisProtocolError();
    line += bytes.toString('latin1', start, stop);
    return stop;
  };
  /** Reads on in the text; where what there is of it ends in these bytes. */
  const takeText = (bytes: Buffer, start: number): number => {
    const stop = Math.min(bytes.length, start + textLeft);
    for (let place = Math.max(start, start + textLeft - 2); place < stop; place++) {
      const isLast = start + textLeft - 1 === place;
      if (bytes[place] !== (isLast ? lineFeed : carriageReturn)) throw new RedisProtocolError();
    }
    textLeft -= stop - start;
    return stop;
  };

  const take = (bytes: Buffer): Buffer => {
    const valid: Buffer[] = [];
    let isAsItCame = line === '';
    for (let place = 0; place < bytes.length; ) {
      const start = place;
      if (textLeft > 0) {
        place = takeText(bytes, start);
        if (isPassedOver) isAsItCame = false;
        else valid.push(bytes.subarray(start, place));
        continue;
      }
      place = takeLine(bytes, start);
      if (!line.endsWith('\n')) break;
      if (!/^[^\r\n]+\r\n$/.test(line)) throw new RedisProtocolError();
      line = line.slice(0, -2);
      const read = readLine();
      if (read !== line) isAsItCame = false;
      valid.push(Buffer.from(`${read}\r\n`, 'latin1'));
      line = '';
    }
    return isAsItCame && line === '' ? bytes : Buffer.concat(valid);
  };
  return (bytes) => {
    if (isBroken) throw new RedisProtocolError();
    isBroken = true;
    const valid = take(bytes);
    isBroken = false;
    return valid;
  };
}

/** A length as Redis writes it; -1 is that of nothing. @throws {RedisProtocolError} when it is none, or too large */
function toLength(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const length = /^(?:-1|\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!(length <= max)) throw new RedisProtocolError();
  return length;
}
