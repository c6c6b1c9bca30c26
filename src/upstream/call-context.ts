/** What a call requests of a provider, and on whose behalf it is made. */
import type { Account, AccountId } from '../core/accounts.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { RequestKind } from '../observability/observer.ts';
import type { AttemptTrace, OperationTrace, TracedCall } from '../observability/tracing.ts';
import type { CallerQueue } from './bulkhead.ts';
import { CallReport } from './call-report.ts';
import type { CancelListener, CancelToken, OperationDeadline } from './deadline.ts';
import type { PacedOperation } from './paced-queue.ts';
import { type ByteUser, type HeldBytes, maxUncountedOperationBytes } from './response-budget.ts';

/** What is requested of a provider. */
export interface UpstreamRequest {
  readonly kind: RequestKind;
  /** The path below the base URL. Made of checked ids alone, but for its query. */
  readonly path: string;
  /** Fields of the response that must have the requested values, where they are there. */
  readonly echoes: Readonly<Record<string, string>>;
  /** The member of the response that is a list of rows, all of which are read. */
  readonly rows?: string;
  /**
   * Whether it has a cursor or tags that a client chose and this service can't check: a failure of the provider at that (500) isn't
   * retried. @default false
   */
  readonly isClientControlled?: boolean;
  /** The monitor whose runs it lists, from the newest on. */
  readonly newestRunsOf?: string | undefined;
  /**
   * Whether it goes on in a list behind what has been read of it: as a page behind the first, or from a cursor. A response that is
   * older than that lacks the rows that have moved on to it since. @default false
   */
  readonly isContinuation?: boolean;
  /** Whether new rows of its list come last, so that they move no others on to the next page. @default false */
  readonly isAppendOnly?: boolean;
  /** Whether it is one of many that are read for a list of many monitors' runs: it has the lowest priority. @default false */
  readonly isReport?: boolean;
}

/** On whose behalf a call is made. One object for all calls of a request, which take their turn together. */
export interface Call {
  /** Comes when the client disconnects, or the deadline of the operation is reached. */
  readonly cancellation: CancelToken;
  /** The trace of the operation, where there is one. */
  readonly trace: OperationTrace | undefined;
  /** The log of the request. */
  readonly log: RequestLog;
  /** Its queue at each account that it has called. */
  readonly queues: Partial<Record<AccountId, CallerQueue>>;
  /** Whom its attempts are counted for. */
  readonly callReport: CallReport;
  /** When it has to be over, by the monotonic clock, in milliseconds. */
  readonly deadlineAt: number;
  /** The operation that it is made for, or the first one. */
  readonly operation: PacedOperation;
  /** Whether it is made for programs that read lists page by page alone. */
  readonly isReport: boolean;
  /** Counts a call of the list of monitors that decides whether a 404 means absence. The operation didn't request it. */
  countExtra(): void;
  /** Whether it is made for this user of bytes. */
  isFor(user: ByteUser): boolean;
  /** Retains the bytes of a response for the operation, until it is complete. */
  hold(bytes: HeldBytes): void;
  /** How many bytes more of its responses aren't counted. */
  readonly uncountedBytes: number;
  /** The operation has a response of so many bytes that isn't counted. */
  addUncounted(bytes: number): void;
  /** Told before each attempt. What it throws ends the call, which is no failure. */
  send?(): void;
  /** Receives the trace of each attempt, where there is one. */
  noteAttempt?(attempt: AttemptTrace): void;
}

/** What traces say of a call. */
export const toTracedCall = (
  { provider, account }: Account,
  { kind, path, isContinuation = false }: UpstreamRequest,
): TracedCall => ({ provider, account, kind, path, isContinuation });

/** The call of an operation. A class, as every operation has one, and methods of a prototype cost it nothing. */
export class OperationCall implements Call, CancelListener {
  readonly log: RequestLog;
  readonly cancellation: OperationDeadline;
  readonly queues: Call['queues'] = {};
  readonly callReport: CallReport;
  /** How many calls were made that the operation didn't request. */
  extraCalls = 0;
  uncountedBytes = maxUncountedOperationBytes;
  /** To be set before its first call is made. */
  isReport = false;
  /** The same. */
  trace: OperationTrace | undefined;
  /** What its operation uses. Few operations have large responses. */
  #held: HeldBytes[] | undefined;

  /** @param isVerbose whether the client wants to know why its calls are made */
  constructor(log: RequestLog, deadline: OperationDeadline, isVerbose = false) {
    this.log = log;
    this.cancellation = deadline;
    this.callReport = new CallReport(isVerbose);
  }

  get deadlineAt(): number {
    return this.cancellation.at;
  }

  get operation(): PacedOperation {
    return this;
  }

  countExtra(): void {
    this.extraCalls++;
  }

  isFor(user: ByteUser): boolean {
    return user === this;
  }

  hold(bytes: HeldBytes): void {
    // The operation didn't wait for the response.
    if (!this.cancellation.isRunning) return;
    bytes.retain(this);
    if (this.#held === undefined) {
      this.#held = [];
      this.cancellation.add(this);
    }
    this.#held.push(bytes);
  }

  addUncounted(bytes: number): void {
    this.uncountedBytes -= bytes;
  }

  /** The operation begins. */
  start(): void {
    this.cancellation.start();
  }

  /** The operation is complete. */
  complete(): void {
    this.cancellation.stop();
    if (this.#held !== undefined) this.#release();
  }

  /** The client disconnects or the deadline is reached: whatever the operation still does, it needs no bytes for long. */
  handleEvent(): void {
    this.#release();
  }

  #release(): void {
    for (const bytes of this.#held ?? []) bytes.release(this);
    this.#held = undefined;
  }
}
