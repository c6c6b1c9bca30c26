/** Takes an operation as JSON in a POST, or in the query string of a GET, and nothing else for one. */
import type { Plugin } from 'graphql-yoga';
import { withoutMarkInText } from '../../json/lossless.ts';
import { toBadRequest } from './params.ts';
import type { ServerContext } from './server-context.ts';
import { setHeader } from './set-header.ts';

/** Types that a page of another site can't post without a preflight, as it can a form. */
const json = /^(application\/(?:graphql\+)?json)[ \t]*(?=[;,]|$)/i;

export const useJsonRequests = (): Plugin<object, ServerContext> => ({
  onRequest({ request, setRequest }) {
    const type = request.headers.get('content-type');
    if (request.method !== 'POST' || type === null) return;
    // In capitals they mean the same, but Yoga has parsers for small letters alone.
    const known = type.replace(json, (_type, name: string) => name.toLowerCase());
    setHeader(request, setRequest, 'content-type', known);
  },
  onRequestParse({ request, serverContext, requestParser, setRequestParser, endResponse, fetchAPI }) {
    if (request.method === 'POST') {
      // Of the client's own header: what a parser in front has made of a body says nothing of what the client has sent.
      if (!json.test(request.headers.get('content-type') ?? ''))
        return endResponse(new fetchAPI.Response(null, { status: 415 }));
      const { parsed, isLost } = serverContext;
      if (request.bodyUsed || isLost) throw toBadRequest(expectedUnread);
      if (parsed !== undefined) return setRequestParser(() => parsed);
    }
    if (requestParser === undefined) return;
    setRequestParser(async (request) => {
      try {
        return await requestParser(request.method === 'POST' ? withoutMark(request) : request);
      } catch (error) {
        // Yoga parses these two of a query string without a look at what comes of it.
        throw error instanceof SyntaxError ? toBadRequest('Expected `variables` and `extensions` as JSON.') : error;
      }
    });
  },
});

const expectedUnread =
  'Expected an unread body: other middleware has read this one already. Mount the graph before it.';

/** The body of a POST, which is all that Yoga's parser of JSON looks at. */
const withoutMark = (request: Request): Request =>
  ({ json: async () => JSON.parse(withoutMarkInText(await request.text())) }) as Request;
