/** The responses that are in flight, by the connection that each of them goes to. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestState } from './request-state.ts';

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
function close(response: ServerResponse): void {
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
        for (const { response } of [...first]) close(response);
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
