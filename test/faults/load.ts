/** Clients that send one operation after another over persistent connections. */
import { type Dispatcher, Pool } from 'undici';

export interface LoadAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
  readonly ms: number;
}

export interface Client {
  /** Posts an operation. */
  execute(query: string, headers?: Readonly<Record<string, string>>, variables?: object): Promise<LoadAnswer>;
  close(): Promise<void>;
}

/** Makes a client of the service on that port, with that many connections at the most. */
export function createClient(port: number, connections: number): Client {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, keepAliveTimeout: 60_000 });
  return {
    async execute(query, headers, variables) {
      const started = performance.now();
      const response = await pool.request({
        method: 'POST',
        path: '/graphql',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.body.text();
      return { status: response.statusCode, headers: response.headers, text, ms: performance.now() - started };
    },
    close: () => pool.destroy(),
  };
}

/** The value below which that share of them is, from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
