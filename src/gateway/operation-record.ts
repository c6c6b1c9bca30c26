/** What an operation reports at its end: to the observer, and to the log. */
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { ErrorCode } from '../core/errors.ts';
import { toHash } from '../graphql/documents/persisted-documents.ts';
import type { Log } from '../observability/logger.ts';
import type { GatewayObserver, OperationRecord, Outcome } from '../observability/observer.ts';
import { type ReadHeader, toOperationFields } from '../observability/operation-fields.ts';
import type { OperationTrace, TracedRequest, Tracing } from '../observability/tracing.ts';

/** The code of what ends as its client has disconnected: no client reads it. */
const disconnected: readonly string[] = ['CLIENT_DISCONNECTED'];

const none: readonly string[] = [];
const noCalls: OperationRecord['calls'] = {};

/**
 * An operation, as much as is known of it so far. One whose response is over before it has ended has lost its client. A class, as every
 * operation has one, and methods of a prototype cost it nothing.
 */
export class OperationProgress implements OperationRecord {
  readonly documentId: string | undefined;
  name: string | undefined;
  type: OperationRecord['type'];
  outcome: Outcome = 'failed';
  errorCodes = disconnected;
  /** What it has cost so far. */
  calls = noCalls;
  durationMs = 0;
  trace: OperationTrace | undefined;
  /** The document, where the operation is traced. */
  text: string | undefined;
  /** When the document was parsed and validated, from when to when, where the operation is traced and it wasn't cached. */
  parsedAt: readonly [startedAt: number, endedAt: number] | undefined;
  readonly #startedAt = performance.now();

  /** @param documentId the id by which the client named the document */
  constructor(documentId: string | undefined) {
    this.documentId = documentId;
  }

  /** The operation is rejected with these errors, as its client sees them. */
  reject(errors: readonly GraphQLError[]): void {
    this.errorCodes = codesOf(errors);
  }

  /** There is no room for its response. */
  overload(): void {
    this.errorCodes = ['OVERLOADED' satisfies ErrorCode];
  }

  /** The operation has a result. @param isDisconnected whether its client has disconnected */
  complete(data: ExecutionResult['data'], errors: readonly GraphQLError[] | undefined, isDisconnected: boolean): void {
    this.outcome = errors === undefined ? 'ok' : hasData(data) ? 'partial' : 'failed';
    if (errors === undefined) this.errorCodes = none;
    else this.errorCodes = isDisconnected ? disconnected : codesOf(errors);
  }

  /** A further payload of an incremental response has errors. */
  addErrors(errors: readonly GraphQLError[], isDisconnected: boolean): void {
    if (this.outcome === 'ok') this.outcome = 'partial';
    const codes = isDisconnected ? disconnected : codesOf(errors);
    const known = this.errorCodes === disconnected ? none : this.errorCodes;
    this.errorCodes = [...new Set([...known, ...codes])];
  }

  /** The operation has ended by a bug. */
  fail(): void {
    this.outcome = 'failed';
    this.errorCodes = ['INTERNAL_SERVER_ERROR' satisfies ErrorCode];
  }

  get traceId(): string | undefined {
    return this.trace?.traceId;
  }

  beginTrace(tracing: Tracing, request: TracedRequest): void {
    this.trace = tracing.begin(this.type, this.#startedAt, request);
    if (this.parsedAt !== undefined) this.trace.addParse(...this.parsedAt);
  }

  end(): void {
    this.durationMs = performance.now() - this.#startedAt;
  }
}

/** Whether a root field has a value: that of one field alone, if it fails, is `null` beside its error. */
const hasData = (data: ExecutionResult['data']): boolean =>
  data != null && Object.values(data).some((value) => value !== null);

const codesOf = (errors: readonly GraphQLError[]): readonly string[] => [
  ...new Set(errors.map(({ extensions }) => String(extensions.code))),
];

/** Whom an operation is reported to. */
interface Reporter {
  readonly requestId: string;
  readonly header: ReadHeader;
  beginOperation?(record: OperationRecord): void;
}

/** Reports an operation that has ended. */
export type ReportOperation = (progress: OperationProgress, reporter: Reporter) => void;

/** Makes what reports an operation that has ended: to the observer, and to the log unless a server in front has a line for it. */
export const createReportOperation =
  (observer: GatewayObserver | undefined, log: Pick<Log, 'info'> | undefined): ReportOperation =>
  (progress, reporter) => {
    progress.end();
    const { trace, text } = progress;
    trace?.end(progress, reporter, () => text && toHash(text));
    observer?.endOperation(progress);
    if (reporter.beginOperation !== undefined || log === undefined) return;
    const { requestId } = reporter;
    const ms = Math.round(progress.durationMs);
    const fields = { requestId, ms, ...toOperationFields(progress, (name) => reporter.header(name)) };
    // Some loggers would write those without a value.
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    log.info(Object.fromEntries(known), 'operation');
  };
