/** The upstream client by undici, at its two levels. */
import { type Dispatcher, Pool } from 'undici';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { connections, upstreamUrl } from './environment.ts';

/** The answer to the question for a run, as it came. */
export type GetBytes = (key: MonitorRunKey) => Promise<Buffer>;
/** The answer, parsed. */
export type GetBody = (key: MonitorRunKey) => Promise<unknown>;

const headers = { authorization: 'Bearer key', accept: 'application/json' };

const toPath = ({ provider, monitorId, runId }: MonitorRunKey) =>
  `/${provider === 'DATAFOLD' ? 'api/v1' : 'v1'}/monitors/${monitorId}/runs/${runId}`;

/** By `Pool.request`, as undici's own guide has it. */
export function createRequestClient(): GetBody {
  const pool = new Pool(upstreamUrl, { connections });
  return async (key) => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: toPath(key), headers });
    if (statusCode !== 200) throw new Error(`The upstream answered ${statusCode}`);
    return body.json();
  };
}

/** By `Pool.dispatch`, which costs least. */
export function createDispatchClient(): GetBytes {
  const pool = new Pool(upstreamUrl, { connections });
  return (key) =>
    new Promise((resolve, reject) => {
      pool.dispatch({ method: 'GET', path: toPath(key), headers }, new Collector(resolve, reject));
    });
}

/** The same, parsed. */
export function createParsingDispatchClient(): GetBody {
  const getBytes = createDispatchClient();
  return async (key) => JSON.parse((await getBytes(key)).toString());
}

/** Takes an answer's bytes. A class, as methods of a prototype cost nothing per call. */
class Collector implements Dispatcher.DispatchHandler {
  private readonly chunks: Buffer[] = [];
  private readonly resolve: (bytes: Buffer) => void;
  private readonly reject: (error: Error) => void;

  constructor(resolve: (bytes: Buffer) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode !== 200) controller.abort(new Error(`The upstream answered ${statusCode}`));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.chunks;
    this.resolve(this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}
