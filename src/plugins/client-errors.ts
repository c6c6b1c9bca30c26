/** Whatever goes wrong, the client gets a GraphQL answer: a code of the list, the listed extensions, the request's id. */
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { toClientError, toRefusal } from '../errors.ts';
import { type RequestContext, toRequestId } from '../request-id.ts';

export function useClientErrors(path: string): Plugin<object, RequestContext> {
  /** What was expected, where Yoga says so with a status alone. */
  const sentences: Readonly<Record<number, string>> = {
    404: `Expected the path ${path}.`,
    406: 'Expected an Accept header that admits application/json or application/graphql-response+json.',
    415: 'Expected a POST with the content type application/json.',
  };
  return {
    onResultProcess({ result, setResult, serverContext }) {
      const { errors } = result as ExecutionResult;
      if (errors)
        setResult({
          ...result,
          errors: errors.map((error) => withStatus(error, toRequestId(serverContext.requestId))),
        });
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
  const { http, unexpected } = error.extensions;
  const shown = toClientError(error, requestId);
  if (unexpected) shown.extensions.unexpected = true;
  if (http) {
    // Without the headers of just any error.
    const { headers: _headers, ...status } = http;
    shown.extensions.http = http.status === 405 ? { ...status, headers: { allow: 'GET, POST' } } : status;
  }
  return shown;
}
