/** The way of requests that aren't plain JSON in a POST, and of every refusal: Yoga, with what makes it answer as we do. */
import type { GraphQLSchema } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { RequestLog } from './bounded-log.ts';
import { toMasked } from './client-errors.ts';
import type { Asker, Context } from './context.ts';
import type { Documents } from './documents/documents.ts';
import type { PersistedDocuments } from './documents/persisted-documents.ts';
import type { Execute } from './execution/execute.ts';
import { createExecuteInParts } from './execution/in-parts.ts';
import type { Limits } from './limits.ts';
import { useAccept } from './plugins/accept.ts';
import { useClientErrors } from './plugins/client-errors.ts';
import { useDocuments } from './plugins/documents.ts';
import { type GraphContext, useExecution } from './plugins/execution.ts';
import { useJsonRequests } from './plugins/json-requests.ts';
import { useParams } from './plugins/params.ts';
import { useParts } from './plugins/parts.ts';
import { usePersistedDocuments } from './plugins/persisted-documents.ts';
import { usePrice } from './plugins/price.ts';
import { useRequestId } from './plugins/request-id.ts';
import { useResponseMemory } from './plugins/response-memory.ts';
import { requestLogOf, type ServerContext } from './plugins/server-context.ts';
import type { Price } from './price.ts';
import { toEnding } from './upstream/ending.ts';

export interface FullWayOptions {
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly persisted: PersistedDocuments;
  readonly execute: Execute;
  readonly contextOf: (asker: Asker, log: RequestLog) => Context;
  readonly toRequestLog: (requestId: string) => RequestLog;
  readonly limits: Limits;
  /** Whether a server in front has held the body to its limit already. */
  readonly isBodyCounted: boolean;
}

export function createFullWay(options: FullWayOptions): YogaServerInstance<ServerContext, GraphContext> {
  const { path, schema, documents, persisted, execute, contextOf, toRequestLog, limits, isBodyCounted } = options;
  const executeInParts = createExecuteInParts(schema, execute);
  const prices = new WeakMap<Request, Price>();

  return createYoga<ServerContext, GraphContext>({
    schema,
    graphqlEndpoint: path,
    context({ request, waitedMs = 0, requestLog, reserveResponse }) {
      const { headers, signal } = request;
      const header = (name: string) => headers.get(name);
      const log = requestLogOf({ requestLog });
      const ending = toEnding(signal);
      const graph = contextOf({ requestId: log.requestId, header, ending, waitedMs, reserveResponse }, log);
      prices.set(request, graph.price);
      return { graph };
    },
    maskedErrors: { maskError: toMasked },
    maxRequestBodySize: isBodyCounted ? false : limits.maxBodyBytes,
    parserAndValidationCache: false,
    // Bugs are logged where the id of their request is known.
    logging: false,
    plugins: [
      usePersistedDocuments(persisted),
      useParams(),
      useDocuments(documents),
      useExecution(execute, executeInParts, documents),
      useJsonRequests(),
      useAccept(),
      useResponseMemory(),
      useClientErrors(path, limits),
      useParts(limits),
      usePrice((request) => prices.get(request)),
      useRequestId(toRequestLog),
    ],
    // Yoga takes any URL that ends so for a health check, and no URL ends in a space.
    healthCheckEndpoint: ' ',
    // What nobody here needs, and what would let other pages of a browser ask with the user's cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
  });
}
