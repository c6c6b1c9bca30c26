/** Error masking: whatever goes wrong with an operation, as its client gets to see it; and bugs, as the log does. */
import { GraphQLError } from 'graphql';
import { OperationTooCostly, Overloaded, toClientError } from '../core/errors.ts';
import { logBadParts } from '../observability/invalid-parts.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { OperationResponse, RequestInfo } from './operation.ts';

/** Hides a bug from the client; what it was stays with it, as its cause, for the log. */
export function toMasked(error: unknown, message: string): Error {
  if (isTold(error)) return error;
  const place = error instanceof GraphQLError ? error : undefined;
  const { nodes = null, source = null, positions = null, path = null } = place ?? {};
  const masked = new GraphQLError(message, {
    ...{ nodes, source, positions, path },
    extensions: { code: 'INTERNAL_SERVER_ERROR', unexpected: true },
  });
  masked.cause = error;
  return masked;
}

/** Whether an error is meant for clients: it was made as GraphQL's, however often it has been wrapped since. */
const isTold = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError && (error.originalError == null || isTold(error.originalError));

/** Logs the bugs among masked errors. @param clientDisconnect the reason of the cancellation, where the client has disconnected */
export function logBugs(errors: readonly GraphQLError[], log: RequestLog, clientDisconnect: unknown): void {
  for (const { extensions, cause } of errors) {
    if (!extensions.unexpected || isClientDisconnect(cause, clientDisconnect)) continue;
    log.error({ error: cause instanceof Error ? cause.stack : 'not an Error' }, 'unexpected error');
  }
}

/** Whether the error is no bug: the client has disconnected, and cancelled what was in flight for it. */
const isClientDisconnect = (error: unknown, clientDisconnect: unknown): boolean =>
  clientDisconnect !== undefined &&
  (error === clientDisconnect || (error instanceof GraphQLError && error.originalError === clientDisconnect));

/** Leaves out what is beyond so many errors; the last one says how many. Before anything is made of each of them. */
export function capErrors(errors: readonly GraphQLError[], most: number): readonly GraphQLError[] {
  if (errors.length <= most) return errors;
  const shown = errors.slice(0, Math.max(most - 1, 0));
  const more = errors.length - shown.length;
  return [
    ...shown,
    new OperationTooCostly(`Expected an operation with at most ${most} errors: ${more} more are omitted.`),
  ];
}

/** The errors of an execution, for the client. @param most how many are shown */
export function toClientErrors(
  errors: readonly GraphQLError[],
  log: RequestLog,
  clientDisconnect: unknown,
  most: number,
): GraphQLError[] {
  const masked = capErrors(errors, most).map((error) => toMasked(error, 'Unexpected error.') as GraphQLError);
  logBugs(masked, log, clientDisconnect);
  logBadParts(masked, log);
  return masked.map((error) => toClientError(error, log.requestId));
}

/** A response that says why no operation is executed. @param errors as the client sees them */
export function toRejection(
  errors: readonly GraphQLError[],
  status: number,
  jsonStatus: number,
  headers: OperationResponse['headers'],
): OperationResponse {
  const body = JSON.stringify({ errors });
  const bytes = Buffer.byteLength(body);
  return { status, jsonStatus, body, bytes, calls: undefined, ageSeconds: undefined, headers };
}

/** The rejection of an operation whose response has no room. */
export const toOverloaded = ({ requestId }: Pick<RequestInfo, 'requestId'>): OperationResponse =>
  toRejection([toClientError(new Overloaded(), requestId)], 503, 503, { 'retry-after': '1' });
