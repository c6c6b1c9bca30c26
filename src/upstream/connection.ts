/** A connection to a provider, opened when it is first used, and again when it has ended. One request at a time. */
import { buildConnector, Client, type Dispatcher, type errors } from 'undici';
import { InterimResponses } from './interim-responses.ts';

/** Opens sockets. One a provider, as it remembers TLS sessions. */
export type Connector = ReturnType<typeof buildConnector>;

/** One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side. */
const allowH2 = false;

/** @param connectTimeoutMs the maximum time that it takes to open a socket, in milliseconds */
export const createConnector = (connectTimeoutMs: number): Connector =>
  // Said here, where no variable of the environment switches it off.
  buildConnector({ allowH2, timeout: connectTimeoutMs, rejectUnauthorized: true });

export class Connection {
  readonly #client: Client;
  /** The digest of the credential whose calls it carries. */
  readonly credential: string;
  /** Of its socket, once there is one. */
  #interim: InterimResponses | undefined;

  constructor(url: URL, connect: Connector, credential: string) {
    this.credential = credential;
    this.#client = new Client(url, {
      allowH2,
      connect: (options, callback) => {
        connect(options, (...[error, socket]) => {
          if (error !== null) return callback(error, null);
          // A socket's own errors don't tell how far it had come; those that undici makes do.
          socket.on('error', (error) => Object.assign(error, { socket: { bytesRead: socket.bytesRead } }));
          this.#interim = new InterimResponses(socket);
          callback(null, socket);
        });
      },
      keepAliveTimeout: 4_000,
      // The deadlines end every call: undici's own timers would only be started and stopped for each.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Sends a request, once the socket is open. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#interim?.expect();
    this.#client.dispatch(options, handler);
  }

  /** Ends it once the response in flight, if there is one, has come. */
  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Whether it is the end of a connection that had carried responses before. */
export function isEndOfUsedConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { socket } = error as Partial<errors.SocketError>;
  return (socket?.bytesRead ?? 0) > 0;
}
