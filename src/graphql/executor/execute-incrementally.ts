/** Executes an operation with `@defer` or `@stream`: an incremental response, first what is there and the rest as it arrives. */
import { normalizedExecutor } from '@graphql-tools/executor';
import {
  type ExecutionResult,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getDirectiveValues,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
import { expectedInitialCount, type IncrementalPlan } from '../documents/incremental-directives.ts';
import { coercedOf, toVariableValues, type Values } from '../graphql-majors.ts';
import type { Execute, ExecutionContext, Operation } from './execute.ts';

/** A part of an answer: the first has `data`, the others have `incremental`, and each says whether there are more. */
export interface Part extends ExecutionResult {
  readonly incremental?: readonly { readonly errors?: readonly GraphQLError[] }[];
  readonly hasNext?: boolean;
}

/** Gives one result where nothing comes later, and where the operation is refused. */
export type ExecuteIncrementally = (
  incremental: IncrementalPlan,
  operation: Operation,
  context: ExecutionContext,
) => Promise<ExecutionResult | AsyncIterable<Part>>;

/** @param execute refuses, in GraphQL's own words, what can't be executed */
export const createExecuteIncrementally =
  (schema: GraphQLSchema, execute: Execute): ExecuteIncrementally =>
  async ({ document, streams }, operation, contextValue) => {
    const { operationName = null } = operation;
    const variableValues = operation.variableValues ?? {};
    const operationNode = getOperationAST(document, operationName);
    // One error is enough to know; each holds all of the variable.
    const result = getVariableValues(schema, operationNode?.variableDefinitions ?? [], variableValues, {
      maxErrors: 1,
    });
    const coerced = coercedOf(result);
    if (!operationNode || coerced === undefined || isLost(operationNode)) return execute(operation, contextValue);
    const fields = streams.get(operationNode.name?.value ?? '') ?? [];
    const errors = fields.flatMap((field) => findError(schema, field, coerced) ?? []);
    if (errors.length > 0) return { errors };
    return normalizedExecutor({ schema, document, contextValue, operationName, variableValues });
  };

/** Whether it has a variable that the executor would lose: one that objects have a meaning for. */
const isLost = ({ variableDefinitions = [] }: OperationDefinitionNode): boolean =>
  variableDefinitions.some(({ variable }) => variable.name.value === '__proto__');

/** What is wrong with the `@stream` of the field, which the executor would take for a bug of ours. */
function findError(schema: GraphQLSchema, field: FieldNode, variables: Values): GraphQLError | undefined {
  const stream = schema.getDirective('stream');
  const { directives = [] } = field;
  try {
    const { initialCount } = (stream && getDirectiveValues(stream, { directives }, toVariableValues(variables))) ?? {};
    return Number(initialCount) < 0 ? toRefusal(expectedInitialCount, field) : undefined;
  } catch (error) {
    return toRefusal(error instanceof Error ? error.message : expectedInitialCount, field);
  }
}

const toRefusal = (message: string, nodes: FieldNode) => new GraphQLError(message, { nodes });
