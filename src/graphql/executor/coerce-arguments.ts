/** The arguments of fields. */
import {
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  getArgumentValues,
  isNonNullType,
  type ValueNode,
} from 'graphql';
import { createLiteralReader, defaultOf, type Values } from '../graphql-majors.ts';
import { bailOut } from './bail-out.ts';

/** The arguments of every field that depend on variables, in the order in which they were compiled. */
export type RequestArguments = readonly Values[];

/** A field's arguments, given those of the request. They are shared, and so are to be left as they are. */
export type ArgumentsOf = (requestArguments: RequestArguments) => Values;

export interface ArgumentsCompiler {
  /** @throws when an argument isn't as the schema has it */
  compile(field: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsOf;
  /**
   * Works out, once a request and for all that was compiled, what depends on variables.
   * @throws when an argument isn't as the schema has it
   */
  evaluate(variables: Values): RequestArguments;
}

export function createArgumentsCompiler(): ArgumentsCompiler {
  const dependent: ((variables: Values) => Values)[] = [];
  return {
    compile(field, node) {
      if (node.arguments?.some(({ value }) => hasVariable(value))) {
        const place = dependent.push(compileDependent(field, node)) - 1;
        return (requestArguments) => requestArguments[place] as Values;
      }
      const values = getArgumentValues(field, node);
      return () => values;
    },
    evaluate: (variables) => dependent.map((toValues) => toValues(variables)),
  };
}

/** Does what `getArgumentValues` does, knowing already what stands where. */
function compileDependent({ args }: GraphQLField<unknown, unknown>, node: FieldNode) {
  const readers = args.map((argument) => {
    const value = node.arguments?.find(({ name }) => name.value === argument.name)?.value;
    return { name: argument.name, read: compileArgument(argument, value) };
  });
  return (variables: Values): Values => {
    const values: Record<string, unknown> = {};
    for (const { name, read } of readers) {
      const value = read(variables);
      if (value !== undefined) values[name] = value;
    }
    return values;
  };
}

/** From variables to the argument's value; `undefined` when it has none. */
function compileArgument(argument: GraphQLArgument, node?: ValueNode): (variables: Values) => unknown {
  const { type } = argument;
  const defaultValue = defaultOf(argument);
  const isRequired = isNonNullType(type);
  const absent = () => (isRequired ? (defaultValue ?? bailOut()) : defaultValue);
  if (node === undefined) return absent;
  if (node.kind === 'Variable') {
    const name = node.name.value;
    return (variables) => {
      if (!Object.hasOwn(variables, name)) return absent();
      return isRequired ? (variables[name] ?? bailOut()) : variables[name];
    };
  }
  return createLiteralReader(node, type);
}

function hasVariable(value: ValueNode): boolean {
  if (value.kind === 'ListValue') return value.values.some(hasVariable);
  if (value.kind === 'ObjectValue') return value.fields.some((field) => hasVariable(field.value));
  return value.kind === 'Variable';
}
