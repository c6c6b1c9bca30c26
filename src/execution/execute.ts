/** Executes an operation of a document that has been validated: by its plan where all goes well, and else as ever. */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
} from 'graphql';
import type { Context } from '../context.ts';
import { createPlans } from './plans.ts';

/** An operation, as a request asks for it. */
export interface Operation {
  readonly document: DocumentNode;
  /** Which one, where the document has several. */
  readonly operationName?: string | null | undefined;
  /** As they came. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

export type Execute = (operation: Operation, context: Context) => Promise<ExecutionResult>;

export interface ExecuteOptions {
  readonly schema: GraphQLSchema;
  /** The most errors that the variables of an operation are told. */
  readonly maxErrors: number;
  /** Whether clients are helped with names that they get wrong. */
  readonly introspection: boolean;
  /** From which use on an operation has a plan. */
  readonly usesBeforePlan: number;
}

/**
 * The answer is the one of GraphQL's own `execute`, whichever way it came: a plan that gives up has it executed from the
 * beginning. So errors, and all that follows from them, are GraphQL's; what has been loaded is not asked for again.
 */
export function createExecute({ schema, maxErrors, introspection, usesBeforePlan }: ExecuteOptions): Execute {
  const planOf = createPlans(schema, usesBeforePlan);

  const executeAnew = async (operation: Operation, contextValue: Context) => {
    const { document, operationName = null, variableValues } = operation;
    const result = await execute({
      schema,
      document,
      contextValue,
      operationName,
      variableValues: variableValues ?? {},
    });
    return explain(operation, result);
  };

  /** Says what is wrong with the variables. GraphQL's `execute` takes neither of the two options. */
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

  return async (operation, context) => {
    const plan = planOf(operation.document, operation.operationName);
    if (plan === undefined) return executeAnew(operation, context);
    const data = await plan(operation.variableValues ?? {}, context);
    // The second time remembers what the first one has loaded, but has spent nothing.
    return data === undefined ? executeAnew(operation, { ...context, allowance: context.allowance.anew() }) : { data };
  };
}
