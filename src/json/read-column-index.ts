/**
 * The way through a JSON list of objects that sees whether it is JSON, notes where the members are that matter, and makes
 * nothing of them.
 */
import { isUtf8 } from 'node:buffer';
import { Table } from './column-index.ts';
import type { Columns, Member, Shape } from './columns.ts';
import { odd, readEscape, readWord } from './interned-words.ts';
import { isAt, sign, skipSpace } from './skip.ts';

/** Longer lists, and what is nested deeper, are for others. */
const maxRows = 100_000;
const maxLevels = 64;

/**
 * Reads the list that begins at `start`; `undefined` when anything of it is out of the ordinary: a row that is no object or
 * no JSON, a member twice, a name in which letters are written by their codes, …
 * @param levels over how many levels a member of a row may be nested
 */
export function readTable(bytes: Buffer, start: number, columns: Columns, levels: number): Table | undefined {
  const reader = new TableReader(bytes, columns, Math.min(levels, maxLevels));
  const end = reader.readList(start);
  return end === odd || !isUtf8(bytes.subarray(start, end)) ? undefined : reader.toTable(end);
}

/** Each way of reading takes the place where something begins, and gives the place behind it. */
class TableReader {
  readonly #bytes: Buffer;
  readonly #shape: Shape;
  readonly #levels: number;
  /** How many numbers a row has: where each column begins, and the place behind it. */
  readonly #width: number;
  #spans: Int32Array;
  /** Where the numbers of the row begin that is being read. */
  #row = 0;
  readonly #bounds: number[] = [];
  readonly #sizes: number[] = [];
  /** Of what is being read, and of the member of the row that is to be sized. */
  #size = 0;
  #sized = 0;
  #isSpaced = false;
  /** The one whose name was read last. */
  #member: Member | undefined;
  /** Whether something was written by its code in a text that was read since this was last said to be false. */
  #isEscaped = false;

  constructor(bytes: Buffer, { shape, count }: Columns, levels: number) {
    this.#bytes = bytes;
    this.#shape = shape;
    this.#levels = levels;
    this.#width = 2 * count;
    this.#spans = new Int32Array(64 * this.#width);
  }

  toTable(end: number): Table {
    return new Table({
      ...{ bytes: this.#bytes, end, bounds: this.#bounds, sizes: this.#sizes },
      ...{ spans: this.#spans, width: this.#width, isSpaced: this.#isSpaced },
    });
  }

  readList(start: number): number {
    const bytes = this.#bytes;
    this.#bounds.push(start);
    let place = this.#skipSpace(start + 1);
    if (bytes[place] === sign.closeList) return place + 1;
    while (bytes[place] === sign.openObject && this.#sizes.length < maxRows) {
      this.#beginRow(place - start);
      const end = this.#readObject(place, this.#shape, this.#levels);
      if (end === odd) return odd;
      place = this.#skipSpace(end);
      this.#bounds.push(place);
      this.#sizes.push(this.#sized);
      const byte = bytes[place++];
      if (byte === sign.closeList) return place;
      if (byte !== sign.comma) return odd;
      place = this.#skipSpace(place);
    }
    return odd;
  }

  /** @param read how many bytes of the list have been read */
  #beginRow(read: number): void {
    const rows = this.#sizes.length;
    this.#row = rows * this.#width;
    this.#sized = 0;
    if (this.#row < this.#spans.length) return;
    // Twice as many, or as many as there are likely to be: to double it again and again would take three times as much.
    const likely = Math.ceil((1.1 * rows * this.#bytes.length) / read);
    const larger = new Int32Array(Math.max(2 * rows, Math.min(likely, maxRows)) * this.#width);
    larger.set(this.#spans);
    this.#spans = larger;
  }

  #readObject(start: number, { members }: Shape, levels: number): number {
    const bytes = this.#bytes;
    this.#size += 2;
    let place = this.#skipSpace(start + 1);
    if (bytes[place] === sign.closeObject) return place + 1;
    let expected = members[0];
    for (;;) {
      if (expected !== undefined && isAt(bytes, place, expected.head)) {
        this.#member = expected;
        this.#size += expected.head.length + 1;
        place += expected.head.length;
      } else {
        place = this.#readName(place, members);
        if (place === odd) return odd;
      }
      const member = this.#member;
      place = this.#skipSpace(place);
      if (member === undefined) {
        place = this.#readValue(place, unknown, levels);
        if (place === odd) return odd;
      } else {
        const span = this.#row + 2 * member.column;
        if (this.#spans[span] !== 0) return odd;
        this.#spans[span] = place;
        const sizeBefore = this.#size;
        place = this.#readValue(place, member.inner, levels);
        if (place === odd) return odd;
        this.#spans[span + 1] = place;
        if (member.isSized) this.#sized = this.#size - sizeBefore;
        expected = member.next;
      }
      place = this.#skipSpace(place);
      const byte = bytes[place++];
      if (byte === sign.closeObject) return place;
      if (byte !== sign.comma) return odd;
      place = this.#skipSpace(place);
    }
  }

  /** To behind the colon. */
  #readName(start: number, members: readonly Member[]): number {
    const bytes = this.#bytes;
    this.#isEscaped = false;
    const end = bytes[start] === sign.quote ? this.#readText(start) : odd;
    // By the codes of its letters it could be one of the members.
    if (end === odd || (this.#isEscaped && members.length > 0)) return odd;
    this.#member = undefined;
    for (const member of members)
      if (member.name.length === end - start - 2 && isAt(bytes, start + 1, member.name)) this.#member = member;
    const place = this.#skipSpace(end);
    this.#size += 2;
    return bytes[place] === sign.colon ? place + 1 : odd;
  }

  #readValue(start: number, inner: Shape, levels: number): number {
    const byte = this.#bytes[start];
    if (byte === sign.quote) return this.#readText(start);
    if (byte === sign.openObject) return levels === 0 ? odd : this.#readObject(start, inner, levels - 1);
    if (byte === sign.openList) return levels === 0 ? odd : this.#readValues(start, levels - 1);
    const end = readWord(this.#bytes, start);
    // A number may have any number of digits.
    this.#size += end - start > 8 ? end - start : 8;
    return end;
  }

  #readValues(start: number, levels: number): number {
    const bytes = this.#bytes;
    this.#size += 2;
    let place = this.#skipSpace(start + 1);
    if (bytes[place] === sign.closeList) return place + 1;
    for (;;) {
      place = this.#readValue(place, unknown, levels);
      if (place === odd) return odd;
      this.#size++;
      place = this.#skipSpace(place);
      const byte = bytes[place++];
      if (byte === sign.closeList) return place;
      if (byte !== sign.comma) return odd;
      place = this.#skipSpace(place);
    }
  }

  #readText(start: number): number {
    const bytes = this.#bytes;
    // A name of its own is a number once it is compiled.
    const quote = 0x22;
    const { length } = bytes;
    let place = start + 1;
    while (place < length) {
      const byte = bytes[place++] as number;
      if (byte === quote) {
        this.#size += place - start;
        return place;
      }
      if (byte < 0x20) return odd;
      if (byte === 0x5c) {
        this.#isEscaped = true;
        place = readEscape(bytes, place);
        if (place === odd) return odd;
      }
    }
    return odd;
  }

  #skipSpace(start: number): number {
    const place = skipSpace(this.#bytes, start);
    if (place !== start) this.#isSpaced = true;
    return place;
  }
}

/** The shape of what nobody looks into. */
const unknown: Shape = { members: [] };
