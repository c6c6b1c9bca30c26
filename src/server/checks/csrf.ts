/** Refuses what a page of another site could make a browser send without a preflight. */
import type { Check } from './check.ts';

/** Headers that no page can set for another site without a preflight. */
export const preflightHeaders = ['apollo-require-preflight', 'x-graphql-yoga-csrf', 'x-apollo-operation-name'] as const;

const json = /^application\/json\s*(?:;|$)/i;

/**
 * A GET needs one of {@link preflightHeaders}, or the content type of JSON, with which browsers send a preflight as well. A POST
 * is refused further in unless it is JSON, and nothing else executes at all.
 */
export const isPreflighted: Check = ({ method, headers }) => {
  if (method !== 'GET' || preflightHeaders.some((name) => headers[name]) || json.test(headers['content-type'] ?? ''))
    return undefined;
  return {
    status: 403,
    code: 'FORBIDDEN',
    message: `Expected a GET with a header that pages of other sites can't send: ${preflightHeaders.join(', ')}.`,
  };
};
