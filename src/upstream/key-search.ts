/**
 * Finds the API key that a request was sent with in the bytes of its response, however the key is written there: as it is, with
 * any of its letters as JSON escapes, in JSON inside a JSON string, percent-encoded, or percent-encoded twice. The key in any of
 * these is a run of bytes of a small alphabet, at least as long as the key, so most of a response is skipped: only the last byte
 * of each stretch of that length is read. Long runs are decoded byte by byte, once.
 *
 * One file of more than 300 lines: which bytes may be skipped follows from the notations, so a change of one needs the other.
 */
import { runInSteps } from '../core/run-in-steps.ts';

/** A key to look for. */
export class KeyPattern {
  readonly #text: string;
  // Made when the first response is searched: a caller's credential is created for each request.
  #key: Buffer | undefined;
  #alphabet: Uint8Array | undefined;
  #failures: Uint16Array | undefined;

  /** @param key visible ASCII characters */
  constructor(key: string) {
    this.#text = key;
  }

  get key(): Buffer {
    this.#key ??= Buffer.from(this.#text, 'latin1');
    return this.#key;
  }

  /** 1 at each byte that can be a part of the key in one of the notations. */
  get alphabet(): Uint8Array {
    if (this.#alphabet === undefined) {
      this.#alphabet = new Uint8Array(256);
      for (const byte of this.key) this.#alphabet[byte] = 1;
      for (const byte of notation) this.#alphabet[byte] = 1;
    }
    return this.#alphabet;
  }

  /** Of each prefix of the key, the length of its longest proper prefix that it ends with (Knuth, Morris and Pratt). */
  get failures(): Uint16Array {
    if (this.#failures !== undefined) return this.#failures;
    const { key } = this;
    const failures = new Uint16Array(key.length);
    for (let place = 1, matched = 0; place < key.length; place++) {
      while (matched > 0 && key[matched] !== key[place]) matched = failures[matched - 1] as number;
      if (key[matched] === key[place]) matched++;
      failures[place] = matched;
    }
    this.#failures = failures;
    return failures;
  }

  /**
   * Whether the key is in the bytes. Of many bytes it may come later, as the event loop is not to be blocked for long.
   * @param owner for whom the search is made: the digest of the credential
   */
  isIn(bytes: Buffer, owner: string): boolean | Promise<boolean> {
    const { length } = bytes;
    const isNative = length > maxSmallBytes && this.key.length <= maxNativeKeyLength && !mayHoldEscape(bytes);
    const scan: Scan = isNative ? new NativeScan(this.key, bytes) : new KeyScan(this, bytes);
    const stepBytes = isNative ? maxNativeBytesAtOnce : maxBytesAtOnce;
    return length > stepBytes ? isFoundInSteps(scan, length, stepBytes, owner) : scan.advance(length);
  }
}

/** A search through the bytes of one response, which can be made in several steps. */
interface Scan {
  /**
   * Goes on to `limit`.
   * @param limit a place in the bytes, or behind them
   * @returns whether it found the key, which ends the search
   */
  advance(limit: number): boolean;
}

function isFoundInSteps(scan: Scan, length: number, stepBytes: number, owner: string): Promise<boolean> {
  let limit = 0;
  return runInSteps(owner, () => {
    limit += stepBytes;
    if (scan.advance(limit)) return true;
    return limit >= length ? false : undefined;
  });
}

/** So few bytes are scanned in less time than two calls of native code take. */
const maxSmallBytes = 4 * 1024;
/** So many bytes take some milliseconds, whatever they are. */
const maxBytesAtOnce = 128 * 1024;
/** The same of native code, for keys of at most {@link maxNativeKeyLength}. */
const maxNativeBytesAtOnce = 512 * 1024;
/**
 * In characters. The native search takes up to the product of both lengths for a longer key that repeats itself: for one of 4,096 it
 * takes seconds a MiB, and a caller chooses its key.
 */
const maxNativeKeyLength = 250;

/** Whether anything may be written otherwise than as it is. Native code tells so in a fraction of the time of a scan. */
const mayHoldEscape = (bytes: Buffer): boolean => bytes.includes(backslash) || bytes.includes(percent);

const backslash = 0x5c;
const percent = 0x25;
const letterU = 0x75;
const notation = Buffer.from('\\%u0123456789abcdefABCDEF');

/** A search by native code. It finds the key as it is, in no other notation. */
class NativeScan implements Scan {
  readonly #key: Buffer;
  readonly #bytes: Buffer;
  #place = 0;

  constructor(key: Buffer, bytes: Buffer) {
    this.#key = key;
    this.#bytes = bytes;
  }

  advance(limit: number): boolean {
    // A key may begin in the step before.
    const start = Math.max(this.#place - this.#key.length + 1, 0);
    this.#place = limit;
    return this.#bytes.subarray(start, limit).includes(this.#key);
  }
}

/** A search byte by byte, in all notations. */
export class KeyScan implements Scan {
  readonly #pattern: KeyPattern;
  readonly #bytes: Buffer;
  /** The key may begin here, or behind it. */
  #start = 0;
  /** The next byte to be read. */
  #place: number;
  /** While that is in a run that may hold the key. */
  #run: KeyRun | undefined;

  constructor(pattern: KeyPattern, bytes: Buffer) {
    this.#pattern = pattern;
    this.#bytes = bytes;
    this.#place = pattern.key.length - 1;
  }

  advance(limit: number): boolean {
    const end = Math.min(limit, this.#bytes.length);
    while (this.#place < end) {
      if (this.#run === undefined) this.#skip(end);
      else if (this.#isFoundInRun(this.#run, end)) return true;
    }
    return false;
  }

  /** To the first run that is as long as the key. */
  #skip(end: number): void {
    const bytes = this.#bytes;
    const { alphabet, key } = this.#pattern;
    const { length } = key;
    let start = this.#start;
    let place = this.#place;
    while (place < end) {
      let back = place;
      while (alphabet[bytes[back] as number] === 1) {
        if (--back < start) {
          this.#run = new KeyRun(this.#pattern);
          this.#start = start;
          this.#place = start;
          return;
        }
      }
      // No encoded key holds this byte.
      start = back + 1;
      place = back + length;
    }
    this.#start = start;
    this.#place = place;
  }

  #isFoundInRun(run: KeyRun, end: number): boolean {
    const bytes = this.#bytes;
    const { alphabet, key } = this.#pattern;
    let place = this.#place;
    while (place < end) {
      const byte = bytes[place++] as number;
      if (alphabet[byte] !== 1) {
        this.#run = undefined;
        this.#start = place;
        place += key.length - 1;
        break;
      }
      if (run.push(byte)) return true;
    }
    this.#place = place;
    return false;
  }
}

/**
 * The search for a key through a run of bytes that may hold it. The notations in which a key may be written are decoded each into
 * the next, byte by byte; the key is looked for in all of them.
 */
export class KeyRun {
  readonly #pattern: KeyPattern;
  #text: Text;
  /** Whether no byte has come yet that may begin an escape: up to it all notations are one. */
  #isPlain = true;

  constructor(pattern: KeyPattern) {
    this.#pattern = pattern;
    this.#text = new Text(pattern);
  }

  /** Takes the next byte. @returns whether the key ends with it, in any notation */
  push(byte: number): boolean {
    if (this.#isPlain && (byte === backslash || byte === percent)) {
      this.#isPlain = false;
      this.#text = toJsonText(this.#pattern, this.#text.matched);
    }
    return this.#text.push(byte);
  }
}

/** JSON whose strings may be JSON again, whose strings may be percent-encoded, and so may be what that means. */
function toJsonText(pattern: KeyPattern, matched: number): Text {
  const twiceDecoded = new Text(pattern, matched);
  const onceDecoded = new PercentText(pattern, matched, twiceDecoded);
  const innerMeaning = new PercentText(pattern, matched, onceDecoded);
  const meaning = new JsonText(pattern, matched, innerMeaning);
  return new JsonText(pattern, matched, meaning);
}

/** A text in one notation, byte by byte. */
class Text {
  readonly #key: Buffer;
  readonly #failures: Uint16Array;
  #matched: number;

  /** @param matched how much of the key is matched by what came before */
  constructor(pattern: KeyPattern, matched = 0) {
    this.#key = pattern.key;
    this.#failures = pattern.failures;
    this.#matched = matched;
  }

  get matched(): number {
    return this.#matched;
  }

  /** Takes the next byte. @returns whether the key ends with it, here or in what it means */
  push(byte: number): boolean {
    const key = this.#key;
    let matched = this.#matched;
    while (matched > 0 && key[matched] !== byte) matched = this.#failures[matched - 1] as number;
    if (key[matched] === byte) matched++;
    this.#matched = matched;
    return matched === key.length || this.decode(byte);
  }

  protected decode(_byte: number): boolean {
    return false;
  }
}

/** JSON, with its escapes. */
class JsonText extends Text {
  readonly #meaning: Text;
  /** How many bytes of an escape have come. */
  #escaped = 0;
  #code = 0;

  constructor(pattern: KeyPattern, matched: number, meaning: Text) {
    super(pattern, matched);
    this.#meaning = meaning;
  }

  protected override decode(byte: number): boolean {
    if (this.#escaped === 0) {
      if (byte !== backslash) return this.#meaning.push(byte);
      this.#escaped = 1;
      return false;
    }
    if (this.#escaped === 1) {
      if (byte === letterU) {
        this.#escaped = 2;
        this.#code = 0;
        return false;
      }
      this.#escaped = 0;
      return this.#meaning.push(isControl(byte) ? 0 : byte);
    }
    const digit = toHexDigit(byte);
    if (digit === -1) {
      // No escape after all.
      this.#escaped = 0;
      return this.decode(byte);
    }
    this.#code = 16 * this.#code + digit;
    if (++this.#escaped < 6) return false;
    this.#escaped = 0;
    // What isn't ASCII is in no key.
    return this.#meaning.push(this.#code < 0x80 ? this.#code : 0);
  }
}

/** Text with percent-encoding. */
class PercentText extends Text {
  readonly #meaning: Text;
  /** How many bytes of an encoded one have come, and the first digit. */
  #encoded = 0;
  #first = 0;

  constructor(pattern: KeyPattern, matched: number, meaning: Text) {
    super(pattern, matched);
    this.#meaning = meaning;
  }

  protected override decode(byte: number): boolean {
    const meaning = this.#meaning;
    if (this.#encoded === 0) {
      if (byte !== percent) return meaning.push(byte);
      this.#encoded = 1;
      return false;
    }
    const digit = toHexDigit(byte);
    if (this.#encoded === 1) {
      if (digit !== -1) {
        this.#first = byte;
        this.#encoded = 2;
        return false;
      }
      this.#encoded = 0;
      return meaning.push(percent) || this.decode(byte);
    }
    this.#encoded = 0;
    if (digit !== -1) return meaning.push(16 * toHexDigit(this.#first) + digit);
    return meaning.push(percent) || meaning.push(this.#first) || this.decode(byte);
  }
}

/** Whether the letter means a control character behind a backslash. */
const isControl = (byte: number): boolean =>
  byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74;

/** The value of a hexadecimal digit; -1 for any other byte. */
function toHexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
