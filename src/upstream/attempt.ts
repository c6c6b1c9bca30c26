/** One GET over the wire, read to its end. */
import type { Dispatcher } from 'undici';
import { toNetworkFault, toSizeFault } from './fault.ts';

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
}

/**
 * Sends the request and reads the answer; the signal ends it at any point, in the dispatcher's queue too.
 * @throws {Fault} for anything that isn't a whole answer; the signal's own reason when it ended the attempt
 */
export function attempt(dispatcher: Dispatcher, request: AttemptRequest, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Answer['headers'] = {};
    let size = 0;
    const chunks: Buffer[] = [];

    const fail = (error: Error) => {
      signal.removeEventListener('abort', leave);
      reject(error);
    };
    const leave = () => {
      controller?.abort(signal.reason);
      fail(signal.reason);
    };
    signal.addEventListener('abort', leave);

    dispatcher.dispatch(
      { origin: request.origin, path: request.path, method: 'GET', headers: request.headers },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) started.abort(signal.reason);
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          status = statusCode;
          headers = responseHeaders;
        },
        onResponseData(current, chunk) {
          size += chunk.length;
          if (size > request.maxBytes) current.abort(toSizeFault('size'));
          else if (status === 200) chunks.push(chunk);
        },
        onResponseEnd() {
          signal.removeEventListener('abort', leave);
          resolve({ status, headers, body: Buffer.concat(chunks, status === 200 ? size : 0) });
        },
        onResponseError(_controller, error) {
          fail(signal.aborted ? signal.reason : toNetworkFault(error, status === 0));
        },
      },
    );
  });
}
