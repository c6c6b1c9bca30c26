/** Connections: how many there may be, which of them makes room for a new one, and the responses that are in flight on each. */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Limits } from '../core/limits.ts';
import { toOverloaded } from './load-shedding.ts';
import type { Check } from './request-checks.ts';
import { type RequestState, toRequestTimeout } from './request-state.ts';

export interface Connections {
  /** Takes the connections of the server under its care; before it listens. */
  watch(server: Server): void;
  /** Called for every response before it begins, and when by the monotonic clock, in milliseconds. */
  begin(response: ServerResponse, now: number): void;
  /** Called when a response is over. */
  end(response: ServerResponse, now: number): void;
  /** Refuses what comes over a connection that is for probes alone. */
  readonly isForAll: Check;
}

/** The connection of its kind that has waited longest. */
interface Longest {
  socket: Socket | undefined;
  since: number;
}

/** So long a client has for its request before its connection may be closed for another: for longer only where none is idle. */
const freshMs = 1_000;

/**
 * Where `maxConnections` are open, a new one takes the place of the one that has waited for its client longest: of those that are
 * idle or whose request hasn't arrived; without any such, of those whose response isn't read; without any such, of those that are
 * so for a moment only. One whose client waits for this service is never closed for another. Where all are such, a new one is for
 * probes alone, and there are a few of these.
 */
export function createConnections(
  { maxConnections, maxProbeConnections }: Pick<Limits, 'maxConnections' | 'maxProbeConnections'>,
  answers: InFlightResponses,
): Connections {
  /** Since when each has been idle or busy, by the monotonic clock. */
  const open = new Map<Socket, number>();
  /** Those for probes alone. */
  const reserved = new Set<Socket>();
  let server: Server | undefined;

  const touch = (socket: Socket, now: number) => {
    if (open.has(socket)) open.set(socket, now);
  };
  // Mostly there is none.
  const isReserved = (socket: Socket) => reserved.size > 0 && reserved.has(socket);

  const forget = (socket: Socket) => {
    open.delete(socket);
    reserved.delete(socket);
  };

  const accept = (socket: Socket) => {
    if (open.size - reserved.size >= maxConnections && !makeRoom()) {
      // The one that was reserved first has had its time: a probe is answered as soon as it is here.
      const [first] = reserved;
      if (first !== undefined && reserved.size >= maxProbeConnections) close(first);
      reserved.add(socket);
    }
    open.set(socket, performance.now());
    socket.once('close', () => forget(socket));
  };

  /** Closes the connection that has waited for its client longest; false where there is none. */
  const makeRoom = (): boolean => {
    const unsent: Longest = { socket: undefined, since: Number.POSITIVE_INFINITY };
    const unread: Longest = { ...unsent };
    const fresh: Longest = { ...unsent };
    const freshSince = performance.now() - freshMs;
    for (const [socket, since] of open) {
      if (isReserved(socket)) continue;
      if (answers.isWaiting(socket)) continue;
      const [first] = answers.on(socket);
      const longest = first?.request.complete === true ? unread : since > freshSince ? fresh : unsent;
      if (since >= longest.since) continue;
      longest.socket = socket;
      longest.since = since;
    }
    const socket = unsent.socket ?? unread.socket ?? fresh.socket;
    if (socket !== undefined) close(socket);
    return socket !== undefined;
  };

  const close = (socket: Socket) => {
    const [first] = answers.on(socket);
    const isLate = first === undefined ? isInFirstHead(socket) : !first.request.complete;
    forget(socket);
    // A client that has begun a request gets a response that says why it isn't served.
    if (isLate) server?.emit('clientError', toRequestTimeout(), socket);
    else socket.destroy();
  };

  return {
    watch(watched) {
      server = watched;
      server.on('connection', accept);
    },
    begin(response, now) {
      const { socket } = response.req;
      touch(socket, now);
      if (isReserved(socket)) response.setHeader('connection', 'close');
    },
    end: (response, now) => touch(response.req.socket, now),
    isForAll: ({ socket }) => (isReserved(socket) ? toOverloaded() : undefined),
  };
}

/** Whether something has come in, but no request so far. */
const isInFirstHead = ({ bytesRead, bytesWritten }: Socket): boolean => bytesRead > 0 && bytesWritten === 0;

/** The responses that are in flight, by the connection that each of them goes to. */
export interface InFlightResponses {
  /** Returns whether it is the only one of its connection. */
  begin(state: RequestState): boolean;
  /** Returns whether others of its connection remain. */
  end(state: RequestState): boolean;
  /** Those in flight on a connection, in the order of their requests: several when its client doesn't wait for them. */
  on(socket: Duplex): readonly RequestState[];
  /**
   * Whether the client at the other end waits for this service: its request has arrived, its answer isn't complete, and it has
   * read what there is of it.
   */
  isWaiting(socket: Duplex): boolean;
}

const none: readonly RequestState[] = [];

/**
 * Closes an answer whose connection is gone. Where several wait on one that Node.js itself ends, as it does at CONNECT, it tells
 * the first alone; before Node.js 24, wherever their client leaves.
 */
function closeResponse(response: ServerResponse): void {
  response.destroy();
  process.nextTick(() => {
    // Newer versions have said so by now.
    if (!response.closed) response.emit('close');
  });
}

/**
 * Lists, and no Set for all of them: a Set that thousands of responses are added to and deleted from rebuilds itself repeatedly,
 * and what it was before points to what it is now, so that the garbage collector retains the responses of both for long.
 */
export function createInFlightResponses(): InFlightResponses {
  const inFlight = new WeakMap<Duplex, RequestState[]>();
  const on = (socket: Duplex) => inFlight.get(socket) ?? none;
  return {
    begin(state) {
      const { socket } = state.request;
      const states = inFlight.get(socket);
      if (states !== undefined) return states.push(state) === 1;
      const first = [state];
      inFlight.set(socket, first);
      socket.once('close', () => {
        for (const { response } of [...first]) closeResponse(response);
      });
      return true;
    },
    end(state) {
      const states = inFlight.get(state.request.socket);
      if (states === undefined) return false;
      const place = states.indexOf(state);
      if (place !== -1) states.splice(place, 1);
      return states.length > 0;
    },
    on,
    isWaiting: (socket) =>
      socket.writableLength === 0 &&
      on(socket).some(({ request, response }) => request.complete && !response.writableEnded),
  };
}
