/** The HTTP server: checks requests before the gateway gets them. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { defaultLimits, type Limits } from '../core/limits.ts';
import { ResponseMemory, ResponseReservation } from '../core/response-memory.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import { createBoundedLog, type Log } from '../observability/logger.ts';
import { toOperationFields } from '../observability/operation-fields.ts';
import { type ApiTokens, createAuthorization, type JwtConfig } from './auth/authorization.ts';
import { createConnections, createInFlightResponses } from './connections.ts';
import { createFastPath, type Way } from './fast-path.ts';
import { createGracefulShutdown, type GracefulShutdown } from './graceful-shutdown.ts';
import { createGraphiQL, createSdlAnswer, isSdlShown, sdlPath, wantsPage } from './graphiql.ts';
import { createParseErrorHandler } from './http-parse-errors.ts';
import { createLoadShedder, type LoadShedder } from './load-shedding.ts';
import { answerMetrics, createMetricsChecks, type MetricsAccess, metricsPath } from './metrics-endpoint.ts';
import { createPipelining, ignoreRest } from './pipelining.ts';
import {
  type AllowedHosts,
  createHostCheck,
  createTargetCheck,
  expectsNothing,
  firstRejection,
  firstRejectionAsync,
  hasFewHeaders,
  hasSmallBody,
  isAtHost,
  isAtPath,
  isGet,
  isHttp1,
  isPlain,
  isPreflighted,
  maxHeaderSize,
  pathOf,
  type Rejection,
  refuse,
} from './request-checks.ts';
import { RequestState, type Reservations, toCaller } from './request-state.ts';
import { type CorsOrigins, createCors } from './response-headers.ts';

/** Who may send requests. */
export interface HttpServerConfig {
  /** The hosts that requests may be sent to, each with a port or for all its ports. @default every host */
  readonly allowedHosts?: AllowedHosts;
  /** The origins whose pages may send requests. @default none */
  readonly corsOrigins?: CorsOrigins;
  /**
   * The tokens that callers need, 16 characters at least, each with a name for the log or without: `name:token`. A function is called for
   * each request, so that it may return others than before. @default none is needed
   */
  readonly apiTokens?: ApiTokens;
  /** The issuer whose JWTs are accepted as well. @default none */
  readonly jwt?: JwtConfig;
  /** Whether browsers are shown GraphiQL. @default true */
  readonly graphiql?: boolean;
}

export interface ServerOptions extends HttpServerConfig {
  /** The graph, at `path`, with its own counting of the body switched off. */
  readonly gateway: Gateway;
  /** One line a request. */
  readonly log: Log;
  /** The operations that GraphiQL opens on. */
  readonly operations: readonly string[];
  /** @default '/graphql' */
  readonly path?: string;
  /** How many, how much, how long. */
  readonly limits?: Partial<Limits>;
  /** What is to end the server well. */
  readonly gracefulShutdown?: GracefulShutdown;
  /** What is to turn operations away. @default made from the limits */
  readonly loadShedder?: LoadShedder;
  /** The metrics, at `/metrics`. @default not served */
  readonly metrics?: MetricsAccess | undefined;
  /** Receives the code of each request that is refused before it becomes an operation. */
  readonly onRejected?: ((code: string) => void) | undefined;
}

/** Creates the server; the caller makes it listen. */
export function createServer(options: ServerOptions): Server {
  const { gateway, operations, path = '/graphql', graphiql = true } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const log = createBoundedLog(options.log, limits);
  const { gracefulShutdown = createGracefulShutdown(limits), allowedHosts = [], corsOrigins = [] } = options;
  const cors = createCors(corsOrigins, gateway.credentialHeaders);
  const { loadShedder = createLoadShedder(limits), metrics, onRejected } = options;
  const showGraphiQL = createGraphiQL(operations);
  const answerSdl = createSdlAnswer(gateway);
  const answers = createInFlightResponses();
  const memory = new ResponseMemory(limits);
  const reservations: Reservations = {
    uncountedBytes: limits.maxUncountedResponseBytes,
    open: (request) => new ResponseReservation(memory, toCaller(request, gateway.credentialHeaders)),
  };
  const connections = createConnections(limits, answers);
  const slowPath: Way = (state) => {
    const { request, requestId, waitedMs } = state;
    const reserveResponse = (bytes: number) => state.reserveResponse(bytes);
    const settleResponse = (bytes: number) => state.settleResponse(bytes);
    return gateway.handleNodeRequest(request, state.writeCommonHeaders(), {
      requestId,
      waitedMs,
      reserveResponse,
      settleResponse,
      beginOperation: (record) => state.beginOperation(record),
    });
  };
  const execute = createFastPath(gateway, slowPath, loadShedder.isAlone);

  // These lists are the policy: the first check that refuses is the answer, and those behind it aren't made.
  const requestChecks = [
    ...[isHttp1, hasFewHeaders(limits.maxHeaders), expectsNothing],
    ...[createHostCheck(), createTargetCheck(allowedHosts)],
  ];
  const routeChecks = [isAtPath(path), isAtHost(allowedHosts)];
  const authorization = createAuthorization({ ...options, log, limits });
  const sdlChecks = [isAtHost(allowedHosts), isGet, loadShedder.isCalm, ...authorization, isSdlShown(gateway)];
  const metricsChecks = metrics ? createMetricsChecks(metrics, allowedHosts, log, limits) : [];
  const operationChecks = [
    ...[loadShedder.isCalm, ...authorization, isPreflighted],
    ...[isPlain, hasSmallBody(limits.maxBodyBytes)],
  ];

  const say = async (state: RequestState, refusal: Rejection) => {
    // The bytes that have arrived are read to their end first: if they turn out not to be HTTP, that alone is the answer.
    await undefined;
    state.rejectedBy = refusal.code;
    onRejected?.(refusal.code);
    refuse(state.writeCommonHeaders(), refusal, state.requestId);
  };

  const answer: Way = async (state) => {
    const { request, response } = state;
    const early = firstRejection(requestChecks, request, response);
    if (early !== undefined) return say(state, early);
    const requestedPath = pathOf(request);
    // As above, but for operations, which wait for their bodies anyway.
    if (request.method !== 'POST' || requestedPath !== path) await undefined;
    state.isProbe = requestedPath === '/health' || requestedPath === '/ready';
    if (requestedPath === '/health') return answerEmpty(state.writeCommonHeaders(), 200);
    if (requestedPath === '/ready')
      return answerEmpty(state.writeCommonHeaders(), gracefulShutdown.isReady() ? 200 : 503);
    if (metrics !== undefined && requestedPath === metricsPath) {
      state.isProbe = true;
      const refusal = await firstRejectionAsync(metricsChecks, request, response);
      return refusal === undefined ? answerMetrics(metrics.page, state.writeCommonHeaders()) : say(state, refusal);
    }
    const crowded = connections.isForAll(request, response);
    if (crowded !== undefined) return say(state, crowded);
    if (requestedPath === sdlPath) {
      const refusal = await firstRejectionAsync(sdlChecks, request, response);
      return refusal === undefined ? answerSdl(state.writeCommonHeaders()) : say(state, refusal);
    }
    const elsewhere = firstRejection(routeChecks, request, response);
    if (elsewhere !== undefined) return say(state, elsewhere);
    cors.admit(request, response);
    if (cors.answerPreflight(request, response)) return;
    const notListed = cors.isAllowed(request, response);
    if (notListed !== undefined) return say(state, notListed);
    if (graphiql && request.method === 'GET' && wantsPage(request)) return showGraphiQL(state);
    const wrong = await firstRejectionAsync(operationChecks, request, response);
    // Its client may have left by then, and nothing would tell when it is over.
    if (response.destroyed) return;
    const refusal = wrong ?? loadShedder.admit();
    if (refusal !== undefined) return say(state, refusal);
    state.isAdmitted = true;
    // Awaited, as to return it costs more.
    await execute(state);
    // A response that waits to be read takes memory, which is counted separately, and no time. An incremental one may not be built yet.
    if (response.writableEnded) leave(state);
  };

  const leave = (state: RequestState) => {
    if (state.isAdmitted) loadShedder.leave();
    state.isAdmitted = false;
  };

  const end = (state: RequestState) => {
    const { request, response, requestId } = state;
    state.cancellation.end(clientDisconnect);
    leave(state);
    state.releaseResponse();
    const isOneWaiting = answers.end(state);
    gracefulShutdown.end();
    // 499 as nginx has it: the client left before its answer was complete.
    const status = response.writableFinished ? response.statusCode : 499;
    const now = performance.now();
    connections.end(response, now);
    if (isOneWaiting) pipelining.startNext(request.socket);
    const ms = Math.round(now - state.startedAt);
    const { method, caller } = request;
    const fields = { requestId, method, path: pathOf(request), status, ms, caller };
    const { operation, rejectedBy, isProbe } = state;
    if (operation !== undefined)
      log.info({ ...fields, ...toOperationFields(operation, (name) => state.header(name)) }, 'request');
    else if (isProbe) log.debug?.(fields, 'request');
    else log.info({ ...fields, errorCodes: rejectedBy && [rejectedBy] }, 'request');
  };

  const fail = (state: RequestState, error: unknown) => {
    const { response, requestId } = state;
    if (response.destroyed) return;
    log.error({ requestId, error: error instanceof Error ? error.stack : 'not an Error' }, 'unexpected error');
    if (response.headersSent) response.destroy();
    else refuse(state.writeCommonHeaders(), unexpected, requestId);
  };

  const pipelining = createPipelining(limits, (state) => {
    answer(state).catch((error: unknown) => fail(state, error));
  });
  const answerMalformed = createParseErrorHandler(log, answers, () => server.timeout);

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const state = new RequestState(request, response, reservations);
    const isFirst = answers.begin(state);
    gracefulShutdown.begin(response);
    connections.begin(response, state.startedAt);
    // What comes by POST is dressed once it is known not to take the fast path.
    if (request.method !== 'POST') state.writeCommonHeaders();
    response.on('close', () => end(state));
    pipelining.begin(state, isFirst);
  };

  // What Node.js would answer itself, without a body, is answered here too.
  const server: Server = createHttpServer({ requireHostHeader: false, ...toTimes(limits) }, listener)
    .on('checkExpectation', listener)
    .on('clientError', (error, socket: Socket) => {
      if (!pipelining.excuses(error, socket)) void answerMalformed(error, socket);
    })
    .on('dropRequest', (_request, socket: Socket) => {
      // Node.js would refuse each further request, and leave the connection open.
      ignoreRest(socket);
      const close = () => socket.destroySoon();
      const last = answers.on(socket).at(-1);
      if (last === undefined) process.nextTick(close);
      else last.response.once('close', close);
    })
    .on('timeout', (socket) => {
      // The deadline of its operation is what bounds this; until then the client isn't the one who is slow.
      if (answers.isWaiting(socket)) socket.setTimeout(server.timeout);
      else socket.destroy();
    })
    .once('close', loadShedder.close);
  server.maxRequestsPerSocket = limits.maxRequestsPerConnection;
  // They are counted by a check, which says so; Node.js would drop some, or blame their size.
  server.maxHeadersCount = 0;
  server.timeout = limits.socketTimeoutMs;
  connections.watch(server);
  gracefulShutdown.watch(server, answers, gateway);
  return server;
}

/** What ends the work for a client that has left: it isn't told, so one will do for all. */
const clientDisconnect = new Error('The client has left.');

const unexpected: Rejection = { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };

/** So that no client holds a connection by being slow: bytes, and milliseconds. */
const toTimes = (limits: Limits) => ({
  maxHeaderSize,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
});

const answerEmpty = (response: ServerResponse, status: number) =>
  void response.writeHead(status, { 'content-length': 0 }).end();
