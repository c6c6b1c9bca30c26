/** Whatever goes wrong with an operation, as its client gets to see it; and bugs, as the log does. */
import { GraphQLError } from 'graphql';
import { maskError } from 'graphql-yoga';
import { toClientError } from './errors.ts';
import type { Log } from './log.ts';

/** Hides a bug from the client; what it was stays with it, as its cause, for the log. */
export function toMasked(error: unknown, message: string): Error {
  const masked = maskError(error, message, false);
  if (masked !== error) masked.cause = error;
  return masked;
}

/** Tells the log of the bugs among masked errors. @param departure why nobody waits for the answer any more */
export function logBugs(errors: readonly GraphQLError[], requestId: string, log: Log, departure: unknown): void {
  for (const { extensions, cause } of errors) {
    if (!extensions.unexpected || isDeparture(cause, departure)) continue;
    log.error({ requestId, error: cause instanceof Error ? cause.stack : 'not an Error' }, 'unexpected error');
  }
}

/** Whether the error is no bug: the client has left, and took along what was under way for it. */
const isDeparture = (error: unknown, departure: unknown): boolean =>
  departure !== undefined &&
  (error === departure || (error instanceof GraphQLError && error.originalError === departure));

/** The errors of an execution, for the client. */
export function toClientErrors(
  errors: readonly GraphQLError[],
  requestId: string,
  log: Log,
  departure: unknown,
): GraphQLError[] {
  const masked = errors.map((error) => toMasked(error, 'Unexpected error.') as GraphQLError);
  logBugs(masked, requestId, log, departure);
  return masked.map((error) => toClientError(error, requestId));
}
