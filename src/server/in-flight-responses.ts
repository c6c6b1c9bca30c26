/** The answers under way, by the connection that each of them goes to. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface InFlightResponses {
  /** Returns whether it is the only one of its connection. */
  begin(response: ServerResponse): boolean;
  /** Returns whether others of its connection remain. */
  end(response: ServerResponse): boolean;
  /** Those under way on a connection, in the order of their requests: several when its client doesn't wait for them. */
  on(socket: Duplex): readonly ServerResponse[];
  /**
   * Whether the client at the other end waits for this service: its request has arrived, its answer isn't complete, and it has
   * read what there is of it.
   */
  isWaiting(socket: Duplex): boolean;
}

const none: readonly ServerResponse[] = [];

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
 * Lists, and no Set for all of them: a Set that answers come to and leave by the thousand makes itself anew again and again,
 * and what it was before points to what it is now, so that the garbage collector keeps the answers of both for long.
 */
export function createInFlightResponses(): InFlightResponses {
  const underWay = new WeakMap<Duplex, ServerResponse[]>();
  const on = (socket: Duplex) => underWay.get(socket) ?? none;
  return {
    begin(response) {
      const { socket } = response.req;
      const answers = underWay.get(socket);
      if (answers !== undefined) return answers.push(response) === 1;
      const first = [response];
      underWay.set(socket, first);
      socket.once('close', () => [...first].forEach(close));
      return true;
    },
    end(response) {
      const answers = underWay.get(response.req.socket);
      if (answers === undefined) return false;
      const place = answers.indexOf(response);
      if (place !== -1) answers.splice(place, 1);
      return answers.length > 0;
    },
    on,
    isWaiting: (socket) =>
      socket.writableLength === 0 && on(socket).some(({ req, writableEnded }) => req.complete && !writableEnded),
  };
}
