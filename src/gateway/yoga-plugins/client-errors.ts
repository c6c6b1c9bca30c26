/** Whatever goes wrong, the client gets a GraphQL answer: a code of the list, the listed extensions, the request's id. */
import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { toClientError, toRefusal } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { logBadParts } from '../../observability/invalid-parts.ts';
import { capErrors, logBugs } from '../error-masking.ts';
import { toRequestId } from '../request-id.ts';
import { cancellationOf, requestLogOf, type ServerContext } from './server-context.ts';

/** What was expected, where Yoga or GraphQL only say what went wrong. */
const clearer: ReadonlyMap<string, string> = new Map([
  ['POST body sent invalid JSON.', 'Expected a body of JSON, as UTF-8.'],
  [
    'Could not determine what operation to execute.',
    'Expected one operation, or an `operationName` that is the name of one of several.',
  ],
  ['Validation aborted.', 'Expected fewer selections of one name.'],
]);

export function useClientErrors(
  path: string,
  { maxResponseErrors }: Pick<Limits, 'maxResponseErrors'>,
): Plugin<object, ServerContext> {
  /** What was expected, where Yoga says so with a status alone. */
  const sentences: Readonly<Record<number, string>> = {
    404: `Expected the path ${path}.`,
    406: 'Expected an Accept header that admits application/json or application/graphql-response+json.',
    415: 'Expected a POST with the content type application/json.',
  };
  return {
    onResultProcess({ request, result, setResult, serverContext }) {
      if (isAsyncIterable(result)) return;
      const { errors } = result as ExecutionResult;
      const log = requestLogOf(serverContext);
      if (errors !== undefined) {
        const shown = capErrors(errors, maxResponseErrors);
        logBugs(shown, log, cancellationOf(request, serverContext).reason);
        logBadParts(shown, log);
        setResult({ ...result, errors: shown.map((error) => withStatus(error, log.requestId)) });
      }
      log.complete();
    },
    onResponse({ response, serverContext, setResponse, fetchAPI }) {
      const sentence = response.headers.has('content-type') ? undefined : sentences[response.status];
      if (sentence === undefined) return;
      const body = toRefusal('BAD_USER_INPUT', sentence, toRequestId(serverContext.requestId));
      setResponse(
        new fetchAPI.Response(body, {
          status: response.status,
          headers: { 'content-type': 'application/json; charset=utf-8' },
        }),
      );
    },
  };
}

/** The error for the client, with what Yoga needs to choose the status of the answer; Yoga takes that out again. */
function withStatus(error: GraphQLError, requestId: string): GraphQLError {
  const { http, unexpected, originalError } = error.extensions;
  const shown = toClientError(error, requestId);
  shown.message = clearer.get(error.message) ?? error.message;
  if (unexpected) shown.extensions.unexpected = true;
  if (http) {
    // Without the headers of just any error. `spec` makes 200 of the status for clients that accept application/json alone,
    // except for a body that isn't JSON, which Yoga knows by an extension that isn't shown.
    const { headers: _headers, spec = false, ...status } = http;
    const headers = status.status === 405 && { headers: { allow: 'GET, POST' } };
    shown.extensions.http = { ...status, spec: spec && !originalError, ...headers };
  }
  return shown;
}
