/** The fields of the query itself: the only ones that are waited for. */
import type { GraphQLObjectType, SelectionSetNode } from 'graphql';
import { createArgumentsCompiler } from './arguments.ts';
import { type Compiler, compileType } from './completion.ts';
import { collectFields, type FieldNodes, type Selector } from './selection.ts';
import { giveUp } from './unusual.ts';
import type { Values } from './variables.ts';

/** What is `data` in the answer. */
export type Data = Readonly<Record<string, unknown>>;

export interface Query {
  /**
   * Asks for all fields, none of which waits for another.
   * @returns a promise a field, which rejects when anything of the field is out of the ordinary
   */
  load(variables: Values, context: unknown): readonly Promise<unknown>[];
  /** From the values of the fields. */
  toData(values: readonly unknown[]): Data;
}

/** @throws when the selection, or the schema, isn't for a plan */
export function compileQuery(selector: Selector, type: GraphQLObjectType, set: SelectionSetNode): Query {
  const args = createArgumentsCompiler();
  const fields = [...collectFields(selector, type, [set])];
  const names = fields.map(([name]) => name);
  const loads = fields.map(([, nodes]) => compileLoad({ ...selector, args }, type, nodes));
  return {
    load(variables, context) {
      const request = { args: args.evaluate(variables), context };
      return loads.map((load) => load(request));
    },
    toData(values) {
      const data: Record<string, unknown> = {};
      for (let place = 0; place < values.length; place++) data[names[place] as string] = values[place];
      return data;
    },
  };
}

/** A resolver of this service: it never asks for the fourth argument, which tells of the operation. */
type Resolve = (source: undefined, args: Values, context: unknown) => unknown;

function compileLoad(compiler: Compiler, type: GraphQLObjectType, nodes: FieldNodes) {
  const name = nodes[0].name.value;
  if (name === '__typename') return async () => type.name;
  const field = type.getFields()[name];
  if (field?.resolve === undefined || field.resolve.length > 3) giveUp();
  const resolve = field.resolve as Resolve;
  const argsOf = compiler.args.compile(field, nodes[0]);
  const complete = compileType(compiler, field.type, nodes);
  return (request: Parameters<typeof complete>[1]): Promise<unknown> => {
    try {
      const found = resolve(undefined, argsOf(request.args), request.context);
      const awaited = Array.isArray(found) ? Promise.all(found) : Promise.resolve(found);
      return awaited.then((value) => complete(value, request));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
