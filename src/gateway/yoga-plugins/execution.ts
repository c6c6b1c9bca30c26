/** Has Yoga execute as we do, which the short way does as well; and in parts what is wanted so. */
import { isAsyncIterable, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { DocumentCache } from '../../graphql/documents/document-cache.ts';
import type { Execute } from '../../graphql/executor/execute.ts';
import type { ExecuteIncrementally, Part } from '../../graphql/executor/execute-incrementally.ts';
import type { Context } from '../../resolvers/context.ts';
import type { OperationCall } from '../../upstream/call-context.ts';
import { toWish } from '../incremental-accept.ts';

/** What Yoga knows: it copies what it is given into an object of its own. */
export interface GraphContext {
  /** What our resolvers know. */
  readonly graph: Context;
}

export const useExecution = (
  execute: Execute,
  executeInParts: ExecuteIncrementally,
  documents: DocumentCache,
): Plugin<GraphContext & YogaInitialContext> => ({
  onExecute({ args: { document, contextValue }, setExecuteFn }) {
    const incremental = documents.incrementalOf(document);
    const isInParts = incremental && toWish(contextValue.request.headers.get('accept')).parts !== undefined;
    setExecuteFn(({ contextValue: { graph }, ...operation }) =>
      withinDeadline(graph.call, () =>
        isInParts ? executeInParts(incremental, operation, graph) : execute(operation, graph),
      ),
    );
  },
});

/** The deadline is that of all parts together. */
async function withinDeadline(
  call: OperationCall,
  run: () => ReturnType<ExecuteIncrementally>,
): ReturnType<ExecuteIncrementally> {
  call.start();
  const result = await run().catch((error: unknown) => {
    call.complete();
    throw error;
  });
  if (isAsyncIterable(result)) return completeBehind(call, result);
  call.complete();
  return result;
}

async function* completeBehind(call: OperationCall, parts: AsyncIterable<Part>): AsyncGenerator<Part> {
  try {
    yield* parts;
  } finally {
    call.complete();
  }
}
