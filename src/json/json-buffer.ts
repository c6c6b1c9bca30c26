/** JSON that is put together from thousands of short pieces, each of which would cost more as a text. */

/**
 * What it is put together in, for the next time: V8 looks for garbage each time that some fifty megabytes of buffers have been
 * asked for, whatever became of them. Nobody has it while it is in use.
 */
let spare: Buffer | undefined;

/** The smallest and the largest that is kept for the next time. */
const leastSpare = 64 * 1024;
const maxSpare = 1024 * 1024;

/**
 * Puts JSON together.
 * @param put adds to it while it runs, and not later; false when there is none after all
 * @returns memory of its own
 */
export function putTogether(put: (into: JsonBytes) => boolean): Buffer | undefined {
  const into = new JsonBytes(spare ?? Buffer.allocUnsafeSlow(leastSpare));
  spare = undefined;
  try {
    return put(into) ? into.toBuffer() : undefined;
  } finally {
    spare = into.release();
  }
}

/** What has been put together so far. */
export class JsonBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param bytes where it is put together, as long as there is room */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
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

  /** What has been put together, once. */
  toBuffer(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    return this.#canBeSpare ? Buffer.from(whole) : whole;
  }

  /** What the next one may be put together in; of this one there is nothing any more. */
  release(): Buffer | undefined {
    const bytes = this.#canBeSpare ? this.#bytes : undefined;
    this.#bytes = nothing;
    this.#length = 0;
    return bytes;
  }

  get #canBeSpare(): boolean {
    return this.#bytes.length <= maxSpare;
  }

  #withRoomFor(more: number): Buffer {
    const least = this.#length + more;
    return least <= this.#bytes.length ? this.#bytes : this.#growTo(Math.max(least, 2 * this.#bytes.length));
  }

  #growTo(total: number): Buffer {
    const larger = Buffer.allocUnsafeSlow(total);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    return larger;
  }
}

const nothing = Buffer.alloc(0);
