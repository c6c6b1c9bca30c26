/**
 * Lets clients read the schema, or not; then they aren't told the names that they nearly got right either, neither in a
 * document nor in its variables.
 */
import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import { combineRules } from './combined-validation-rule.ts';
import { IncrementalRule } from './incremental-rule.ts';
import { NoSubgraphSdlRule } from './no-sdl-rule.ts';

/** @param maxValidationErrors the maximum of errors for an invalid document */
export function createValidate(schema: GraphQLSchema, introspection: boolean, maxValidationErrors: number) {
  const hiding = introspection ? [] : [NoSchemaIntrospectionCustomRule, NoSubgraphSdlRule];
  const rules = [combineRules([...specifiedRules, IncrementalRule, ...hiding])];
  return (document: DocumentNode): readonly GraphQLError[] =>
    // Without the one that only says that there are more.
    validate(schema, document, rules, { maxErrors: maxValidationErrors, hideSuggestions: !introspection }).slice(
      0,
      maxValidationErrors,
    );
}
