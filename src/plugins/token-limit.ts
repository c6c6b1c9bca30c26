/** Counts the tokens of a document while it is parsed, before anything else is done with it. */
import { parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Refuses documents of more than `most` tokens. A hundred keys written out are about 1,200. */
export const useTokenLimit = (most = 2_000): Plugin => ({
  onParse({ setParseFn }) {
    setParseFn((source, options) => parse(source, { ...options, maxTokens: most }));
  },
});
