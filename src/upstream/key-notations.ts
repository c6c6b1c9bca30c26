/** The notations in which a key may be written, each decoded into the next, byte by byte; the key is looked for in all of them. */
import type { KeyPattern } from './key-search.ts';

const backslash = 0x5c;
const percent = 0x25;
const letterU = 0x75;

/** The search for a key through a run of bytes that may hold it. */
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
