import type { RequestLog } from '../bounded-log.ts';
import type { Provider } from '../generated/types.ts';
import { Price } from '../price.ts';
import type { Line } from './bulkhead.ts';
import type { OperationDeadline } from './deadline.ts';
import type { Ending } from './ending.ts';

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Comes when the client disconnects, or the deadline of the operation is reached. */
  readonly ending: Ending;
  /** The log of the request. */
  readonly log: RequestLog;
  /** Where it stands at each provider that it has asked. */
  readonly lines: Partial<Record<Provider, Line>>;
  /** Whom its attempts are counted for. */
  readonly price: Price;
  /** When it has to be over, by the monotonic clock, in milliseconds. */
  readonly deadlineAt: number;
  /** Counts a call of the list of monitors that decides whether a 404 means absence. The operation didn't request it. */
  countExtra(): void;
  /** Told before each attempt. What it throws ends the call, which is no failure. */
  send?(): void;
}

/** The call of an operation. A class, as every operation has one, and methods of a prototype cost it nothing. */
export class OperationCall implements Call {
  readonly log: RequestLog;
  readonly ending: OperationDeadline;
  readonly lines: Call['lines'] = {};
  readonly price: Price;
  /** How many calls were made that the operation didn't request. */
  extraCalls = 0;

  /** @param isExplained whether the client wants to know why its calls are made */
  constructor(log: RequestLog, deadline: OperationDeadline, isExplained = false) {
    this.log = log;
    this.ending = deadline;
    this.price = new Price(isExplained);
  }

  get deadlineAt(): number {
    return this.ending.at;
  }

  countExtra(): void {
    this.extraCalls++;
  }
}
