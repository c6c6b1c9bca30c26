/** The connections to a provider. */
import { buildConnector, Client, type errors } from 'undici';
import type { UpstreamLimits } from '../limits.ts';

/** What goes over a connection, one at a time. */
export interface Passenger {
  /** Sets out on the connection, which is its own until it is given back; false when it doesn't go any more. */
  board(connection: Client): boolean;
}

export interface Pool {
  /** Lets it go as soon as there is a connection. */
  take(passenger: Passenger): void;
  /** For the next one. */
  give(connection: Client): void;
  /** Ends them all, each once its answer has come. */
  close(): Promise<void>;
}

/**
 * The last connection that has become free is the next one that is taken, so that no more are held than are needed. undici's
 * own Pool looks through all of them, twice a call.
 */
export function createPool(origin: string, { maxInFlight, connectMs }: UpstreamLimits): Pool {
  // One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side.
  const allowH2 = false;
  // Said here, where no variable of the environment switches it off.
  const connect = buildConnector({ allowH2, timeout: connectMs, rejectUnauthorized: true });
  const settings: Client.Options = {
    allowH2,
    connect(options, callback) {
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        // A socket's own errors don't tell how far it had come; those that undici makes do.
        socket.on('error', (error) => Object.assign(error, { socket: { bytesRead: socket.bytesRead } }));
        callback(null, socket);
      });
    },
    keepAliveTimeout: 4_000,
    // The deadlines end every call: undici's own timers would only be started and stopped for each.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const url = withFixedOrigin(new URL(origin));
  const all: Client[] = [];
  const free: Client[] = [];
  /** While connections are still busy with what has been given up. */
  const waiting: Passenger[] = [];

  const add = (): Client | undefined => {
    if (all.length >= maxInFlight) return undefined;
    const connection = new Client(url, settings);
    all.push(connection);
    return connection;
  };

  const take = (passenger: Passenger) => {
    const connection = free.pop() ?? add();
    if (connection === undefined) waiting.push(passenger);
    else if (!passenger.board(connection)) free.push(connection);
  };
  const goOn = () => {
    while (free.length > 0) {
      const next = waiting.shift();
      if (next === undefined) return;
      take(next);
    }
  };

  return {
    take,
    give(connection) {
      free.push(connection);
      // Not at once: undici is still ending what went before, and an error would take along what comes now.
      if (waiting.length > 0) queueMicrotask(goOn);
    },
    async close() {
      await Promise.all(all.map((connection) => connection.close()));
    },
  };
}

/** undici asks for both at each call, and a URL puts them together anew each time. */
function withFixedOrigin(url: URL): URL {
  return Object.defineProperties(url, { origin: { value: url.origin }, protocol: { value: url.protocol } });
}

/** Whether it is the end of a connection that had carried answers before. */
export function isEndOfUsedConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { socket } = error as Partial<errors.SocketError>;
  return (socket?.bytesRead ?? 0) > 0;
}
