/** Has Yoga execute as we do, which the short way does as well; and in parts what is wanted so. */
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import { toWish } from '../accept.ts';
import type { Context } from '../context.ts';
import type { Documents } from '../documents/documents.ts';
import type { Execute } from '../execution/execute.ts';
import type { ExecuteInParts } from '../execution/in-parts.ts';

/** What Yoga knows: it copies what it is given into an object of its own. */
export interface GraphContext {
  /** What our resolvers know. */
  readonly graph: Context;
}

export const useExecution = (
  execute: Execute,
  executeInParts: ExecuteInParts,
  documents: Documents,
): Plugin<GraphContext & YogaInitialContext> => ({
  onExecute({ args: { document, contextValue }, setExecuteFn }) {
    const incremental = documents.incrementalOf(document);
    const isInParts = incremental && toWish(contextValue.request.headers.get('accept')).parts !== undefined;
    setExecuteFn(({ contextValue: { graph }, ...operation }) =>
      isInParts ? executeInParts(incremental, operation, graph) : execute(operation, graph),
    );
  },
});
