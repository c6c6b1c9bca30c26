/** Takes an operation as JSON in a POST, or in the query string of a GET, and nothing else for one. */
import type { Plugin } from 'graphql-yoga';
import { withoutMarkInText } from '../../json/byte-order-mark.ts';
import { toBadRequest } from './params.ts';
import { readEmptyBody } from './read-body.ts';
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
      if (!json.test(typeOf(request, serverContext))) return endResponse(new fetchAPI.Response(null, { status: 415 }));
      const body = readEmptyBody(request, serverContext);
      if (body !== undefined) return setRequestParser(() => body);
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

const typeOf = ({ headers }: Request, { req, contentType }: ServerContext): string =>
  (req === undefined ? headers.get('content-type') : contentType) ?? '';

/** The body of a POST, which is all that Yoga's parser of JSON looks at. */
const withoutMark = (request: Request): Request =>
  ({ json: async () => JSON.parse(withoutMarkInText(await request.text())) }) as Request;
