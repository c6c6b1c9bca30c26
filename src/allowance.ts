/**
 * How much a request may still be answered with. Lists multiply what a document asks for: a hundred keys of one run, times
 * fifty aliases, times a thousand events are one upstream call and gigabytes of answer.
 */
import { OperationTooCostly } from './errors.ts';

export interface Allowance {
  /**
   * Takes `bytes` out, before they are made.
   * @throws {OperationTooCostly} when there aren't as many left
   */
  spend(bytes: number): void;
  /** The same allowance, with nothing spent. */
  anew(): Allowance;
}

/** Makes the allowance of one request. */
export function createAllowance(bytes: number): Allowance {
  let left = bytes;
  return {
    spend(some) {
      if (some > left) throw new OperationTooCostly(`Expected to be answered with at most ${bytes} bytes.`);
      left -= some;
    },
    anew: () => createAllowance(bytes),
  };
}
