/** The way of requests that aren't plain JSON in a POST, and of every refusal: Yoga, with what makes it answer as we do. */
import type { GraphQLSchema } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Limits } from '../core/limits.ts';
import type { DocumentCache } from '../graphql/documents/document-cache.ts';
import type { PersistedDocuments } from '../graphql/documents/persisted-documents.ts';
import type { Execute } from '../graphql/executor/execute.ts';
import { createExecuteIncrementally } from '../graphql/executor/execute-incrementally.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { Context, RequestInfo } from '../resolvers/context.ts';
import type { CallReport } from '../upstream/call-report.ts';
import { toMasked } from './error-masking.ts';
import { type GraphContext, useDocuments, useExecution } from './yoga-plugins/execution.ts';
import { useAccept, useJsonRequests, useParams, usePersistedDocuments } from './yoga-plugins/request-parsing.ts';
import { useCallReport, useClientErrors, useParts, useResponseMemory } from './yoga-plugins/responses.ts';
import { cancellationOf, requestLogOf, type ServerContext, useRequestId } from './yoga-plugins/server-context.ts';

export interface SlowPathOptions {
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly documents: DocumentCache;
  readonly persisted: PersistedDocuments;
  readonly execute: Execute;
  readonly contextOf: (requestInfo: RequestInfo, log: RequestLog) => Context;
  readonly toRequestLog: (requestId: string) => RequestLog;
  readonly limits: Limits;
  /** Whether a server in front has held the body to its limit already. */
  readonly bodyLimitEnforced: boolean;
}

export function createSlowPathServer(options: SlowPathOptions): YogaServerInstance<ServerContext, GraphContext> {
  const { path, schema, documents, persisted, execute, contextOf, toRequestLog, limits, bodyLimitEnforced } = options;
  const executeInParts = createExecuteIncrementally(schema, execute);
  const callReports = new WeakMap<Request, CallReport>();

  return createYoga<ServerContext, GraphContext>({
    schema,
    graphqlEndpoint: path,
    context({ request, waitedMs = 0, requestLog, bodySignal, reserveResponse }) {
      const { headers } = request;
      const header = (name: string) => headers.get(name);
      const log = requestLogOf({ requestLog });
      const cancellation = cancellationOf(request, { ...(bodySignal && { bodySignal }) });
      const graph = contextOf({ requestId: log.requestId, header, cancellation, waitedMs, reserveResponse }, log);
      callReports.set(request, graph.callReport);
      return { graph };
    },
    maskedErrors: { maskError: toMasked },
    maxRequestBodySize: bodyLimitEnforced ? false : limits.maxBodyBytes,
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
      useCallReport((request) => callReports.get(request)),
      useRequestId(toRequestLog),
    ],
    // Yoga takes any URL that ends so for a health check, and no URL ends in a space.
    healthCheckEndpoint: ' ',
    // What this service doesn't need, and what would let other pages of a browser send requests with the user's cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
  });
}
