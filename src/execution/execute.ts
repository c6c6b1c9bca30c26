/** Executes an operation by its plan, and where that gives up, as ever. */
import { type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { Plan } from './plan.ts';

export interface PlanExecution<Context> extends ExecutionArgs {
  readonly contextValue: Context;
}

/**
 * The answer is the one of `executeAnew`, whichever way it came: by the plan where all goes well, and else by `executeAnew`,
 * from the beginning. So errors, and all that follows from them, are GraphQL's own.
 * @param renew makes the context of the second time: it remembers what the first one has loaded, but has spent nothing
 */
export async function executeByPlan<Context>(
  plan: Plan,
  args: PlanExecution<Context>,
  renew: (context: Context) => Context,
  executeAnew: (args: PlanExecution<Context>) => ExecutionResult | Promise<ExecutionResult> = execute,
): Promise<ExecutionResult> {
  const data = await plan(args.variableValues ?? {}, args.contextValue);
  return data === undefined ? executeAnew({ ...args, contextValue: renew(args.contextValue) }) : { data };
}
