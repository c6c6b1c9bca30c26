/** The connections to a provider. */
import type { UpstreamLimits } from '../core/limits.ts';
import { Connection, createConnector } from './connection.ts';

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
