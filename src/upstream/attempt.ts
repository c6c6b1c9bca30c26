/** One GET over the wire, read to its end. */
import type { Dispatcher } from 'undici';
import type { Ending } from './ending.ts';
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
 * Sends the request and reads the answer; it can be ended at any point, in the dispatcher's queue too.
 * @throws {Fault} for anything that isn't a whole answer; the ending's own reason when it was ended
 */
export function attempt(dispatcher: Dispatcher, request: AttemptRequest, ending: Ending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Answer['headers'] = {};
    let size = 0;
    const chunks: Buffer[] = [];

    const fail = (error: unknown) => {
      ending.delete(leave);
      reject(error);
    };
    const leave = () => {
      controller?.abort(ending.reason as Error);
      fail(ending.reason);
    };
    ending.add(leave);

    dispatcher.dispatch(
      { origin: request.origin, path: request.path, method: 'GET', headers: request.headers },
      {
        onRequestStart(started) {
          controller = started;
          if (ending.reason !== undefined) started.abort(ending.reason as Error);
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
          ending.delete(leave);
          resolve({ status, headers, body: Buffer.concat(chunks, status === 200 ? size : 0) });
        },
        onResponseError(_controller, error) {
          fail(ending.reason ?? toNetworkFault(error, status === 0));
        },
      },
    );
  });
}
