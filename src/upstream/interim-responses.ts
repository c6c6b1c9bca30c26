/**
 * Interim responses (1xx) before the final one, which a client has to expect even if it requested none (RFC 9110, 15.2). undici
 * skips them, but closes the connection at a 100 (Continue). So the status of a 100 is changed to 102 (Processing) in the bytes
 * that undici reads: the length stays the same, and the parser alone decides where a head ends.
 */
import type { Socket } from 'node:net';

/** Follows the bytes of a connection, from each request to the status of its final response. */
export class InterimResponses {
  /** How many bytes of a status line have been read, up to the end of its status; {@link inHead} behind that. */
  #place = 0;
  #isFinal = false;
  #isHundred = false;
  /** Whether nothing of the header line has been read; the rest of the status line counts as one. */
  #isLineEmpty = false;

  /** Watches what is read from the socket. One response at a time comes over it. */
  constructor(socket: Socket) {
    const read = socket.read;
    socket.read = (size) => {
      const chunk: Buffer | null = read.call(socket, size);
      if (chunk !== null && !this.#isFinal) this.#look(chunk);
      return chunk;
    };
  }

  /** A request is sent: what is read next begins with a status line. */
  expect(): void {
    this.#place = 0;
    this.#isFinal = false;
  }

  #look(chunk: Buffer): void {
    // As it is nearly always: the beginning of a final response.
    if (this.#place === 0 && chunk[0] === capitalH && chunk.length > classPlace && chunk[classPlace] !== one)
      this.#isFinal = true;
    else this.#follow(chunk);
  }

  #follow(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isFinal; at++) {
      const byte = chunk[at];
      if (this.#place === inHead) this.#followHead(byte);
      // The parser skips empty lines before a status line.
      else if (this.#place > 0 || (byte !== lineFeed && byte !== carriageReturn)) {
        if (this.#place === classPlace) this.#isFinal = byte !== one;
        else if (this.#place === classPlace + 1) this.#isHundred = byte === zero;
        else if (this.#place === classPlace + 2 && this.#isHundred && byte === zero) chunk[at] = two;
        if (++this.#place === inHead) this.#isLineEmpty = false;
      }
    }
  }

  #followHead(byte: number | undefined): void {
    if (byte === lineFeed) {
      if (this.#isLineEmpty) this.#place = 0;
      this.#isLineEmpty = true;
    } else if (byte !== carriageReturn) this.#isLineEmpty = false;
  }
}

/** Where the first digit of the status is: `HTTP/1.1 200`. */
const classPlace = 9;
const inHead = classPlace + 3;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const capitalH = 0x48;
const zero = 0x30;
const one = 0x31;
const two = 0x32;
