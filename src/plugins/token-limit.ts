/** Counts the tokens of a document while it is parsed, before anything else is done with it. */
import { GraphQLError, type ParseOptions, parse, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Refuses documents of more than `most` tokens. A hundred keys written out are about 1,200. */
export const useTokenLimit = (most = 2_000): Plugin => ({
  onParse({ setParseFn }) {
    setParseFn((source: string | Source, options: ParseOptions) => {
      try {
        return parse(source, { ...options, maxTokens: most });
      } catch (error) {
        // The parser calls itself for every level, and fewer tokens than `most` are enough for the stack to overflow.
        throw error instanceof RangeError ? new GraphQLError('Expected a document that is nested less deeply.') : error;
      }
    });
  },
});
