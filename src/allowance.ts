/**
 * How much a request may still be answered with. Lists multiply what a document asks for: a hundred keys of one run, times
 * fifty aliases, times a thousand events are one upstream call and gigabytes of answer.
 */
import { OperationTooCostly } from './errors.ts';

/** The allowance of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class Allowance {
  readonly #bytes: number;
  #left: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#left = bytes;
  }

  /**
   * Takes `bytes` out, before they are made.
   * @throws {OperationTooCostly} when there aren't as many left
   */
  spend(bytes: number): void {
    if (bytes > this.#left) throw new OperationTooCostly(`Expected to be answered with at most ${this.#bytes} bytes.`);
    this.#left -= bytes;
  }

  /** The same allowance, with nothing spent. */
  anew(): Allowance {
    return new Allowance(this.#bytes);
  }
}
