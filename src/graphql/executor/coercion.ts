/**
 * The variables of an operation and the arguments of its fields: what the client sent, checked and completed. Also which variant of a
 * plan the variables of `@skip` and `@include` choose, and how a plan bails out: where anything is invalid or unsupported.
 */
import {
  type ASTNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getArgumentValues,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type TypeNode,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { createLiteralReader, defaultOf, type Values } from '../graphql-majors.ts';
import { type Conditions, checkOf } from '../selected-fields.ts';

/** @throws when the value isn't of the type */
type Coerce = (value: unknown) => unknown;

/**
 * What GraphQL's own `getVariableValues` does of variables that are as they should be, at a fraction of its cost: it checks what
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

/** The arguments of every field that depend on variables, in the order in which they were compiled. */
export type RequestArguments = readonly Values[];

/** A field's arguments, given those of the request. They are shared, and so are to be left as they are. */
type ArgumentsOf = (requestArguments: RequestArguments) => Values;

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
      const check = checkOf(field);
      if (node.arguments?.some(({ value }) => hasVariable(value))) {
        const toValues = compileDependent(field, node);
        const toChecked = (variables: Values) => {
          const values = toValues(variables);
          check?.(values);
          return values;
        };
        const place = dependent.push(check === undefined ? toValues : toChecked) - 1;
        return (requestArguments) => requestArguments[place] as Values;
      }
      const values = getArgumentValues(field, node);
      check?.(values);
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

/** The most variables that an operation may use in `@skip` and `@include`; every combination of their values is compiled separately. */
const maxConditions = 4;

/**
 * The variables that `@skip` and `@include` use in the nodes.
 * @throws when there are too many, or there is another directive
 */
export function findConditions(nodes: readonly ASTNode[]): readonly string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    visit(node, {
      Directive({ name, arguments: [condition] = [] }) {
        if (name.value !== 'skip' && name.value !== 'include') bailOut();
        if (condition?.value.kind === 'Variable') names.add(condition.value.name.value);
      },
    });
  }
  return names.size > maxConditions ? bailOut() : [...names];
}

/**
 * Fields come and go with these variables, and with them the order of those that stay. So each combination gets what is
 * compiled for it, once it is executed.
 */
export function compileVariants<Compiled>(
  names: readonly string[],
  compile: (conditions: Conditions) => Compiled,
): (variables: Values) => Compiled {
  if (names.length === 0) {
    const compiled = compile({});
    return () => compiled;
  }
  const variants = new Map<string, Compiled | undefined>();
  return (variables) => {
    const conditions = readConditions(names, variables);
    const key = Object.values(conditions).join();
    if (!variants.has(key))
      variants.set(
        key,
        unlessThrown(() => compile(conditions)),
      );
    return variants.get(key) ?? bailOut();
  };
}

function readConditions(names: readonly string[], variables: Values): Conditions {
  return Object.fromEntries(
    names.map((name) => {
      const value = variables[name];
      return typeof value === 'boolean' ? [name, value] : bailOut();
    }),
  );
}

/** What a plan throws. Always this one value, as no code reads it, and a stack would cost more than most plans. */
const unusual = Symbol('unusual');

/**
 * Ends the plan: it has met what it isn't made for.
 * @param value what it has met; if that is a promise, its failure is ignored from here on
 */
export function bailOut(value?: unknown): never {
  if (value instanceof Promise) value.catch(() => undefined);
  throw unusual;
}

/** What `find` finds, or `undefined` when it throws. */
export function unlessThrown<Found>(find: () => Found): Found | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
