/** A JSON list of objects as rows, with their members that matter as columns. It is known to be JSON, and nothing of it is parsed. */
import type { JsonBytes } from './json-buffer.ts';
import { parseJson } from './lossless.ts';
import { isAt, isSpace, sign, skipSpace, skipText } from './skip.ts';
import { unreadable } from './unread.ts';

export interface TableParts {
  readonly bytes: Buffer;
  /** The place behind the list. */
  readonly end: number;
  /** Where a bracket or a comma of the list stands: between two of them is a row. */
  readonly bounds: readonly number[];
  /** Of each row, at least what `sizeWithin` says of the member that is to be sized. */
  readonly sizes: readonly number[];
  /** Of each row, where each column begins and the place behind it; 0 where there is none. */
  readonly spans: Int32Array;
  /** How many of these a row has. */
  readonly width: number;
  /** Whether there is white space between its signs. */
  readonly isSpaced: boolean;
}

export class Table {
  /** As in {@link TableParts}. */
  readonly end: number;
  readonly bounds: readonly number[];
  readonly #parts: TableParts;

  constructor(parts: TableParts) {
    this.end = parts.end;
    this.bounds = parts.bounds;
    this.#parts = parts;
  }

  /** How many rows there are. */
  get length(): number {
    return this.#parts.sizes.length;
  }

  /** About how many bytes the member that is to be sized is without white space; rather too many than too few. */
  sizeOf(row: number): number {
    return this.#parts.sizes[row] as number;
  }

  has(row: number, column: number): boolean {
    return this.#startOf(row, column) !== 0;
  }

  isText(row: number, column: number): boolean {
    return this.#firstByte(row, column) === sign.quote;
  }

  isObject(row: number, column: number): boolean {
    return this.#firstByte(row, column) === sign.openObject;
  }

  /** How many bytes a member has, as it is written. */
  lengthOf(row: number, column: number): number {
    return this.#endOf(row, column) - this.#startOf(row, column);
  }

  /** Writes a member as it is written, without white space. */
  write(row: number, column: number, into: JsonBytes): void {
    const { bytes, isSpaced } = this.#parts;
    const start = this.#startOf(row, column);
    const end = this.#endOf(row, column);
    if (isSpaced && bytes[start] !== sign.quote) copyWithoutSpace(bytes, start, end, into);
    else into.copy(bytes, start, end);
  }

  /** A member that is a number, a word or a text; {@link unreadable} when it is a list or an object, `undefined` when there is none. */
  scalar(row: number, column: number): unknown {
    const byte = this.#firstByte(row, column);
    if (byte === undefined) return undefined;
    if (byte === sign.openObject || byte === sign.openList) return unreadable;
    return parseJson(this.#parts.bytes.toString('utf8', this.#startOf(row, column), this.#endOf(row, column)));
  }

  /** A member that is a text; `undefined` when there is none. */
  text(row: number, column: number): string | undefined {
    if (!this.isText(row, column)) return undefined;
    return JSON.parse(this.#parts.bytes.toString('utf8', this.#startOf(row, column), this.#endOf(row, column)));
  }

  /**
   * Whether a member is this text.
   * @param json the same as `JSON.stringify` writes it, in UTF-8
   */
  isSame(row: number, column: number, text: string, json: Buffer): boolean {
    if (!this.isText(row, column)) return false;
    const { bytes } = this.#parts;
    const start = this.#startOf(row, column);
    const end = this.#endOf(row, column);
    const length = end - start - 2;
    // A character takes six bytes at the most, by its code.
    if (length < text.length || length > 6 * text.length) return false;
    if (end - start === json.length && isAt(bytes, start, json)) return true;
    return bytes.subarray(start, end).includes(sign.backslash) && this.text(row, column) === text;
  }

  /** A member that is an integer of up to fifteen digits, without sign; `undefined` when there is none. */
  integer(row: number, column: number): number | undefined {
    const { bytes } = this.#parts;
    const start = this.#startOf(row, column);
    const end = this.#endOf(row, column);
    if (start === 0 || end - start > 15) return undefined;
    let integer = 0;
    for (let place = start; place < end; place++) {
      const digit = (bytes[place] as number) - 0x30;
      if (digit < 0 || digit > 9) return undefined;
      integer = integer * 10 + digit;
    }
    return integer;
  }

  #firstByte(row: number, column: number): number | undefined {
    const start = this.#startOf(row, column);
    return start === 0 ? undefined : this.#parts.bytes[start];
  }

  /** 0 when there is no such member. */
  #startOf(row: number, column: number): number {
    const { spans, width } = this.#parts;
    return spans[row * width + 2 * column] as number;
  }

  #endOf(row: number, column: number): number {
    const { spans, width } = this.#parts;
    return spans[row * width + 2 * column + 1] as number;
  }
}

/** Copies the JSON from `start` on, without that from `end` on, piece by piece between its white space. */
function copyWithoutSpace(bytes: Buffer, start: number, end: number, into: JsonBytes): void {
  let copied = start;
  for (let place = start; place < end; ) {
    if (bytes[place] === sign.quote) {
      place = skipText(bytes, place);
    } else if (isSpace(bytes[place])) {
      into.copy(bytes, copied, place);
      copied = skipSpace(bytes, place);
      place = copied;
    } else {
      place++;
    }
  }
  into.copy(bytes, copied, Math.max(copied, end));
}
