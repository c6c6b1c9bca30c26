/** The answers under way, by the connection that each of them goes to. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Answers {
  begin(response: ServerResponse): void;
  end(response: ServerResponse): void;
  /** Those under way on a connection, in the order of their requests: several when its client doesn't wait for them. */
  on(socket: Duplex): readonly ServerResponse[];
}

const none: readonly ServerResponse[] = [];

/**
 * Lists, and no Set for all of them: a Set that answers come to and leave by the thousand makes itself anew again and again,
 * and what it was before points to what it is now, so that the garbage collector keeps the answers of both for long.
 */
export function createAnswers(): Answers {
  const underWay = new WeakMap<Duplex, ServerResponse[]>();
  return {
    begin(response) {
      const { socket } = response.req;
      const answers = underWay.get(socket);
      if (answers === undefined) underWay.set(socket, [response]);
      else answers.push(response);
    },
    end(response) {
      const answers = underWay.get(response.req.socket);
      const place = answers?.indexOf(response) ?? -1;
      if (place !== -1) answers?.splice(place, 1);
    },
    on: (socket) => underWay.get(socket) ?? none,
  };
}
