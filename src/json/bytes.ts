/**
 * What it is put together in, for the next time: V8 looks for garbage each time that some fifty megabytes of buffers have been
 * asked for, whatever became of them.
 */
let spare: Buffer | undefined;

/** The smallest and the largest that is kept for the next time. */
const leastSpare = 64 * 1024;
const mostSpare = 1024 * 1024;

/** JSON that is put together from thousands of short pieces, each of which would cost more as a text. */
export class JsonBytes {
  #bytes: Buffer;
  #length = 0;

  constructor() {
    this.#bytes = spare ?? Buffer.allocUnsafeSlow(leastSpare);
    spare = undefined;
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

  /** What has been put together, once: nothing may be added any more. */
  toBuffer(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    if (this.#bytes.length > mostSpare) return whole;
    spare = this.#bytes;
    return Buffer.from(whole);
  }

  #withRoomFor(more: number): Buffer {
    const least = this.#length + more;
    return least <= this.#bytes.length ? this.#bytes : this.#growTo(Math.max(least, 2 * this.#bytes.length));
  }

  #growTo(total: number): Buffer {
    const larger = Buffer.allocUnsafeSlow(total);
    this.#bytes.copy(larger, 0, 0, this.#length);
    if (this.#bytes.length <= mostSpare) spare = this.#bytes;
    this.#bytes = larger;
    return larger;
  }
}
