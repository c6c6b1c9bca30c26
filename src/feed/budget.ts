/** How many upstream calls the feeds of a request may cost. */
import { OperationTooCostly } from '../errors.ts';
import type { Provider } from '../generated/types.ts';
import type { Get } from '../providers/provider.ts';

export interface Budget {
  /** How many calls there were at first. */
  readonly most: number;
  /** How many are left. */
  left(): number;
  /** Why there are no more. */
  toError(): OperationTooCostly;
  /**
   * The same way to ask, for one feed, where each call is paid for. What another feed has paid for is there for all; what this
   * one asks for again is paid for again: so no list goes round in circles.
   * @throws {OperationTooCostly} when none are left
   */
  pay(provider: Provider, get: Get): Get;
}

export function createBudget(most: number): Budget {
  let left = most;
  const paid = new Set<string>();
  const toError = () =>
    new OperationTooCostly(`Expected at most ${most} upstream calls for all \`runs\` of a request.`);
  return {
    most,
    left: () => left,
    toError,
    pay(provider, get) {
      const asked = new Set<string>();
      return async (request) => {
        const name = `${provider} ${request.path}`;
        if (asked.has(name) || !paid.has(name)) {
          if (left === 0) throw toError();
          left--;
        }
        asked.add(name);
        paid.add(name);
        return get(request);
      };
    },
  };
}
