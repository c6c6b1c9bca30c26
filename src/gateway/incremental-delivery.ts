/**
 * Incremental delivery, a part of the operation pipeline: executes an operation in payloads. Each is masked, and the last one has the call
 * report.
 */
import type { ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import type { IncrementalPlan } from '../graphql/documents/incremental-directives.ts';
import type { Execute, Operation } from '../graphql/executor/execute.ts';
import type { Part } from '../graphql/executor/execute-incrementally.ts';
import type { Context } from '../resolvers/context.ts';
import { toClientErrors } from './error-masking.ts';
import type { OperationResponse, Payloads, RequestInfo } from './operation.ts';
import type { OperationProgress, ReportOperation } from './operation-record.ts';

export interface IncrementalDelivery {
  start(
    incremental: IncrementalPlan,
    operation: Operation,
    progress: OperationProgress,
    requestInfo: RequestInfo,
  ): Promise<Payloads>;
  /** Loads what the first incremental response would wait for. */
  prepare(): Promise<void>;
}

export interface IncrementalDeliveryOptions {
  readonly schema: GraphQLSchema;
  readonly execute: Execute;
  /** Begins the trace of an operation, where operations are traced. */
  readonly trace: (progress: OperationProgress, requestInfo: RequestInfo) => void;
  readonly createContext: (requestInfo: RequestInfo) => Context;
  /** Makes the response of a result in one part. */
  readonly toResponse: (
    result: ExecutionResult,
    operation: Operation,
    context: Context,
    progress: OperationProgress,
    requestInfo: RequestInfo,
  ) => OperationResponse;
  readonly report: ReportOperation;
  /** How many errors all payloads together have at most. */
  readonly maxResponseErrors: number;
}

export function createIncrementalDelivery(options: IncrementalDeliveryOptions): IncrementalDelivery {
  const { schema, execute, trace, createContext, toResponse, report, maxResponseErrors } = options;
  // Most clients accept no incremental response, and a process starts faster without its executor.
  const load = lazy(async () => {
    const { createExecuteIncrementally } = await importModule(
      () => import('../graphql/executor/execute-incrementally.ts'),
    );
    return createExecuteIncrementally(schema, execute);
  });

  /** The deadline is that of all payloads together. */
  const start: IncrementalDelivery['start'] = async (incremental, operation, progress, requestInfo) => {
    const executeIncrementally = await load();
    trace(progress, requestInfo);
    const context = createContext(requestInfo);
    context.call.trace = progress.trace;
    const complete = () => {
      context.call.complete();
      context.log.complete();
      report(progress, requestInfo);
    };
    let parts: AsyncIterable<Part> | undefined;
    try {
      progress.calls = context.callReport.ofAccounts;
      context.call.start();
      const result = await executeIncrementally(incremental, operation, context);
      if (!(Symbol.asyncIterator in result)) return toResponse(result, operation, context, progress, requestInfo);
      parts = result;
    } catch (bug) {
      progress.fail();
      throw bug;
    } finally {
      if (parts === undefined) complete();
    }
    return toPayloads(parts, context, progress, requestInfo, complete);
  };

  async function* toPayloads(
    parts: AsyncIterable<Part>,
    { call, callReport }: Context,
    progress: OperationProgress,
    { cancellation }: RequestInfo,
    complete: () => void,
  ): AsyncGenerator<Part> {
    /** How many errors all payloads together still have room for; each payload can say how many of its errors are omitted. */
    let room = maxResponseErrors;
    const toClient = <Errors extends Pick<Part, 'errors'>>(part: Errors): Errors => {
      if (part.errors === undefined) return part;
      const errors = toClientErrors(part.errors, call.log, cancellation.reason, Math.max(room, 1));
      room -= errors.length;
      progress.addErrors(errors, cancellation.reason !== undefined);
      return { ...part, errors };
    };
    const toPayload = (part: Part): Part => {
      const { incremental, ...rest } = toClient(part);
      if (rest.data !== undefined) progress.complete(rest.data, rest.errors, cancellation.reason !== undefined);
      const payload = incremental === undefined ? rest : { incremental: incremental.map(toClient), ...rest };
      // An incremental response has cost all that it does when the last payload comes.
      const isReported = callReport.isVerbose && !part.hasNext;
      return isReported ? { ...payload, extensions: { upstream: callReport.show() } } : payload;
    };
    try {
      for await (const part of parts) yield toPayload(part);
    } catch (error) {
      yield toPayload({ errors: [error as GraphQLError], hasNext: false });
    } finally {
      complete();
    }
  }

  return {
    start,
    async prepare() {
      await load();
    },
  };
}
