/** The chunks of a response, until its body is whole. */

/** So many are stored as they arrive. Of more, small ones are concatenated: each takes some hundred bytes beside its content. */
const maxSeparate = 16;
/** Chunks of at least so many bytes are never concatenated. */
const maxSmallBytes = 4 * 1024;
const blockBytes = 64 * 1024;

export class BodyChunks {
  readonly #chunks: Buffer[];
  #length: number;
  /** What small chunks are copied to, and how much of it is in use. */
  #block = nothing;
  #used = 0;

  constructor(first: Buffer) {
    this.#chunks = [first];
    this.#length = first.length;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#chunks.length < maxSeparate) this.#chunks.push(chunk);
    else if (chunk.length < maxSmallBytes) this.#join(chunk);
    else {
      this.#endBlock();
      this.#chunks.push(chunk);
    }
  }

  /**
   * The whole body. For a moment its bytes are there twice. That takes less memory than to allocate all of it when its length is
   * announced: many may be announced at a time, and few are read.
   */
  toBody(): Buffer {
    this.#endBlock();
    return Buffer.concat(this.#chunks, this.#length);
  }

  #join(chunk: Buffer): void {
    if (this.#used + chunk.length > this.#block.length) {
      this.#endBlock();
      if (chunk.length > this.#block.length) this.#block = Buffer.allocUnsafeSlow(blockBytes);
    }
    chunk.copy(this.#block, this.#used);
    this.#used += chunk.length;
  }

  /** Makes a chunk of what is in use; the rest of the block is for the next small chunks. */
  #endBlock(): void {
    if (this.#used === 0) return;
    this.#chunks.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}

const nothing = Buffer.alloc(0);
