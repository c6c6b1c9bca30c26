/**
 * Executes an operation of a document that has been validated: by its plan where possible, otherwise by GraphQL's own executor. Operations
 * that are used again and again are compiled into plans.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf } from '../documents/complexity.ts';
import { toExecutableDocument, toExecutableSchema, type Values } from '../graphql-majors.ts';
import type { FieldNodes, Selector } from '../selected-fields.ts';
import {
  bailOut,
  compileVariables,
  compileVariants,
  createArgumentsCompiler,
  findConditions,
  unlessThrown,
} from './coercion.ts';
import {
  type Compiler,
  type Complete,
  collectProperties,
  compileType,
  type PlanRequest,
  toResolve,
} from './complete-value.ts';

/** An operation, as a request selects it. */
export interface Operation {
  readonly document: DocumentNode;
  /** Which one, where the document has several. */
  readonly operationName?: string | null | undefined;
  /** As they came. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What the executor needs of a context; resolvers get the whole of it. */
export interface ExecutionContext {
  /** Reports the upstream calls of the operation; starts again when the operation is executed again. */
  readonly callReport: { reset(): void };
  /** The same context with nothing spent, for an operation that is executed from its beginning again. */
  fresh(): ExecutionContext;
}

export type Execute = (operation: Operation, context: ExecutionContext) => Promise<ExecutionResult>;

export interface ExecuteOptions {
  readonly schema: GraphQLSchema;
  /** The most errors that an operation has for its variables. */
  readonly maxValidationErrors: number;
  /** Whether clients are helped with names that they get wrong. */
  readonly introspection: boolean;
  /** From which use on an operation has a plan. */
  readonly compileAfterUses: number;
  /** @default none */
  readonly onPlanned?: OnPlanned;
}

/**
 * The answer is the one of GraphQL's own `execute`, whichever way it came: a plan that gives up has it executed from the
 * beginning. So errors, and all that follows from them, are GraphQL's; what has been loaded is not fetched again.
 */
export function createExecute(options: ExecuteOptions): Execute {
  const { schema, maxValidationErrors, introspection, compileAfterUses, onPlanned = () => {} } = options;
  const executable = toExecutableSchema(schema);
  const planOf = createPlans(schema, compileAfterUses, onPlanned);

  const executeWithGraphql = async (operation: Operation, contextValue: ExecutionContext): Promise<ExecutionResult> => {
    const { document, operationName = null, variableValues } = operation;
    const result = await execute({
      schema: executable,
      document: toExecutableDocument(document),
      contextValue,
      operationName,
      variableValues: variableValues ?? {},
      hideSuggestions: !introspection,
      options: { maxCoercionErrors: maxValidationErrors },
    });
    // Only what never began has errors without data: the variables are wrong.
    if (result.errors === undefined || result.data !== undefined) return result;
    // Without the one that only says that there are more.
    return { errors: result.errors.slice(0, maxValidationErrors) };
  };

  return (operation, context) => {
    const plan = planOf(operation.document, operation.operationName);
    if (plan === undefined) return executeWithGraphql(operation, context);
    return plan(operation.variableValues ?? {}, context).then(
      (data) => ({ data }),
      // The second time remembers what the first one has loaded, but has spent nothing.
      () => {
        context.callReport.reset();
        return executeWithGraphql(operation, context.fresh());
      },
    );
  };
}

/** The plan of an operation of the document, if it has one. */
type PlanOf = (document: DocumentNode, operationName: string | null | undefined) => Plan | undefined;

/** Called with the number of fields that were compiled for a document; they are cached as long as it is. */
type OnPlanned = (document: DocumentNode, fields: number) => void;

/** How often an operation has been executed, and then its plan, or that there can't be one. */
type Entry = number | Plan | 'none';

/**
 * Compiles an operation when it is executed for the `uses`th time: one that is executed once isn't worth it. A plan is cached as
 * long as its document is.
 */
function createPlans(schema: GraphQLSchema, uses: number, onPlanned: OnPlanned): PlanOf {
  const known = new WeakMap<OperationDefinitionNode, Entry>();
  const compile = (document: DocumentNode, operationName: string | null | undefined) =>
    compileOperation(schema, document, operationName, (fields) => onPlanned(document, fields));
  return (document, operationName) => {
    const operation = getOperationAST(document, operationName);
    if (!operation) return undefined;
    let entry = known.get(operation) ?? 0;
    if (typeof entry === 'number') {
      entry = entry + 1 < uses ? entry + 1 : (compile(document, operationName) ?? 'none');
      known.set(operation, entry);
    }
    return typeof entry === 'function' ? entry : undefined;
  };
}

/**
 * Executes one operation as long as all goes well, and answers with its data. It knows no errors: where there would be one,
 * or anything else is unsupported, it rejects, with whatever it is.
 * @param variableValues as the client sent them
 */
export type Plan = (variableValues: Values, context: unknown) => Promise<Data>;

/** Called for each part of a plan that is compiled, with its number of fields: at once, or when it is first used. */
type OnCompiled = (fields: number) => void;

/**
 * The plan of an operation of a valid document; `undefined` for what there are no plans for: mutations, subscriptions,
 * introspection, other directives than `@skip` and `@include`. A plan is for this schema only, and may be cached.
 */
export const compileOperation = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName?: string | null,
  onCompiled: OnCompiled = () => {},
): Plan | undefined => unlessThrown(() => compile(schema, document, operationName, onCompiled));

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  onCompiled: OnCompiled,
): Plan {
  const operation = getOperationAST(document, operationName);
  const type = schema.getQueryType();
  if (operation?.operation !== 'query' || !type) bailOut();
  const fragments = fragmentsOf(document);
  const toVariables = compileVariables(schema, operation.variableDefinitions ?? []);
  const queryOf = compileVariants(findConditions([operation, ...fragments.values()]), (conditions) => {
    const query = compileQuery({ schema, fragments, conditions }, type, operation.selectionSet);
    onCompiled(query.size);
    return query;
  });
  return (variableValues, context) => {
    try {
      const variables = toVariables(variableValues);
      const { toRequest, load, toData } = queryOf(variables);
      const request = toRequest(variables, context);
      const fields = load(request);
      const [first] = fields;
      // Most operations have one field, which needs no list.
      if (fields.length === 1 && first !== undefined)
        return first.then((found) => whole(toData([found], request), request));
      // A failure of each of them is looked at, the first one at once.
      return Promise.all(fields).then((found) => whole(toData(found, request), request));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** The data, once nothing of it is waited for any more. */
function whole(data: Data, request: PlanRequest): Data | Promise<Data> {
  const { waits } = request;
  if (waits.length === 0) return data;
  // What comes may have to wait for more.
  return Promise.all(waits.splice(0)).then(() => whole(data, request));
}

/** What is `data` in the answer. */
type Data = Readonly<Record<string, unknown>>;

interface Query {
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
function compileQuery(selector: Selector, type: GraphQLObjectType, set: SelectionSetNode): Query {
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
