/** The plans of operations that are executed repeatedly. */
import { type DocumentNode, type GraphQLSchema, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { compileOperation, type Plan } from './compile-operation.ts';

/** The plan of an operation of the document, if it has one. */
export type PlanOf = (document: DocumentNode, operationName: string | null | undefined) => Plan | undefined;

/** Called with the number of fields that were compiled for a document; they are cached as long as it is. */
export type OnPlanned = (document: DocumentNode, fields: number) => void;

/** How often an operation has been executed, and then its plan, or that there can't be one. */
type Entry = number | Plan | 'none';

/**
 * Compiles an operation when it is executed for the `uses`th time: one that is executed once isn't worth it. A plan is cached as
 * long as its document is.
 */
export function createPlans(schema: GraphQLSchema, uses: number, onPlanned: OnPlanned): PlanOf {
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
