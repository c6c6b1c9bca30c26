/** Executes an operation of a document that has been validated: by its plan where possible, otherwise by GraphQL's own executor. */
import { type DocumentNode, type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { toExecutableDocument, toExecutableSchema } from '../graphql-majors.ts';
import { createPlans, type OnPlanned } from './compile-operation.ts';

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
    // Only what never began has errors without data: the variables are wrong. That is 400, whatever the client accepts.
    if (result.errors === undefined || result.data !== undefined) return result;
    for (const { extensions } of result.errors) extensions.http = { status: 400 };
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
