/** Writes and reads numbers and texts as bytes, for compact cursors. */

export class ByteWriter {
  readonly #parts: Buffer[] = [];

  byte(value: number): void {
    this.#parts.push(Buffer.of(value));
  }

  /** An unsigned integer of 16 bits. */
  short(value: number): void {
    const part = Buffer.allocUnsafe(2);
    part.writeUInt16BE(value);
    this.#parts.push(part);
  }

  /** An unsigned integer of 32 bits. */
  int(value: number): void {
    const part = Buffer.allocUnsafe(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
  }

  /** A floating-point number of 64 bits: infinities stay what they are. */
  float(value: number): void {
    const part = Buffer.allocUnsafe(8);
    part.writeDoubleBE(value);
    this.#parts.push(part);
  }

  hex(digits: string): void {
    this.#parts.push(Buffer.from(digits, 'hex'));
  }

  /** Of at most 255 bytes. */
  text(value: string): void {
    const part = Buffer.from(value);
    this.byte(part.length);
    this.#parts.push(part);
  }

  /** Of at most 65,535 bytes. */
  longText(value: string): void {
    const part = Buffer.from(value);
    this.short(part.length);
    this.#parts.push(part);
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Each method throws a `RangeError` where there are fewer bytes than it reads. */
export class ByteReader {
  readonly #bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  int(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  /** A number that is a time: finite, in Unix milliseconds. */
  time(): number {
    const value = this.#bytes.readDoubleBE(this.#advance(8));
    if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) throw new RangeError('no time');
    return value;
  }

  hex(length: number): string {
    return this.#slice(length).toString('hex');
  }

  text(): string {
    return this.#slice(this.byte()).toString();
  }

  longText(): string {
    return this.#slice(this.short()).toString();
  }

  isAtEnd(): boolean {
    return this.offset === this.#bytes.length;
  }

  #slice(length: number): Buffer {
    const start = this.#advance(length);
    if (start + length > this.#bytes.length) throw new RangeError('too few bytes');
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.offset;
    this.offset += length;
    return start;
  }
}
