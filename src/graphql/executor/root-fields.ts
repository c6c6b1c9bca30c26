/** The fields of the query itself: most operations wait for them alone. */
import type { GraphQLObjectType, SelectionSetNode } from 'graphql';
import type { Values } from '../graphql-majors.ts';
import { bailOut } from './bail-out.ts';
import { createArgumentsCompiler } from './coerce-arguments.ts';
import { collectProperties, type FieldNodes, type Selector } from './collect-fields.ts';
import { type Compiler, type Complete, compileType, type PlanRequest, toResolve } from './complete-value.ts';

/** What is `data` in the answer. */
export type Data = Readonly<Record<string, unknown>>;

export interface Query {
  /** How many fields were compiled for it. */
  readonly size: number;
  /** Starts all fields, none of which waits for another. What it finds of each is a promise. */
  load(request: PlanRequest): readonly Promise<unknown>[];
  /** From what was found. @throws when anything of it is unsupported */
  toData(found: readonly unknown[], request: PlanRequest): Data;
  /** What every function of it is called with. @throws when an argument isn't as the schema has it */
  toRequest(variables: Values, context: unknown): PlanRequest;
}

/**
 * The most fields of one. Each is compiled again for each type of what it may be a field of, and so a few lines, level by level,
 * can come to tens of thousands.
 */
const maxFields = 2_000;

/** @throws when the selection, or the schema, isn't for a plan */
export function compileQuery(selector: Selector, type: GraphQLObjectType, set: SelectionSetNode): Query {
  const args = createArgumentsCompiler();
  let size = 0;
  const count = () => {
    if (++size > maxFields) bailOut();
  };
  const compiler: Compiler = { ...selector, args, count };
  const collected = collectProperties(selector, type, [set]);
  const fields = collected.map(([name, nodes]) => ({ name, ...compileQueryField(compiler, type, nodes) }));
  return {
    size,
    load: (request) => fields.map(({ load }) => load(request)),
    toData(found, request) {
      const data: Record<string, unknown> = {};
      for (let place = 0; place < fields.length; place++) {
        const { name, complete } = fields[place] as (typeof fields)[number];
        data[name] = complete(found[place], request);
      }
      return data;
    },
    toRequest: (variables, context) => ({ args: args.evaluate(variables), context, waits: [] }),
  };
}

interface QueryField {
  /** Never throws: what it finds is a promise, whose failure is looked at. */
  readonly load: (request: PlanRequest) => Promise<unknown>;
  readonly complete: Complete;
}

function compileQueryField(compiler: Compiler, type: GraphQLObjectType, nodes: FieldNodes): QueryField {
  compiler.count();
  const name = nodes[0].name.value;
  if (name === '__typename') return { load: async () => undefined, complete: () => type.name };
  const field = type.getFields()[name];
  if (field?.resolve === undefined) bailOut();
  const resolve = toResolve(compiler, field.resolve, nodes);
  const argsOf = compiler.args.compile(field, nodes[0]);
  return {
    load({ args, context }) {
      try {
        const found = resolve(undefined, argsOf(args), context);
        return Array.isArray(found) ? Promise.all(found) : Promise.resolve(found);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    complete: compileType(compiler, field.type, nodes),
  };
}
