/** The plans of operations that are asked for again and again. */
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { compileOperation, type Plan } from './plan.ts';

/** The plan of an operation of the document, if it has one. */
export type PlanOf = (document: DocumentNode, operationName: string | null | undefined) => Plan | undefined;

/** How often an operation has been asked for, and then its plan, or that there can't be one. */
type Entry = number | Plan | undefined;

/**
 * Compiles an operation when it is asked for the `uses`th time: one that is asked for once isn't worth it. A plan is kept as
 * long as its document is.
 */
export function createPlans(schema: GraphQLSchema, uses: number): PlanOf {
  const known = new WeakMap<DocumentNode, Map<string, Entry>>();
  return (document, operationName) => {
    const entries = known.get(document) ?? new Map<string, Entry>();
    known.set(document, entries);
    const name = operationName ?? '';
    const entry = entries.has(name) ? entries.get(name) : 0;
    if (typeof entry !== 'number') return entry;
    const next = entry + 1 < uses ? entry + 1 : compileOperation(schema, document, operationName);
    // Of a name that isn't in the document there is nothing to remember: names like that are endless.
    if (typeof next !== 'number' || hasOperation(document, name)) entries.set(name, next);
    return typeof next === 'number' ? undefined : next;
  };
}

const hasOperation = ({ definitions }: DocumentNode, name: string) =>
  definitions.some((node) => node.kind === 'OperationDefinition' && (name === '' || node.name?.value === name));
