/** Refuses documents that are too large once their fragments are expanded, before validation spends time on them. */
import { type DocumentNode, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { sizeOf } from './document-size.ts';

export function useDocumentLimits(limits: Limits): Plugin {
  const { maxDepth, maxFields, maxAliases, maxDirectives, maxRootFields } = limits;
  // Yoga gives the same document for the same text, so that each is measured once.
  const fitting = new WeakSet<DocumentNode>();
  return {
    onValidate({ params: { documentAST }, setResult }) {
      if (fitting.has(documentAST)) return;
      const size = sizeOf(documentAST);
      const checks: [is: number, most: number, what: string][] = [
        [size.depth, maxDepth, 'levels of fields'],
        [size.fields, maxFields, 'fields'],
        [size.aliases, maxAliases, 'aliases'],
        [size.directives, maxDirectives, 'directives'],
        [size.rootFields, maxRootFields, 'fields of the query itself'],
      ];
      const errors = checks
        .filter(([is, most]) => is > most)
        .map(([, most, what]) => toError(`Expected at most ${most} ${what}, with fragments expanded.`));
      if (errors.length > 0) setResult(errors);
      else fitting.add(documentAST);
    },
  };
}

/** A document is refused with 400 whatever the client accepts: it is sound, but this service doesn't run it. */
const toError = (expected: string) =>
  new GraphQLError(expected, {
    extensions: {
      code: 'OPERATION_TOO_COSTLY' satisfies ErrorCode,
      http: { status: 400, spec: false },
    },
  });
