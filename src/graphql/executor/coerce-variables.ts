/** The variables of an operation: what the client sent, checked and completed. */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type TypeNode,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { createLiteralReader, defaultOf, type Values } from '../graphql-majors.ts';
import { bailOut } from './bail-out.ts';

/** @throws when the value isn't of the type */
type Coerce = (value: unknown) => unknown;

/**
 * What GraphQL's own `getVariableValues` does of variables that are as they should be, at a fraction of its price: it checks what
 * kind of type it has to do with again for each value.
 */
export function compileVariables(schema: GraphQLSchema, definitions: readonly VariableDefinitionNode[]) {
  const variables = definitions.map(({ variable, type: typeNode, defaultValue }) => {
    // Set like any other, it would be no value of its object.
    if (variable.name.value === '__proto__') bailOut();
    const type = inputType(schema, typeNode);
    const absent = defaultValue && createLiteralReader(defaultValue, type)({});
    return { name: variable.name.value, coerce: compileInput(type), absent, isRequired: isNonNullType(type) };
  });
  /** @throws when a variable isn't as the operation defines it */
  return (sent: Values): Values => {
    const values: Record<string, unknown> = {};
    for (const { name, coerce, absent, isRequired } of variables) {
      if (Object.hasOwn(sent, name)) values[name] = coerce(sent[name]);
      else if (absent !== undefined) values[name] = absent;
      else if (isRequired) bailOut();
    }
    return values;
  };
}

function inputType(schema: GraphQLSchema, node: TypeNode): GraphQLInputType {
  const type = typeFromAST(schema, node as never);
  if (!isInputType(type)) bailOut();
  return type;
}

function compileInput(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = compileInput(type.ofType);
    return (value) => {
      if (value == null) bailOut();
      return coerce(value);
    };
  }
  if (isListType(type)) return compileInputList(compileInput(type.ofType));
  if (isInputObjectType(type)) return compileInputObject(type);
  return (value) => {
    if (value == null) return null;
    const parsed = type.parseValue(value);
    if (parsed === undefined) bailOut();
    return parsed;
  };
}

const compileInputList =
  (coerce: Coerce): Coerce =>
  (value) => {
    if (value == null) return null;
    // One item stands for a list of one.
    return Array.isArray(value) ? value.map((item) => coerce(item)) : [coerce(value)];
  };

function compileInputObject(type: GraphQLInputObjectType): Coerce {
  if (type.isOneOf) bailOut();
  const fields = Object.values(type.getFields()).map((field) => {
    const { name, type } = field;
    return { name, coerce: compileInput(type), defaultValue: defaultOf(field), isRequired: isNonNullType(type) };
  });
  return (value) => {
    if (value == null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) bailOut();
    const values: Record<string, unknown> = {};
    let known = 0;
    for (const { name, coerce, defaultValue, isRequired } of fields) {
      const given = (value as Values)[name];
      if (given !== undefined) {
        values[name] = coerce(given);
        known++;
      } else if (defaultValue !== undefined) values[name] = defaultValue;
      else if (isRequired) bailOut();
    }
    // JSON has no names but an object's own; a list of them would be one more for each key of many.
    for (const _name in value) known--;
    if (known !== 0) bailOut();
    return values;
  };
}
