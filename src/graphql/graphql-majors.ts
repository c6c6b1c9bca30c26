/**
 * What differs between graphql 16 and 17: the package runs beside either. Shapes are distinguished by the version and never by their
 * look, as clients choose the names of variables. Functions that only one of the two exports are not used: bundlers refuse them.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  getArgumentValues,
  isRequiredArgument,
  Kind,
  type ValueNode,
  versionInfo,
  visit,
} from 'graphql';

export type Values = Readonly<Record<string, unknown>>;

/** Whether `variables` of the API are `{ coerced, sources }`, and defaults are the literals of the SDL. */
const isMajor17: boolean = versionInfo.major >= 17;

/** The values of variables as functions of graphql take them. */
export const toVariableValues: (values: Values) => Values = isMajor17
  ? (coerced) => ({ coerced, sources: {} })
  : (values) => values;

/** The values of variables in what `getVariableValues` returns; `undefined` where a variable is wrong. */
export const coercedOf: (result: object) => Values | undefined = isMajor17
  ? (result) => (result as { variableValues?: { coerced: Values } }).variableValues?.coerced
  : (result) => (result as { coerced?: Values }).coerced;

/** The values of variables in the `info` of a resolver. */
export const variablesOf: (info: { readonly variableValues: unknown }) => Values = isMajor17
  ? ({ variableValues }) => (variableValues as { coerced: Values }).coerced
  : ({ variableValues }) => variableValues as Values;

/** The value that the schema gives an argument or an input field that is left out; `undefined` where it has none. */
export function defaultOf(input: GraphQLArgument | GraphQLInputField): unknown {
  return isRequiredArgument(input as GraphQLArgument) ? undefined : createReader(input, [])({});
}

/**
 * Makes what reads a literal, given the values of the variables in it.
 * @throws {GraphQLError} when it reads a literal that is none of the type
 */
export const createLiteralReader = (literal: ValueNode, type: GraphQLInputType): ((variables: Values) => unknown) =>
  createReader({ name: 'value', type } as GraphQLArgument, [literal]);

/** Has graphql read an argument, which both versions do by the same function. */
function createReader(argument: GraphQLArgument | GraphQLInputField, literals: readonly ValueNode[]) {
  const name = { kind: Kind.NAME, value: argument.name } as const;
  const field = { name: argument.name, args: [argument] } as unknown as GraphQLField<unknown, unknown>;
  const given = literals.map((value) => ({ kind: Kind.ARGUMENT, name, value }) as const);
  const node: FieldNode = { kind: Kind.FIELD, name, arguments: given };
  return (variables: Values): unknown => getArgumentValues(field, node, toVariableValues(variables))[argument.name];
}

/**
 * A schema that graphql's own `execute` takes. Version 17 refuses one with `@defer` or `@stream`; introspection still shows them
 * here, as it lists all directives.
 */
export function toExecutableSchema(schema: GraphQLSchema): GraphQLSchema {
  if (!isMajor17) return schema;
  const getDirective = (name: string) => (isIncremental(name) ? undefined : schema.getDirective(name));
  return Object.create(schema, { getDirective: { value: getDirective } });
}

const executable = new WeakMap<DocumentNode, DocumentNode>();

/** A document that graphql's own `execute` takes: version 17 refuses `@defer` and `@stream`, which version 16 ignores. */
export function toExecutableDocument(document: DocumentNode): DocumentNode {
  if (!isMajor17) return document;
  const known = executable.get(document);
  if (known !== undefined) return known;
  const stripped: DocumentNode = visit(document, {
    Directive: (directive) => (isIncremental(directive.name.value) ? null : undefined),
  });
  executable.set(document, stripped);
  return stripped;
}

const isIncremental = (name: string): boolean => name === 'defer' || name === 'stream';
