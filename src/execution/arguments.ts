/** The arguments of fields. */
import { type FieldNode, type GraphQLField, getArgumentValues, type ValueNode } from 'graphql';
import type { Values } from './variables.ts';

/** The arguments of every field that depend on variables, in the order in which they were compiled. */
export type RequestArguments = readonly Values[];

/** A field's arguments, given those of the request. They are shared, and so are to be left as they are. */
export type ArgumentsOf = (requestArguments: RequestArguments) => Values;

export interface ArgumentsCompiler {
  compile(field: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsOf;
  /**
   * Works out, once a request and for all that was compiled, what depends on variables.
   * @throws when an argument isn't as the schema has it
   */
  evaluate(variables: Values): RequestArguments;
}

export function createArgumentsCompiler(): ArgumentsCompiler {
  const dependent: { readonly field: GraphQLField<unknown, unknown>; readonly node: FieldNode }[] = [];
  return {
    compile(field, node) {
      if (node.arguments?.some(({ value }) => hasVariable(value))) {
        const place = dependent.push({ field, node }) - 1;
        return (requestArguments) => requestArguments[place] as Values;
      }
      const values = getArgumentValues(field, node);
      return () => values;
    },
    evaluate: (variables) => dependent.map(({ field, node }) => getArgumentValues(field, node, variables)),
  };
}

function hasVariable(value: ValueNode): boolean {
  if (value.kind === 'ListValue') return value.values.some(hasVariable);
  if (value.kind === 'ObjectValue') return value.fields.some((field) => hasVariable(field.value));
  return value.kind === 'Variable';
}
