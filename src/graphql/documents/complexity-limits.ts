/** What is too much in a document once its fragments are expanded, found before validation spends time on it. */
import { type DocumentNode, GraphQLError } from 'graphql';
import type { ErrorCode } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { sizeOf } from './complexity.ts';

export function findComplexityErrors(document: DocumentNode, limits: Limits): GraphQLError[] {
  const size = sizeOf(document);
  const checks: [is: number, most: number, what: string][] = [
    [size.depth, limits.maxDepth, 'levels of fields'],
    [size.fields, limits.maxFields, 'fields'],
    [size.aliases, limits.maxAliases, 'aliases'],
    [size.directives, limits.maxDirectives, 'directives'],
    [size.rootFields, limits.maxRootFields, 'fields of the query itself'],
    [size.introspections, limits.maxIntrospectionFields, 'fields that read the schema and aliases in them'],
  ];
  return checks
    .filter(([is, most]) => is > most)
    .map(([, most, what]) => toError(`Expected at most ${most} ${what}, with fragments expanded.`));
}

/** The status is the one of any document that isn't executed. */
const toError = (expected: string) =>
  new GraphQLError(expected, { extensions: { code: 'OPERATION_TOO_COSTLY' satisfies ErrorCode } });
