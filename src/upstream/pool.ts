/** The connections to a provider. */
import type { UpstreamLimits } from '../core/limits.ts';
import { Connection, createConnector } from './connection.ts';

/** What goes over a connection, one at a time. */
export interface PoolClient {
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
 * The last connection that has become free is the next one that is taken, so that no more are held than are needed. undici's
 * own Pool looks through all of them, twice a call.
 */
export function createPool(origin: string, { maxConcurrentCalls, connectTimeoutMs }: UpstreamLimits): Pool {
  const connect = createConnector(connectTimeoutMs);
  const url = withFixedOrigin(new URL(origin));
  const all: Connection[] = [];
  const free: Connection[] = [];
  /** While connections are still busy with what has been given up. */
  const waiting: PoolClient[] = [];

  const add = (): Connection | undefined => {
    if (all.length >= maxConcurrentCalls) return undefined;
    const connection = new Connection(url, connect);
    all.push(connection);
    return connection;
  };

  const take = (client: PoolClient) => {
    const connection = free.pop() ?? add();
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
