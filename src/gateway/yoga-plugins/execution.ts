/**
 * Makes Yoga take documents from the document cache and execute operations as the fast path does, incrementally where the client
 * accepts that.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { DocumentNode } from 'graphql';
import { isAsyncIterable, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { DocumentCache } from '../../graphql/documents/document-cache.ts';
import type { Execute } from '../../graphql/executor/execute.ts';
import type { ExecuteIncrementally } from '../../graphql/executor/execute-incrementally.ts';
import type { Context } from '../../resolvers/context.ts';
import type { OperationCall } from '../../upstream/call-context.ts';
import { toWish } from '../incremental-accept.ts';

/** What Yoga knows: it copies its input into a new object. */
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
      withinDeadline(graph.call, async () => {
        if (isInParts) return executeInParts(incremental, operation, graph);
        const result = await execute(operation, graph);
        if (graph.costBudget.isLarge) await turn();
        return result;
      }),
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
  if (isAsyncIterable(result)) return completeAfter(call, result);
  call.complete();
  return result;
}

export function useDocuments(documents: DocumentCache): Plugin {
  const errorsOf = new WeakMap<DocumentNode, Error[]>();
  return {
    onParse({ params, setParseFn }) {
      setParseFn(() => {
        const { document, errors } = documents.prepare(String(params.source));
        if (document === undefined) throw errors[0];
        errorsOf.set(document, [...errors]);
        return document;
      });
    },
    onValidate({ params: { documentAST }, setResult }) {
      setResult(errorsOf.get(documentAST) ?? []);
    },
  };
}

export async function* completeAfter<Part>(
  owner: { complete(): void },
  parts: AsyncIterable<Part>,
): AsyncGenerator<Part> {
  try {
    yield* parts;
  } finally {
    owner.complete();
  }
}
