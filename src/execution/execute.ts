/** Executes an operation of a document that has been validated. */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
} from 'graphql';
import type { Context } from '../context.ts';

/** An operation, as a request asks for it. */
export interface Operation {
  readonly document: DocumentNode;
  /** Which one, where the document has several. */
  readonly operationName?: string | null | undefined;
  /** As they came. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

export type Execute = (operation: Operation, context: Context) => ExecutionResult | Promise<ExecutionResult>;

export interface ExecuteOptions {
  readonly schema: GraphQLSchema;
  /** The most errors that the variables of an operation are told. */
  readonly maxErrors: number;
  /** Whether clients are helped with names that they get wrong. */
  readonly introspection: boolean;
}

export function createExecute({ schema, maxErrors, introspection }: ExecuteOptions): Execute {
  /** What is wrong with the variables. GraphQL's `execute` takes neither of the two options. */
  const explain = ({ document, operationName, variableValues }: Operation, result: ExecutionResult) => {
    // Only what never began has errors without data.
    if (result.errors === undefined || result.data !== undefined) return result;
    const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
    const options = { maxErrors, hideSuggestions: !introspection };
    const { errors } = getVariableValues(schema, variableDefinitions, variableValues ?? {}, options);
    if (errors === undefined) return result;
    // What can't be executed is 400, whatever the client accepts.
    for (const { extensions } of errors) extensions.http = { status: 400 };
    return { errors: errors.slice(0, maxErrors) };
  };

  return (operation, contextValue) => {
    const { document, operationName, variableValues } = operation;
    const result = execute({
      schema,
      document,
      contextValue,
      operationName: operationName ?? null,
      variableValues: variableValues ?? {},
    });
    return result instanceof Promise ? result.then((result) => explain(operation, result)) : explain(operation, result);
  };
}
