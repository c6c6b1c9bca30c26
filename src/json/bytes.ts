/** JSON that is put together from thousands of short pieces, each of which would cost more as a text. */
export class JsonBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param expected about how many bytes there will be: a request can ask for thousands of empty lists */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected);
  }

  put(piece: Buffer): void {
    this.#withRoomFor(piece.length).set(piece, this.#length);
    this.#length += piece.length;
  }

  /** The bytes of `source` from `start` on, without those from `end` on. */
  copy(source: Buffer, start: number, end: number): void {
    const bytes = this.#withRoomFor(end - start);
    let place = this.#length;
    // Few bytes, mostly: quicker than to have them copied.
    for (let step = start; step < end; step++) bytes[place++] = source[step] as number;
    this.#length = place;
  }

  /** A sign. */
  add(byte: number): void {
    this.#withRoomFor(1)[this.#length++] = byte;
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for so many bytes in all at once: to double it again and again would take three times as much. */
  reserve(total: number): void {
    if (total > this.#bytes.length) this.#growTo(total);
  }

  /** What has been put together, to which nothing may be added any more. */
  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #withRoomFor(more: number): Buffer {
    const least = this.#length + more;
    return least <= this.#bytes.length ? this.#bytes : this.#growTo(Math.max(least, 2 * this.#bytes.length));
  }

  #growTo(total: number): Buffer {
    const larger = Buffer.allocUnsafe(total);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    return larger;
  }
}
