/** Has Yoga read the parameters of an operation as the fast path does, and says what was expected of them. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../../core/errors.ts';
import { parameterNames, presentText } from '../../core/operation-params.ts';
import { isNullish, isObject } from '../../json/lossless.ts';

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
export const toBadRequest = (expected: string) =>
  new GraphQLError(expected, { extensions: { code: 'BAD_USER_INPUT' satisfies ErrorCode, http: { status: 400 } } });
