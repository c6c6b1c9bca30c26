/** Hides the SDL from clients that may not read the schema. */
import { type ASTVisitor, GraphQLError, getNamedType, type ValidationContext } from 'graphql';

/** What GraphQL's `NoSchemaIntrospectionCustomRule` does for introspection: refuses every field of `_Service`. */
export const NoSubgraphSdlRule = (context: ValidationContext): ASTVisitor => ({
  Field(node) {
    if (getNamedType(context.getType())?.name !== '_Service') return;
    const message = `GraphQL introspection has been disabled, but the requested query contained the field "${node.name.value}".`;
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});
