/** Makes Yoga read requests as the fast path does, by their content type and their Accept header, and dresses its responses. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { toRefusal } from '../core/errors.ts';
import { withoutMarkInText } from '../json/lossless.ts';
import { toWish } from './incremental-accept.ts';
import type { NodeBody } from './node-request.ts';
import { type RequestContext, requestIdHeader, toRequestId } from './request-id.ts';
import { isStream } from './responses.ts';

/** What is known of a request beside the request itself. */
export interface ServerContext extends RequestContext, Omit<NodeBody, 'content'> {
  /** Aborts when the body of an incremental response is cancelled by its reader. */
  readonly bodySignal?: AbortSignal;
}

/** Types that a page of another site can't post without a preflight, as it can a form. */
const json = /^(application\/(?:graphql\+)?json)[ \t]*(?=[;,]|$)/i;

export function useRequestForms(path: string): Plugin<object, ServerContext> {
  /** What was expected, where Yoga says so with a status alone. */
  const sentences: Readonly<Record<number, string>> = {
    404: `Expected the path ${path}.`,
    406: 'Expected an Accept header that admits application/json or application/graphql-response+json.',
    415: 'Expected a POST with the content type application/json.',
  };
  return {
    onRequest({ request, serverContext, setRequest }) {
      serverContext.requestId = toRequestId(serverContext.requestId ?? request.headers.get(requestIdHeader));
      const headers = new Map<string, string>();
      const { whole, parts } = toWish(request.headers.get('accept'));
      const accept = [parts, whole].filter((type) => type !== undefined).join(', ');
      if (accept !== '') headers.set('accept', accept);
      const type = request.headers.get('content-type');
      // In capitals they mean the same, but Yoga has parsers for small letters alone.
      if (request.method === 'POST' && type !== null)
        headers.set(
          'content-type',
          type.replace(json, (_type, name: string) => name.toLowerCase()),
        );
      setHeaders(request, setRequest, headers);
    },
    onRequestParse({ request, serverContext, requestParser, setRequestParser, endResponse, fetchAPI }) {
      const isPost = request.method === 'POST';
      const { headers } = request;
      // Of the client's own header: what a parser in front has made of a body says nothing of what the client has sent.
      if (isPost && !json.test(headers.get('content-type') ?? ''))
        return endResponse(new fetchAPI.Response(null, { status: 415 }));
      const { whole, parts } = toWish(headers.get('accept'));
      // Before anything is executed that couldn't be answered.
      if ((isPost || request.method === 'GET') && whole === undefined && parts === undefined)
        return endResponse(new fetchAPI.Response(null, { status: 406 }));
      const { parsed, isLost } = serverContext;
      if (isPost && (request.bodyUsed || isLost)) throw toBadRequest(expectedUnread);
      if (isPost && parsed !== undefined) return setRequestParser(() => parsed);
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(isPost ? withoutMark(request) : request);
        } catch (error) {
          // Yoga parses these two of a query string without a look at what comes of it.
          throw error instanceof SyntaxError ? toBadRequest('Expected `variables` and `extensions` as JSON.') : error;
        }
      });
    },
    onResponse({ response, serverContext, setResponse, fetchAPI }) {
      const requestId = toRequestId(serverContext.requestId);
      const sentence = response.headers.has('content-type') ? undefined : sentences[response.status];
      if (sentence !== undefined) {
        const headers = { 'content-type': 'application/json; charset=utf-8', [requestIdHeader]: requestId };
        const body = toRefusal('BAD_USER_INPUT', sentence, requestId);
        return setResponse(new fetchAPI.Response(body, { status: response.status, headers }));
      }
      const { headers } = response;
      headers.set(requestIdHeader, requestId);
      if (!isStream(response)) return;
      // How the connection goes on is the server's to say, and Yoga's coding is none.
      for (const name of ['connection', 'transfer-encoding', 'content-encoding']) headers.delete(name);
      // A compressor like Express's would hold parts back.
      headers.set('cache-control', 'no-store, no-transform');
      // A proxy like nginx would collect them otherwise.
      headers.set('x-accel-buffering', 'no');
    },
  };
}

const expectedUnread =
  'Expected an unread body: other middleware has read this one already. Mount the graph before it.';

/** An error of the request itself, which is 400 whatever the client accepts. */
const toBadRequest = (expected: string) => new GraphQLError(expected, { extensions: { http: { status: 400 } } });

/** The body of a POST, which is all that Yoga's parser of JSON looks at. */
const withoutMark = (request: Request): Request =>
  ({ json: async () => JSON.parse(withoutMarkInText(await request.text())) }) as Request;

/** @param setRequest takes another request, where the headers of this one can't be changed, as on Deno or in a worker */
function setHeaders(
  request: Request,
  setRequest: (request: Request) => void,
  changes: ReadonlyMap<string, string>,
): void {
  const changed = [...changes].filter(([name, value]) => request.headers.get(name) !== value);
  if (changed.length === 0) return;
  try {
    for (const [name, value] of changed) request.headers.set(name, value);
  } catch {
    const headers = new Headers(request.headers);
    for (const [name, value] of changed) headers.set(name, value);
    setRequest(new Request(request, { headers }));
  }
}
