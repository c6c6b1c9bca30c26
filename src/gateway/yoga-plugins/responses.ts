/** Makes Yoga's responses those of the fast path: errors for clients, parts, the call report, and no response without room. */
import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import { Overloaded, toClientError, toRefusal } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import type { Part } from '../../graphql/executor/execute-incrementally.ts';
import { logBadParts } from '../../observability/invalid-parts.ts';
import { ageHeader, type CallReport, callReportHeader } from '../../upstream/call-report.ts';
import { capErrors, logBugs, toClientErrors } from '../error-masking.ts';
import { type RequestContext, toRequestId } from '../request-id.ts';
import { isStream } from '../responses.ts';
import { completeAfter } from './execution.ts';
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

export function useParts({ maxResponseErrors }: Pick<Limits, 'maxResponseErrors'>): Plugin<object, ServerContext> {
  return {
    onResultProcess({ request, result, serverContext, setResult }) {
      if (!isAsyncIterable(result)) return;
      const log = requestLogOf(serverContext);
      /** How many errors all payloads together still have room for; each payload can say how many of its errors are omitted. */
      let room = maxResponseErrors;
      const toClient = <Errors extends Pick<Part, 'errors'>>(part: Errors): Errors => {
        if (part.errors === undefined) return part;
        const errors = toClientErrors(
          part.errors,
          log,
          cancellationOf(request, serverContext).reason,
          Math.max(room, 1),
        );
        room -= errors.length;
        return { ...part, errors };
      };
      const toClientPart = (part: Part): Part => {
        const { incremental, ...rest } = toClient(part);
        return incremental === undefined ? rest : { incremental: incremental.map(toClient), ...rest };
      };
      setResult(completeAfter(log, mapAsyncIterator(result as AsyncIterable<Part>, toClientPart)));
    },
    onResponse({ response }) {
      if (!isStream(response)) return;
      const { headers } = response;
      // How the connection goes on is the server's to say, and Yoga's coding is none.
      for (const name of ['connection', 'transfer-encoding', 'content-encoding']) headers.delete(name);
      // A compressor like Express's would hold parts back.
      headers.set('cache-control', 'no-store, no-transform');
      // A proxy like nginx would collect them otherwise.
      headers.set('x-accel-buffering', 'no');
    },
  };
}

/** @param callReportOf the cost of what is executed for a request, if anything is */
export const useCallReport = (callReportOf: (request: Request) => CallReport | undefined): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const callReport = callReportOf(request);
    if (callReport === undefined || !callReport.isVerbose) return;
    // An incremental response has cost all that it does when the last one comes.
    const withCallReport = <Payload extends object>(payload: Payload) => ({
      ...payload,
      extensions: { upstream: callReport.show() },
    });
    if (isAsyncIterable(result))
      setResult(
        mapAsyncIterator(result as AsyncIterable<Part>, (part) => (part.hasNext ? part : withCallReport(part))),
      );
    else setResult(withCallReport(result as object));
  },
  onResponse({ request, response }) {
    const callReport = callReportOf(request);
    if (callReport === undefined || isStream(response)) return;
    const { headers } = response;
    headers.set(callReportHeader, String(callReport.calls()));
    const age = callReport.ageSeconds();
    if (age !== undefined) headers.set(ageHeader, String(age));
  },
});

/** In front of what completes the headers of a response. */
export const useResponseMemory = (): Plugin<object, RequestContext> => ({
  onResponse({ response, serverContext, setResponse, fetchAPI }) {
    // An incremental response has no length: it is counted while it is built.
    const bytes = Number(response.headers.get('content-length') ?? 0);
    if (serverContext.settleResponse?.(bytes) ?? true) return;
    const body = toRefusal('OVERLOADED', new Overloaded().message, toRequestId(serverContext.requestId));
    const headers = { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' };
    setResponse(new fetchAPI.Response(body, { status: 503, headers }));
  },
});
