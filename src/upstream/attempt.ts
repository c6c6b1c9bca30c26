/** One GET over the wire, read to its end. */
import type { Dispatcher } from 'undici';
import type { Ending } from './ending.ts';
import { toAttemptTimeFault, toNetworkFault, toSizeFault } from './fault.ts';

/** What came back, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty unless the status is 200: nobody reads an error's text. */
  readonly body: Buffer;
}

/** What to send. */
export interface AttemptRequest {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The largest body that is taken, in bytes. */
  readonly maxBytes: number;
  /** How long it may take, in milliseconds. */
  readonly ms: number;
}

/**
 * Sends the request and reads the answer; it can be ended at any point, in the dispatcher's queue too.
 * @throws {Fault} for anything that isn't a whole answer in time; the ending's own reason when it was ended
 */
export function attempt(dispatcher: Dispatcher, request: AttemptRequest, ending: Ending): Promise<Answer> {
  const { origin, path, headers: requestHeaders, maxBytes, ms } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Answer['headers'] = {};
    let size = 0;
    const chunks: Buffer[] = [];
    let left: unknown;

    const leave = (reason: unknown) => {
      left = reason;
      controller?.abort(reason as Error);
      settle();
      reject(reason);
    };
    const end = () => leave(ending.reason);
    const timer = setTimeout(() => leave(toAttemptTimeFault()), ms);
    ending.add(end);
    const settle = () => {
      clearTimeout(timer);
      ending.delete(end);
    };

    dispatcher.dispatch(
      { origin, path, method: 'GET', headers: requestHeaders },
      {
        onRequestStart(started) {
          controller = started;
          if (left !== undefined) started.abort(left as Error);
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          status = statusCode;
          headers = responseHeaders;
        },
        onResponseData(current, chunk) {
          size += chunk.length;
          if (size > maxBytes) current.abort(toSizeFault());
          else if (status === 200) chunks.push(chunk);
        },
        onResponseEnd() {
          settle();
          resolve({ status, headers, body: toBody(chunks) });
        },
        onResponseError(_controller, error) {
          settle();
          reject(left ?? toNetworkFault(error, status === 0));
        },
      },
    );
  });
}

/** Most answers come in one piece, which needn't be copied. */
const toBody = (chunks: readonly Buffer[]): Buffer => (chunks.length === 1 && chunks[0]) || Buffer.concat(chunks);
