/** The connections to a provider: HTTP/1.1 by undici, each for one credential and one request at a time. */
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import type { UpstreamLimits } from '../core/limits.ts';

/** What goes over a connection, one at a time. */
export interface PoolClient {
  /** The digest of the credential that it is sent with. */
  readonly credential: string;
  /** Sets out on the connection, which is its own until it is given back; false when it doesn't go any more. */
  start(connection: Connection): boolean;
}

export interface Pool {
  /** Lets it go as soon as there is a connection. */
  take(client: PoolClient): void;
  /** For the next one. */
  give(connection: Connection): void;
  /** Ends them all, each once its answer has come. */
  close(): Promise<void>;
}

/**
 * A connection carries calls of one credential only. What a provider sends behind a response may arrive at any time, and then
 * it would be the response to the next call, which must not be another tenant's. Where all connections are in use or belong to
 * others, the one that has been free longest is closed for a new one.
 *
 * The last connection of a credential that has become free is the next one that is taken, so that no more are held than are
 * needed. undici's own Pool looks through all of them, twice a call.
 */
export function createPool(origin: string, { maxConcurrentCalls, connectTimeoutMs }: UpstreamLimits): Pool {
  const connect = createConnector(connectTimeoutMs);
  const url = withFixedOrigin(new URL(origin));
  const all = new Set<Connection>();
  /** The one that has been free longest is the first. */
  const free: Connection[] = [];
  /** While connections are still busy with what has been given up. */
  const waiting: PoolClient[] = [];

  const takeFree = (credential: string): Connection | undefined => {
    for (let place = free.length - 1; place >= 0; place--)
      if (free[place]?.credential === credential) return free.splice(place, 1)[0];
    return undefined;
  };

  const add = (credential: string): Connection | undefined => {
    if (all.size >= maxConcurrentCalls && !closeOne()) return undefined;
    const connection = new Connection(url, connect, credential);
    all.add(connection);
    return connection;
  };

  /** Closes the connection that has been free longest; false where none is free. */
  const closeOne = (): boolean => {
    const connection = free.shift();
    if (connection === undefined) return false;
    all.delete(connection);
    void connection.close();
    return true;
  };

  const take = (client: PoolClient) => {
    const connection = takeFree(client.credential) ?? add(client.credential);
    if (connection === undefined) waiting.push(client);
    else if (!client.start(connection)) free.push(connection);
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
      // Not at once: undici is still closing the connection before, and an error would end the new calls too.
      if (waiting.length > 0) queueMicrotask(goOn);
    },
    async close() {
      await Promise.all([...all].map((connection) => connection.close()));
    },
  };
}

/** undici reads both at each call, and a URL assembles them each time. */
function withFixedOrigin(url: URL): URL {
  return Object.defineProperties(url, { origin: { value: url.origin }, protocol: { value: url.protocol } });
}

/** Opens sockets. One a provider, as it remembers TLS sessions. */
export type Connector = ReturnType<typeof buildConnector>;

/** One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side. */
const allowH2 = false;

/** @param connectTimeoutMs the maximum time that it takes to open a socket, in milliseconds */
export const createConnector = (connectTimeoutMs: number): Connector =>
  // Said here, where no variable of the environment switches it off.
  buildConnector({ allowH2, timeout: connectTimeoutMs, rejectUnauthorized: true });

/** A connection to a provider, opened when it is first used, and again when it has ended. One request at a time. */
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

/**
 * Follows the bytes of a connection, from each request to the status of its final response. A client has to expect interim
 * responses (1xx) before that, even if it requested none (RFC 9110, 15.2). undici skips them, but closes the connection at a 100
 * (Continue). So the status of a 100 is changed to 102 (Processing) in the bytes that undici reads: the length stays the same, and
 * the parser alone decides where a head ends.
 */
export class InterimResponses {
  /** How many bytes of a status line have been read, up to the end of its status; {@link inHead} behind that. */
  #place = 0;
  #isFinal = false;
  #isHundred = false;
  /** Whether nothing of the header line has been read; the rest of the status line counts as one. */
  #isLineEmpty = false;

  /** Watches what is read from the socket. One response at a time comes over it. */
  constructor(socket: Socket) {
    const read = socket.read;
    socket.read = (size) => {
      const chunk: Buffer | null = read.call(socket, size);
      if (chunk !== null && !this.#isFinal) this.#look(chunk);
      return chunk;
    };
  }

  /** A request is sent: what is read next begins with a status line. */
  expect(): void {
    this.#place = 0;
    this.#isFinal = false;
  }

  #look(chunk: Buffer): void {
    // As it is nearly always: the beginning of a final response.
    if (this.#place === 0 && chunk[0] === capitalH && chunk.length > classPlace && chunk[classPlace] !== one)
      this.#isFinal = true;
    else this.#follow(chunk);
  }

  #follow(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isFinal; at++) {
      const byte = chunk[at];
      if (this.#place === inHead) this.#followHead(byte);
      // The parser skips empty lines before a status line.
      else if (this.#place > 0 || (byte !== lineFeed && byte !== carriageReturn)) {
        if (this.#place === classPlace) this.#isFinal = byte !== one;
        else if (this.#place === classPlace + 1) this.#isHundred = byte === zero;
        else if (this.#place === classPlace + 2 && this.#isHundred && byte === zero) chunk[at] = two;
        if (++this.#place === inHead) this.#isLineEmpty = false;
      }
    }
  }

  #followHead(byte: number | undefined): void {
    if (byte === lineFeed) {
      if (this.#isLineEmpty) this.#place = 0;
      this.#isLineEmpty = true;
    } else if (byte !== carriageReturn) this.#isLineEmpty = false;
  }
}

/** Where the first digit of the status is: `HTTP/1.1 200`. */
const classPlace = 9;
const inHead = classPlace + 3;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const capitalH = 0x48;
const zero = 0x30;
const one = 0x31;
const two = 0x32;
