/** How many upstream calls a page of a feed may cost. */
import { OperationTooCostly } from '../errors.ts';
import type { Get } from '../providers/provider.ts';

export interface Budget {
  /** How many calls are left. */
  left(): number;
  /** Why there are no more. */
  toError(): OperationTooCostly;
  /**
   * The same way to ask, where each call is paid for, one that has been made before too: so no list goes round in circles.
   * @throws {OperationTooCostly} when none are left
   */
  pay(get: Get): Get;
}

export function createBudget(most: number): Budget {
  let left = most;
  const toError = () => new OperationTooCostly(`Expected at most ${most} upstream calls for a page of \`runs\`.`);
  return {
    left: () => left,
    toError,
    pay: (get) => async (request) => {
      if (left === 0) throw toError();
      left--;
      return get(request);
    },
  };
}
