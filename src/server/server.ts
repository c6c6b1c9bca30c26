/** The door: what comes in over HTTP is looked at here before the graph sees it. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { defaultLimits, type Limits } from '../core/limits.ts';
import { ResponseMemory, ResponseReservation } from '../core/response-memory.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import { createBoundedLog } from '../observability/bounded-log.ts';
import type { Log } from '../observability/logger.ts';
import { createAuthorization } from './auth/bearer.ts';
import type { JwtConfig } from './auth/jwt.ts';
import { toCaller } from './caller.ts';
import { hasSmallBody, isPlain } from './checks/body.ts';
import { firstRejection, firstRejectionAsync, type Rejection, refuse } from './checks/check.ts';
import { isPreflighted } from './checks/csrf.ts';
import { expectsNothing, hasFewHeaders, isHttp1, maxHeaderSize } from './checks/headers.ts';
import {
  type AllowedHosts,
  createHostCheck,
  createTargetCheck,
  isAtHost,
  isAtPath,
  pathOf,
} from './checks/host-and-path.ts';
import { createConnections } from './connections.ts';
import { createCors } from './cors.ts';
import { createShortWay, type Way } from './fast-path.ts';
import { createGracefulShutdown, type GracefulShutdown } from './graceful-shutdown.ts';
import { createGraphiQL, wantsPage } from './graphiql.ts';
import { createParseErrorHandler } from './http-parse-errors.ts';
import { createAnswers } from './in-flight-responses.ts';
import { createOverload } from './load-shedding.ts';
import { createPipelining, ignoreRest } from './pipelining.ts';
import { RequestState, type Reservations } from './request-state.ts';
import { createSdlAnswer, isGet, isSdlShown, sdlPath } from './sdl-endpoint.ts';

/** Whom the door lets in. */
export interface HttpServerConfig {
  /** The hosts that requests may be sent to, each with a port or for all its ports. @default every host */
  readonly allowedHosts?: AllowedHosts;
  /** The origins whose pages may ask. @default none */
  readonly corsOrigins?: readonly string[];
  /** The tokens that open the graph, 16 characters at least. @default none is needed */
  readonly apiTokens?: readonly string[];
  /** Whose JWTs open the graph as well. @default nobody's */
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
}

/** Makes the server; whoever calls it lets it listen. */
export function createServer(options: ServerOptions): Server {
  const { gateway, operations, path = '/graphql', graphiql = true } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const log = createBoundedLog(options.log, limits);
  const { gracefulShutdown = createGracefulShutdown(limits), allowedHosts = [], corsOrigins = [] } = options;
  const cors = createCors(corsOrigins);
  const overload = createOverload(limits);
  const showGraphiQL = createGraphiQL(path, operations);
  const answerSdl = createSdlAnswer(gateway);
  const answers = createAnswers();
  const memory = new ResponseMemory(limits);
  const reservations: Reservations = {
    uncountedBytes: limits.maxUncountedResponseBytes,
    open: (request) => new ResponseReservation(memory, toCaller(request, gateway.credentialHeaders)),
  };
  const connections = createConnections(limits, answers);
  const goLong: Way = (visit) => {
    const { request, requestId, waitedMs } = visit;
    const reserveResponse = (bytes: number) => visit.reserveResponse(bytes);
    const settleResponse = (bytes: number) => visit.settleResponse(bytes);
    return gateway.requestListener(request, visit.dress(), { requestId, waitedMs, reserveResponse, settleResponse });
  };
  const execute = createShortWay(gateway, goLong, overload.isAlone);

  // These lists are the policy: the first check that refuses is the answer, and those behind it aren't made.
  const ofRequests = [
    ...[isHttp1, hasFewHeaders(limits.maxHeaders), expectsNothing],
    ...[createHostCheck(), createTargetCheck(allowedHosts)],
  ];
  const ofTheGraph = [isAtPath(path), isAtHost(allowedHosts)];
  const isAuthorized = createAuthorization({ ...options, log, limits });
  const ofTheSdl = [isAtHost(allowedHosts), isGet, overload.isCalm, isAuthorized, isSdlShown(gateway)];
  const ofOperations = [
    ...[overload.isCalm, isAuthorized, isPreflighted],
    ...[isPlain, hasSmallBody(limits.maxBodyBytes)],
  ];

  const say = async (visit: RequestState, refusal: Rejection) => {
    // The bytes at hand are read to their end first: if they turn out not to be HTTP, that alone is the answer.
    await undefined;
    refuse(visit.dress(), refusal, visit.requestId);
  };

  const answer: Way = async (visit) => {
    const { request, response } = visit;
    const early = firstRejection(ofRequests, request, response);
    if (early !== undefined) return say(visit, early);
    const asked = pathOf(request);
    // As above, but for operations, which wait for their bodies anyway.
    if (request.method !== 'POST' || asked !== path) await undefined;
    if (asked === '/health') return answerEmpty(visit.dress(), 200);
    if (asked === '/ready') return answerEmpty(visit.dress(), gracefulShutdown.isReady() ? 200 : 503);
    const crowded = connections.isForAll(request, response);
    if (crowded !== undefined) return say(visit, crowded);
    if (asked === sdlPath) {
      const refusal = await firstRejectionAsync(ofTheSdl, request, response);
      return refusal === undefined ? answerSdl(visit.dress()) : say(visit, refusal);
    }
    const elsewhere = firstRejection(ofTheGraph, request, response);
    if (elsewhere !== undefined) return say(visit, elsewhere);
    cors.admit(request, response);
    if (cors.answerPreflight(request, response)) return;
    if (graphiql && wantsPage(request)) return showGraphiQL(visit);
    const wrong = await firstRejectionAsync(ofOperations, request, response);
    // Its client may have left by then, and nothing would tell when it is over.
    if (response.destroyed) return;
    const refusal = wrong ?? overload.admit();
    if (refusal !== undefined) return say(visit, refusal);
    visit.isAdmitted = true;
    // Awaited, as to return it costs more.
    await execute(visit);
    // A response that waits to be read takes memory, which is counted by itself, and no time. One in parts may not be built yet.
    if (response.writableEnded) leave(visit);
  };

  const leave = (visit: RequestState) => {
    if (visit.isAdmitted) overload.leave();
    visit.isAdmitted = false;
  };

  const end = (visit: RequestState) => {
    const { request, response, requestId } = visit;
    visit.ending.end(departure);
    leave(visit);
    visit.releaseResponse();
    const isOneWaiting = answers.end(response);
    gracefulShutdown.end();
    // 499 as nginx has it: the client left before its answer was complete.
    const status = response.writableFinished ? response.statusCode : 499;
    const now = performance.now();
    connections.end(response, now);
    if (isOneWaiting) pipelining.startNext(request.socket);
    const ms = Math.round(now - visit.startedAt);
    log.info({ requestId, method: request.method, path: pathOf(request), status, ms }, 'request');
  };

  const fail = (visit: RequestState, error: unknown) => {
    const { response, requestId } = visit;
    if (response.destroyed) return;
    log.error({ requestId, error: error instanceof Error ? error.stack : 'not an Error' }, 'unexpected error');
    if (response.headersSent) response.destroy();
    else refuse(visit.dress(), unexpected, requestId);
  };

  const pipelining = createPipelining(limits, (visit) => {
    answer(visit).catch((error: unknown) => fail(visit, error));
  });
  const answerMalformed = createParseErrorHandler(log, answers, () => server.timeout);

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const visit = new RequestState(request, response, reservations);
    const isFirst = answers.begin(response);
    gracefulShutdown.begin(response);
    connections.begin(response, visit.startedAt);
    // What comes by POST is dressed once it is known not to go the short way.
    if (request.method !== 'POST') visit.dress();
    response.on('close', () => end(visit));
    pipelining.begin(visit, isFirst);
  };

  // What Node.js would answer by itself, and with no body, is answered here too.
  const server: Server = createHttpServer({ requireHostHeader: false, ...toTimes(limits) }, listener)
    .on('checkExpectation', listener)
    .on('clientError', (error, socket: Socket) => {
      if (!pipelining.excuses(error, socket)) void answerMalformed(error, socket);
    })
    .on('dropRequest', (_request, socket: Socket) => {
      // Node.js would refuse each further request, and keep the connection.
      ignoreRest(socket);
      const close = () => socket.destroySoon();
      const last = answers.on(socket).at(-1);
      if (last === undefined) process.nextTick(close);
      else last.once('close', close);
    })
    .on('timeout', (socket) => {
      // The deadline of its operation is what bounds this; until then the client isn't the one who is slow.
      if (answers.isWaiting(socket)) socket.setTimeout(server.timeout);
      else socket.destroy();
    })
    .once('close', overload.close);
  server.maxRequestsPerSocket = limits.maxRequestsPerConnection;
  // They are counted by a check, which says so; Node.js would drop some, or blame their size.
  server.maxHeadersCount = 0;
  server.timeout = limits.socketTimeoutMs;
  connections.watch(server);
  gracefulShutdown.watch(server, answers, gateway);
  return server;
}

/** What ends the work for a client that has left: it isn't told, so one will do for all. */
const departure = new Error('The client has left.');

const unexpected: Rejection = { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };

/** So that nobody holds a connection by being slow: bytes, and milliseconds. */
const toTimes = (limits: Limits) => ({
  maxHeaderSize,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
});

const answerEmpty = (response: ServerResponse, status: number) =>
  void response.writeHead(status, { 'content-length': 0 }).end();
