/**
 * Makes Yoga read requests as the fast path does: the form of the body and of the response, the parameters, and the ids of
 * persisted documents.
 */

import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../../core/errors.ts';
import { parameterNames, presentText } from '../../core/operation-params.ts';
import type { PersistedDocuments } from '../../graphql/documents/persisted-documents.ts';
import { isNullish, isObject, withoutMarkInText } from '../../json/lossless.ts';
import { toWish } from '../incremental-accept.ts';
import type { ServerContext } from './server-context.ts';

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

/** Behind what finds the document of an id. */
export const useParams = (): Plugin => ({
  onParams({ params, setParams }) {
    const given: Readonly<Record<string, unknown>> = { ...params };
    for (const name of ['variables', 'extensions']) {
      if (!isNullish(given[name]) && !isObject(given[name]))
        throw toBadRequest(`Expected \`${name}\` to be a JSON object, null, or left out.`);
    }
    // An unknown parameter may be the query, misspelt: Yoga names it.
    const isKnown = Object.keys(given).every((name) => parameterNames.has(name) || isNullish(given[name]));
    if (isNullish(given.query) && isKnown) throw toBadRequest(expectedDocument);
    const { operationName, ...nameless } = params;
    if (presentText(operationName) === undefined) setParams(nameless);
  },
});

const expectedDocument =
  'Expected a `query`, or the id of a document: `documentId`, `doc_id`, `id` or `extensions.persistedQuery`.';

/** An error of the request itself, which is 400 whatever the client accepts. */
const toBadRequest = (expected: string) =>
  new GraphQLError(expected, { extensions: { code: 'BAD_USER_INPUT' satisfies ErrorCode, http: { status: 400 } } });

/** The parameters that Yoga knows nothing of. */
interface Ids {
  readonly documentId?: unknown;
  readonly doc_id?: unknown;
  readonly id?: unknown;
}

export const usePersistedDocuments = (persisted: PersistedDocuments): Plugin => ({
  onParams({ request, params, setParams }) {
    const given: typeof params & Ids = request.method === 'GET' ? { ...params, ...idsIn(request.url) } : params;
    const { documentId, doc_id, id, ...rest } = given;
    const text = persisted.textOf(given);
    if (text instanceof GraphQLError) throw text;
    setParams(text === undefined ? rest : { ...rest, query: text });
  },
});

/** An empty one counts as none, as Yoga has it of the other parameters. */
function idsIn(url: string): Ids {
  const { searchParams } = new URL(url, 'http://localhost');
  const read = (name: keyof Ids) => searchParams.get(name) || undefined;
  return { documentId: read('documentId'), doc_id: read('doc_id'), id: read('id') };
}

/** Behind what finds the document of an id, and refuses what isn't JSON. */
export const useAccept = (): Plugin => ({
  onRequest({ request, setRequest }) {
    const { whole, parts } = toWish(request.headers.get('accept'));
    const accept = [parts, whole].filter((type) => type !== undefined).join(', ');
    if (accept !== '') setHeader(request, setRequest, 'accept', accept);
  },
  onRequestParse({ request, endResponse, fetchAPI }) {
    const { whole, parts } = toWish(request.headers.get('accept'));
    const isAsked = request.method === 'GET' || request.method === 'POST';
    // Before anything is executed that couldn't be answered.
    if (isAsked && whole === undefined && parts === undefined)
      endResponse(new fetchAPI.Response(null, { status: 406 }));
  },
});

/** @param setRequest takes another request, where the headers of this one can't be changed, as on Deno or in a worker */
function setHeader(request: Request, setRequest: (request: Request) => void, name: string, value: string): void {
  if (request.headers.get(name) === value) return;
  try {
    request.headers.set(name, value);
  } catch {
    const headers = new Headers(request.headers);
    headers.set(name, value);
    setRequest(new Request(request, { headers }));
  }
}
